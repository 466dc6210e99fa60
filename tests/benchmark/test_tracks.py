from pathlib import Path

import pytest

from benchmark.layout import (
    loop_folder,
    member_file,
    query_file,
    result_file,
)
from benchmark.tracks import Experiment, experiments, load_track, track_names
from nnactive.errors import UserError

MINIMAL = """
name: mine
title: Mine
description: Of my own.
comparable: false
seeds: [3, 4]
methods: [random, bald]
settings:
  - dataset: hippocampus
    regime: low
  - dataset: hippocampus
    regime: own
    name: hippocampus_own
    starting_budget: 7
    query_size: 5
    loops: 2
    patch_size: [1, 2, 3]
    training: {folds: 2}
"""


def write(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    return str(path)


def test_settings_take_from_the_card_what_they_leave_out(tmp_path) -> None:
    low, own = load_track(write(tmp_path, MINIMAL)).settings
    assert low.name == "hippocampus_low"
    assert (low.patch_size, low.stride, low.candidates) == ((20, 20, 20), (1, 1, 1), 20)
    # 100 patches in 5 loops: protocol section 2, total budget of the low regime.
    assert (low.starting_budget, low.query_size, low.loops) == (20, 20, 5)
    assert low.training.folds == 5
    assert (own.patch_size, own.stride) == ((1, 2, 3), (1, 1, 1))
    assert (own.starting_budget, own.query_size, own.loops) == (7, 5, 2)


def test_expansion_is_setting_by_method_by_seed(tmp_path) -> None:
    track = load_track(write(tmp_path, MINIMAL))
    listed = list(experiments(track, ("random", "M-12345678")))
    assert len(listed) == len(set(listed)) == 2 * 2 * 2
    assert listed[:3] == [
        Experiment("hippocampus_low", "random", 3),
        Experiment("hippocampus_low", "random", 4),
        Experiment("hippocampus_low", "M-12345678", 3),
    ]
    # 2 seeds x (5 folds x (1 shared loop + 4 x 2 methods) + 2 folds x (1 + 1 x 2)).
    assert track.trainings == 2 * (5 * 9 + 2 * 3)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("seeds: [3, 4]", "seeds: []"), "field 'seeds'"),
        (("seeds: [3, 4]", "seeds: [3, 3]"), "field 'seeds': '3' is listed twice"),
        (("methods: [random, bald]", "methods: random"), "field 'methods'"),
        (("name: mine", "name: ../mine"), "field 'name'"),
        (("name: mine", "colour: red\nname: mine"), "field 'colour'"),
        (("query_size: 5", "query_size: 0"), r"field 'settings.1.query_size'"),
        (("query_size: 5", "querysize: 5"), r"field 'settings.1.querysize'"),
        (("{folds: 2}", "{folds: 1}"), r"field 'settings.1.training.folds'"),
        (("regime: low", "regime: lowest"), "has no regime 'lowest'"),
        (("dataset: hippocampus", "dataset: hypocampus"), "unknown dataset 'hypocampus'"),
        (("name: hippocampus_own", "name: hippocampus_low"), "is listed twice"),
        (("seeds: [3, 4]", "seeds: [3, 4"), "not valid YAML"),
        ((MINIMAL, "- a list"), "field 'content'"),
    ],
)
def test_a_wrong_track_names_file_and_field(tmp_path, change, message) -> None:
    text = MINIMAL.replace(*change, 1)
    assert text != MINIMAL
    with pytest.raises(UserError, match=message) as caught:
        load_track(write(tmp_path, text))
    assert "\n" not in str(caught.value)
    if "dataset '" not in message:
        assert "mine.yaml" in str(caught.value)


def test_an_unknown_track_lists_the_known_ones() -> None:
    with pytest.raises(UserError, match="unknown track 'nope'; known are demo, hippocampus_lite"):
        load_track("nope")
    with pytest.raises(UserError, match=r"nope\.yaml: no such track file"):
        load_track("nope.yaml")


@pytest.mark.parametrize("name", [*track_names(), "tests/e2e/hippocampus_ci.yaml"])
def test_the_tracks_that_come_with_it_are_whole(name, monkeypatch) -> None:
    monkeypatch.chdir(Path(__file__).parents[2])
    track = load_track(name)
    # All of them are cheap so far; cheap ones compare with nothing but themselves.
    assert not track.comparable
    assert all(setting.loops >= 2 for setting in track.settings)


def test_hippocampus_lite_is_the_track_of_the_measured_figures() -> None:
    track = load_track("hippocampus_lite")
    (setting,) = track.settings
    assert setting.patch_size == (20, 20, 20)
    assert (setting.starting_budget, setting.query_size, setting.loops) == (20, 20, 3)
    assert track.seeds == (12345, 12346)
    assert track.methods == ("random", "random_fg66", "predictive_entropy")


def test_loop_0_lies_in_one_place_for_all_methods() -> None:
    one, other = Experiment("s", "random", 1), Experiment("s", "bald", 1)
    assert query_file(one, 0) == query_file(other, 0) == Path("s/start/seed_1/loop_000.json")
    assert loop_folder(one, 0) == loop_folder(other, 0)
    assert query_file(one, 1) == Path("s/random/seed_1/loop_001.json")
    assert member_file(one, 2, 1) == Path("s/random/seed_1/loop_002/fold_1.pth")
    assert result_file(one) != result_file(other)


@pytest.mark.parametrize("name", track_names())
def test_no_track_is_too_short_in_epochs_for_nnunets_learning_rate_to_decay(name) -> None:
    """nnU-Net steps its rate once an epoch; a cheap track may not change that schedule."""
    assert all(setting.training.epochs >= 10 for setting in load_track(name).settings)
