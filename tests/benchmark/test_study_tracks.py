"""The papers' further studies as tracks, against the authors' grid of experiments."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from benchmark.cli.main import main
from benchmark.submission.spec import describe
from benchmark.tracks import Track, experiments, load_track
from nnactive.data.cards import load_card
from nnactive.errors import UserError
from nnactive.settings import Setting

FACTS = Path(__file__).resolve().parents[3] / "shared" / "spec" / "datasets.yaml"
METHODS = {
    "random": "random",
    "random-label": "random_fg66",
    "random-label2": "random_fg33",
    "pred_entropy": "predictive_entropy",
    "mutual_information": "bald",
    "power_bald": "power_bald",
    "power_bald_b5": "power_bald,beta=5",
    "power_bald_b10": "power_bald,beta=10",
    "power_bald_b20": "power_bald,beta=20",
    "power_bald_b40": "power_bald,beta=40",
    "power_pe": "power_pe",
    "softrank_bald": "softrank_bald",
    "class_pe66": "cla_pe_66",
    "class_power_pe66_exp": "clasp_pe",
}
"""Ours by the authors' name."""
P1 = {
    *("random", "random_fg33", "random_fg66", "predictive_entropy"),
    *("bald", "power_bald", "softrank_bald", "power_pe"),
}
NARROWED = """
name: mine
title: Mine
description: Of my own.
comparable: false
seeds: [3, 4]
methods: [random, "power_bald,beta=5.0", bald]
settings:
  - dataset: hippocampus
    regime: low
    methods: [random, bald]
  - dataset: hippocampus
    regime: high
"""


def grid() -> list[dict[str, Any]]:
    if not FACTS.is_file():
        pytest.skip("the facts are not at ../shared/spec")
    return [
        row
        for row in yaml.safe_load(FACTS.read_text())["experiment_grid"]
        if row["patch"][0] != 1000  # whole images, which no paper reports
    ]


def as_in_the_grid(row: dict[str, Any]) -> dict[str, Any]:
    stride = json.loads(row["agg_stride"])
    return {
        "query_size": row["qs"],
        "loops": row["steps"],
        "stride": tuple(stride) if isinstance(stride, list) else (stride,) * 3,
        "candidates": row["n_patch_per_image"],
        "epochs": 500 if row["trainer"].endswith("500epochs") else 200,
        "mirror": "NoMirroring" not in row["trainer"],
        "test_mirror": not row["no_tta"],
        "test_tile_step": row["pred_tile_step"],
        "seeds": tuple(row["seeds"]),
    }


def ours(track: Track, setting: Setting) -> dict[str, Any]:
    return {
        "query_size": setting.query_size,
        "loops": setting.loops,
        "stride": setting.stride,
        "candidates": setting.candidates,
        "epochs": setting.training.epochs,
        "mirror": setting.training.mirror,
        "test_mirror": setting.inference.test_mirror,
        "test_tile_step": setting.inference.test_tile_step,
        "seeds": track.seeds,
    }


def of_setting(setting: Setting, **where: object) -> Iterator[dict[str, Any]]:
    """The authors' rows of a setting, whatever their candidates."""
    dataset = load_card(setting.dataset).nnunet_name
    for row in grid():
        known = as_in_the_grid(row)
        same = (row["dataset"], tuple(row["patch"]), row["sbs"], row["qs"], known["epochs"]) == (
            *(dataset, setting.patch_size, setting.starting_budget, setting.query_size),
            setting.training.epochs,
        )
        if same and all(row[key] == value for key, value in where.items()):
            yield row


def strategies(row: dict[str, Any]) -> set[str]:
    return {METHODS[name] for name in row["strategies"] if name in METHODS}


@pytest.mark.parametrize("name", ["query_size", "training_length", "noise", "precomputed"])
def test_every_setting_of_a_study_is_in_the_authors_grid(name) -> None:
    track = load_track(name)
    taken = name == "precomputed"
    for setting in track.settings:
        wanted = ours(track, setting)
        if taken:
            # Nothing is queried: the authors' number there was never used, ours is that of main.
            wanted["candidates"] = setting.query_size
        rows = [
            row
            for row in of_setting(setting, precomputed=taken)
            if as_in_the_grid(row) == wanted and strategies(row)
        ]
        assert len(rows) == 1, setting.name


@pytest.mark.parametrize(
    ("name", "settings", "experiments_per_seed", "trainings"),
    [
        # 4 seeds x 5 folds x (1 + later loops x methods), by setting.
        ("query_size", 18, 144, 20 * 6 * (3 + (8 + 4 + 2) * 8)),
        ("training_length", 5, 40, 20 * (5 + 4 * 40)),
        ("precomputed", 4, 32, 20 * (4 + 4 * 32)),
        ("noise", 9, 54, 20 * (9 + 4 * 54)),
    ],
)
def test_the_studies_have_their_size(name, settings, experiments_per_seed, trainings) -> None:
    track = load_track(name)
    assert len(track.settings) == settings
    assert track.experiments_per_seed == experiments_per_seed
    assert track.trainings == trainings
    ids = [describe(text).record.id for text in track.methods]
    assert len(list(experiments(track, ids))) == experiments_per_seed * len(track.seeds)


def test_three_query_sizes_share_starting_budget_and_total() -> None:
    by_place: dict[tuple[str, str], list[Setting]] = {}
    for setting in load_track("query_size").settings:
        by_place.setdefault((setting.dataset, setting.regime), []).append(setting)
    assert len(by_place) == 6
    main_study = load_track("main").settings
    for half, usual, double in by_place.values():
        assert usual in main_study
        assert (half.loops, usual.loops, double.loops) == (9, 5, 3)
        assert half.query_size * 4 == usual.query_size * 2 == double.query_size
        assert len({s.starting_budget for s in (half, usual, double)}) == 1
        totals = {s.starting_budget + (s.loops - 1) * s.query_size for s in (half, usual, double)}
        assert len(totals) == 1


def test_longer_training_is_asked_for_by_setting() -> None:
    track = load_track("training_length")
    asked = {s.name: set(track.asked(s.name, track.methods)) for s in track.settings}
    more = {"cla_pe_66", "clasp_pe"}
    assert asked["amos_low"] == {"random_fg33", "random_fg66", *more}
    assert asked["amos_medium"] == asked["amos_high"] == P1 | more
    assert asked["kits_medium"] == asked["kits_high"] == P1
    assert track.part(dataset="kits", regime="high").left_out == {
        "kits_high": ("cla_pe_66", "clasp_pe")
    }


def test_precomputed_takes_the_queries_of_settings_that_main_has() -> None:
    main_study = {setting.name: setting for setting in load_track("main").settings}
    track = load_track("precomputed")
    assert track.taken_from == "main"
    for setting in track.settings:
        source = main_study[setting.name]
        changed = {"queries": None, "training": source.training}
        assert setting.model_copy(update=changed) == source
    assert set(track.methods) <= set(load_track("main").methods)


def test_beta_1_and_inf_of_the_noise_study_have_the_candidates_of_the_others() -> None:
    """The authors ran them in main, with 20 candidates an image, and the others with as many as a
    query has patches."""
    for setting in load_track("noise").settings:
        (others,) = [row for row in of_setting(setting) if "power_bald_b5" in row["strategies"]]
        assert others["n_patch_per_image"] == setting.candidates == setting.query_size
        (first,) = [row for row in of_setting(setting) if "power_bald" in row["strategies"]]
        assert first["n_patch_per_image"] == 20


def write(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    return str(path)


def test_a_setting_may_leave_methods_out_but_no_new_one(tmp_path) -> None:
    track = load_track(write(tmp_path, NARROWED))
    assert track.left_out == {"hippocampus_low": ("power_bald,beta=5",)}
    ids = ("random", "power_bald,beta=5", "Mine-12345678")
    low = [each.method for each in experiments(track, ids) if each.setting == "hippocampus_low"]
    assert low == ["random"] * 2 + ["Mine-12345678"] * 2
    assert track.experiments_per_seed == 5
    # 2 seeds x 5 folds x (2 first loops + 4 later ones x 5).
    assert (track.trainings, track.trainings_unshared) == (2 * 5 * 22, 2 * 5 * 25)


def test_a_track_without_such_settings_is_written_as_before() -> None:
    assert "left_out" not in load_track("main").model_dump()
    assert all("queries" not in each.model_dump() for each in load_track("main").settings)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("[random, bald]", "[random, blad]"), "'settings.0.methods': 'blad' isn't one of the"),
        (("[random, bald]", "[]"), "field 'settings.0.methods'"),
        (
            ('methods: [random, "power_bald,beta=5.0", bald]', "methods: [typiclust]"),
            "'settings.0.methods'",
        ),
        (("regime: high", "regime: high\n    queries: {track: Main!}"), "queries.track"),
    ],
)
def test_wrong_methods_of_a_setting_are_refused(tmp_path, change, message) -> None:
    with pytest.raises(UserError, match=message):
        load_track(write(tmp_path, NARROWED.replace(*change)))


def test_queries_that_cannot_be_halved_are_refused(tmp_path) -> None:
    text = (
        NARROWED[: NARROWED.index("settings:")]
        + "cards:\n  - datasets: [toothfairy2]\n    regimes: [rollout]\n    query: double\n"
    )
    (setting,) = load_track(write(tmp_path, text)).settings
    assert (setting.name, setting.loops) == ("toothfairy2_rollout_query_double", 3)
    card = load_card("toothfairy2")
    assert setting.query_size == 2 * card.budgets["rollout"].query


def test_show_says_what_a_setting_leaves_out_and_takes(capsys) -> None:
    assert main(["track", "show", "training_length"]) == 0
    shown = capsys.readouterr().out
    assert "not in kits_high: cla_pe_66, clasp_pe" in shown
    assert "experiments: 40 per seed, 160 in total" in shown
    assert main(["track", "show", "precomputed"]) == 0
    assert "queries of" in capsys.readouterr().out


def test_the_list_is_no_product_where_settings_leave_out_methods(capsys) -> None:
    assert main(["track", "list"]) == 0
    rows = capsys.readouterr().out.splitlines()
    (row,) = (line for line in rows if line.startswith("training_length"))
    assert "5 x 4-10 x 4" in row
    assert row.split()[-2] == "160"
    (row,) = (line for line in rows if line.startswith("main"))
    assert "12 x 12 x 4" in row
