import re

import pytest

from leaderboard.published import Study, bibliography, rows, studies, used

STUDIES = {study.name: study for study in studies()}


def cell(study: Study, setting: str, method: str, metric: str, params: str = "") -> tuple:
    (found,) = [
        (row.mean, row.spread, row.spread_kind)
        for row in study.rows
        if (row.setting, row.method, row.metric, row.params) == (setting, method, metric, params)
    ]
    return found


def test_every_value_belongs_to_one_study():
    lines = [row.line for study in studies() for row in study.rows]
    assert sorted(lines) == [row.line for row in used(rows())]


@pytest.mark.parametrize("study", studies(), ids=lambda study: study.name)
def test_every_row_has_its_setting_and_the_training_of_its_study(study):
    names = [setting.name for setting in study.settings]
    assert len(set(names)) == len(names)
    assert {row.setting for row in study.rows} == set(names)
    assert {row.epochs for row in study.rows} == {study.epochs}
    for setting in study.settings:
        assert all(
            (row.dataset, row.regime) == (setting.measured.dataset, setting.measured.regime)
            for row in study.rows
            if row.setting == setting.name
        )
        assert setting.full_data_dice is not None
    assert study.notes
    assert study.seeds == 4


@pytest.mark.parametrize(
    ("name", "settings", "methods", "values"),
    [
        ("full", 24, 12, 756),
        ("rollout", 4, 4, 48),
        ("training_500", 5, 10, 102),
        ("precomputed", 4, 8, 64),
        ("query_size_half", 6, 8, 96),
        ("query_size_same", 6, 8, 96),
        ("query_size_double", 6, 8, 96),
        ("noise", 9, 6, 162),
    ],
)
def test_sizes_of_the_studies(name, settings, methods, values):
    study = STUDIES[name]
    assert len(study.settings) == settings
    assert len({(row.method, row.params) for row in study.rows}) == methods
    assert len(study.rows) == values


def test_values_as_the_papers_print_them():
    assert cell(STUDIES["full"], "acdc_low", "bald", "aubc") == (79.84, 0.59, "std_over_seeds")
    fits = cell(STUDIES["rollout"], "mama_mia_rollout", "clasp_pe", "fg_eff")
    assert fits == (57.36, 407.92, "fit_variance")
    noisy = cell(STUDIES["noise"], "acdc_low", "power_bald", "final_dice", "beta=5")
    assert noisy == (87.29, 0.34, "std_over_seeds")
    bald = cell(STUDIES["query_size_same"], "acdc_high", "bald", "aubc")
    assert bald == (87.54, 0.28, "std_over_seeds")
    # Not preferred, but printed nowhere else.
    random = cell(STUDIES["training_500"], "amos_high", "random", "aubc")
    assert random == (81.31, 0.41, "std_over_seeds")
    assert random == cell(STUDIES["precomputed"], "amos_high", "random", "aubc")
    # Printed twice and different: P2's.
    assert cell(STUDIES["training_500"], "amos_high", "random_fg33", "aubc")[0] == 84.16


def test_facts_of_the_settings():
    full = {setting.name: setting for setting in STUDIES["full"].settings}
    assert full["kits_high"].measured.patch_size == (64, 64, 64)
    assert full["kits_high"].patch_role == "query patch"
    assert full["amos_low_half"].measured.patch_size == (16, 32, 32)
    assert full["amos_low_half"].patch_role == "half patch"
    assert "150 + 4 x 150 patches" not in full["acdc_high"].about
    assert "90 + 4 \N{MULTIPLICATION SIGN} 90 patches" in full["acdc_high"].about


def test_the_three_query_sizes_end_at_the_same_budget():
    for same in zip(
        *(STUDIES[f"query_size_{name}"].settings for name in ("half", "same", "double")),
        strict=True,
    ):
        settings = [each.measured for each in same]
        assert [s.loops for s in settings] == [9, 5, 3]
        assert len({s.starting_budget + (s.loops - 1) * s.query_size for s in settings}) == 1
        assert len({s.starting_budget for s in settings}) == 1


def test_traps_are_named():
    notes = {name: " ".join(study.notes) for name, study in STUDIES.items()}
    assert "wrong full-data Dice" in notes["rollout"]
    assert all("PPMs count loop 0" in text for text in notes.values())
    for name, study in STUDIES.items():
        fitted = any(row.metric == "fg_eff" for row in study.rows)
        assert ("variance of the fit" in notes[name]) == fitted, name


def test_the_bibliography_cites_both_papers():
    text = bibliography()
    assert re.findall(r"forum\?id=(\w+)", text) == ["AJAnmRLJjJ", "UamXueEaYW"]
    assert text.count("{") == text.count("}")
