"""The table of spreads, and what counts as chance."""

import numpy as np
import pytest
from toy import make_track

from benchmark.bundles.reproduce.spread import (
    SHIPPED,
    Noise,
    SpreadRow,
    key_of,
    named,
    noise,
    read_table,
    write_table,
)
from benchmark.layout import Experiment
from benchmark.tracks import load_track
from nnactive.errors import UserError
from nnactive.settings import Annotator

SETTING = make_track().settings[0]


def row(patches: int = 20, sd: float = 0.01, n: int = 8, **changes) -> SpreadRow:
    content = {
        **key_of(SETTING),
        "patches": patches,
        "n": n,
        "mean_dice": 0.5,
        "sd": sd,
        "max_difference": 3 * sd,
        "queries": f"s random seed 1 loop {patches}",
        "device": "a processor",
        "date": "2026-11-30",
    }
    return SpreadRow.model_validate(content | changes)


@pytest.mark.parametrize("comparisons", [1, 3])
def test_chance_alone_is_found_in_one_experiment_of_a_hundred(comparisons: int) -> None:
    rng = np.random.default_rng(0)
    draws = rng.normal(0.5, 0.02, (20_000, 8))
    pairs = rng.normal(0.5, 0.02, (20_000, comparisons, 2))
    unit = Noise(1, 7).allowed(comparisons)
    limit = unit * draws.std(axis=1, ddof=1)
    found = np.abs(pairs[..., 0] - pairs[..., 1]).max(axis=1) > limit
    # Three comparisons share one estimate, so together they err a little less than by Bonferroni.
    assert 0.006 < found.mean() < 0.012


def test_of_rows_of_as_many_patches_the_widest_limit_counts() -> None:
    rows = [row(sd=0.01, n=8), row(sd=0.009, n=3), row(sd=0.008, n=30), row(40, sd=0.2)]
    assert noise(rows, SETTING, 20) == Noise(0.009, 2)
    assert noise([rows[0], rows[2]], SETTING, 20) == Noise(0.01, 7)


def test_of_the_shared_start_its_own_row_counts_alone() -> None:
    start = "s start seed 1 loop 0"
    rows = [row(sd=0.01, queries=start), row(sd=0.2, queries="s start seed 2 loop 0")]
    assert noise(rows, SETTING, 20, start) == Noise(0.01, 7)
    assert noise(rows, SETTING, 20, "s start seed 3 loop 0") == Noise(0.2, 7)
    assert noise(rows, SETTING, 20) == Noise(0.2, 7)
    assert named(Experiment("s", "bald", 1), 0) == start


def test_between_two_sizes_the_larger_spread_counts_and_outside_none_is_known() -> None:
    rows = [row(20, sd=0.01), row(60, sd=0.02)]
    between = noise(rows, SETTING, 40)
    assert between is not None
    assert between.sd == 0.02
    assert noise(rows, SETTING, 10) is None
    assert noise(rows, SETTING, 61) is None


@pytest.mark.parametrize(
    "change",
    [
        {"dataset": "acdc"},
        {"epochs": 2},
        {"base_features": 8},
        {"mirror": False},
        {"patch_size": "4x4x5"},
        {"test_mirror": False},
        {"variant": "resenc_m"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_another_dataset_or_training_says_nothing(change: dict[str, object]) -> None:
    assert noise([row()], SETTING, 20) is not None
    assert noise([row(**change)], SETTING, 20) is None


def test_another_network_and_an_annotators_errors_set_trainings_apart() -> None:
    errs = Annotator(
        boundary_sd_mm=1.5, boundary_length_mm=10, missed_share=0.25, missed_below_mm3=1000
    )
    training = SETTING.training.model_copy(update={"network": "resenc_m"})
    other = SETTING.model_copy(update={"training": training, "annotator": errs})
    variant = key_of(other)["variant"]
    assert variant == (
        "resenc_m boundary_sd_mm=1.5 boundary_length_mm=10 missed_share=0.25 missed_below_mm3=1000"
    )
    assert noise([row()], other, 20) is None
    assert noise([row(variant=variant)], other, 20) is not None


def test_a_table_is_read_as_it_was_written(tmp_path) -> None:
    rows = [row(), row(40, base_features=8, batch_size=2, mirror=False)]
    write_table(tmp_path / "t.csv", rows)
    assert read_table(tmp_path / "t.csv") == rows


def test_a_wrong_line_is_named(tmp_path) -> None:
    write_table(tmp_path / "t.csv", [row(), row(40)])
    text = (tmp_path / "t.csv").read_text().replace("0.01", "much", 1)
    (tmp_path / "t.csv").write_text(text)
    with pytest.raises(UserError, match=r"t\.csv, line 2: field 'sd'"):
        read_table(tmp_path / "t.csv")
    with pytest.raises(UserError, match="no_such"):
        read_table(tmp_path / "no_such.csv")


def test_the_shipped_table_has_no_row_of_other_data_of_the_demo() -> None:
    """None has been measured since the phantom changed; a seeded replay needs none."""
    (setting,) = load_track("demo").settings
    rows = read_table(SHIPPED)
    assert SHIPPED.read_text().splitlines()[0] == ",".join(SpreadRow.model_fields)
    assert [each for each in rows if each.dataset == setting.dataset] == []
    assert noise(rows, setting, setting.starting_budget) is None
