import csv
from pathlib import Path

import pytest

from leaderboard import published
from leaderboard.assemble.league import make_league
from leaderboard.assemble.sources.printed import printed_source
from leaderboard.model import League
from leaderboard.published import studies

SOURCE = Path(published.__file__).parent / "results.csv"


@pytest.fixture(scope="module")
def leagues() -> dict[str, League]:
    return {study.name: make_league(printed_source(study)) for study in studies()}


def cells(league):
    """Mean and spread by setting, method and column."""
    ids = {entrant.key: entrant.id for entrant in league.entrants}
    return {
        (setting.name, ids[row.entrant], name): value
        for setting in league.settings
        for row in setting.rows
        for name, value in row.values.items()
        if value.mean is not None and name in {"aubc", "final_dice", "fg_eff"}
    }


def test_the_main_studies_figures_stand_as_printed(leagues):
    with SOURCE.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["preferred"] == "1"]
    found = cells(leagues["full"])
    expected = {
        (
            f"{row['dataset']}_{row['regime']}" + "_half" * (row["study"] == "patch_half"),
            row["method"],
            row["metric"],
        ): (float(row["mean"]), float(row["spread"]))
        for row in rows
        if row["study"] in {"main", "patch_half"}
    }
    assert len(expected) == 3 * (12 * 12 + 12 * 9)
    assert {key: (value.mean, value.spread) for key, value in found.items()} == expected


def test_nine_methods_are_ranked_over_24_settings_and_twelve_over_the_query_patch(leagues):
    league = leagues["full"]
    assert len(league.views[0].settings) == 24
    assert sum(row.rank is not None for row in league.views[0].rows) == 9
    assert league.views[0].ranked_by == "score"
    (main,) = (
        view
        for view in league.views
        if (view.dataset, view.regime, view.patch) == (None, None, "query patch")
    )
    assert len(main.settings) == 12
    assert sum(row.rank is not None for row in main.rows) == 12
    usual = [view for view in league.views if not view.by]
    several = [view for view in usual if "," in f"{view.dataset} {view.regime}"]
    # Two or three of the four datasets, two of the three regimes.
    assert len(several) == (6 + 4) + 3
    assert len(usual) - len(several) == (4 + 1) * (3 + 1) * (2 + 1)


def test_means_over_settings_by_hand(leagues):
    """An independent computation from the file: mean of 24 means, 1.96 / 24 sqrt(sum s^2 / 4)."""
    league = leagues["full"]
    with SOURCE.open(encoding="utf-8") as file:
        rows = [
            row
            for row in csv.DictReader(file)
            if row["preferred"] == "1"
            and row["study"] in {"main", "patch_half"}
            and (row["method"], row["metric"]) == ("clasp_pe", "aubc")
        ]
    means = [float(row["mean"]) for row in rows]
    half = 1.96 / 24 * sum(float(row["spread"]) ** 2 / 4 for row in rows) ** 0.5
    (key,) = (entrant.key for entrant in league.entrants if entrant.id == "clasp_pe")
    (row,) = (row for row in league.views[0].rows if row.entrant == key)
    value = row.values["aubc"]
    assert value.mean == pytest.approx(sum(means) / 24)
    assert value.high - value.mean == pytest.approx(half)


def test_what_needs_single_seeds_says_so(leagues):
    league = leagues["rollout"]
    row = league.views[0].rows[0]
    for name in ("ppm_wins", "ppm_losses"):
        assert "single seeds" in row.values[name].reason
    assert "single seeds" in row.rank_reason
    assert row.rank == 1
    assert "single seeds" in league.relations.penalties.reason
    assert row.values["mean_rank"].mean == 1.25


def test_published_entrants_say_what_they_are(leagues):
    by_id = {entrant.id: entrant for entrant in leagues["full"].entrants}
    assert by_id["random_fg66"].badges == ("published", "oracle")
    assert by_id["cla_pe_33"].badges == ("published", "incomplete")
    assert by_id["clasp_pe"].reference.startswith("Lüth et al. 2026")
    assert by_id["clasp_pe"].description
    assert {entrant.command for entrant in by_id.values()} == {""}
    noise = leagues["noise"].entrants
    assert {entrant.name for entrant in noise} >= {"PowerBALD, beta = 5", "PowerBALD, beta = inf"}
    assert dict(noise[0].parameters) == {"beta": "1"}


def test_leagues_are_kept_apart_and_carry_their_notes(leagues):
    assert {league.group for league in leagues.values()} == {"published"}
    assert len({league.key for league in leagues.values()}) == 8
    keys = [entrant.key for league in leagues.values() for entrant in league.entrants]
    assert len(keys) == len(set(keys))
    assert any("WORD" in note for note in leagues["rollout"].notes)
    assert leagues["training_500"].epochs == 500


def test_the_efficiency_of_a_single_setting_has_the_variances_root_in_its_interval(leagues):
    value = cells(leagues["rollout"])["lits_rollout", "random", "fg_eff"]
    half = 3.182446 * value.spread**0.5  # Student's quantile with 3 degrees of freedom
    assert (value.low, value.high) == pytest.approx((value.mean - half, value.mean + half))


def test_the_score_follows_from_the_printed_figures_and_the_estimated_start(leagues):
    """An independent computation for one cell: ClaSP PE in KiTS, medium."""
    (study,) = (study for study in studies() if study.name == "full")
    (about,) = (setting for setting in study.settings if setting.name == "kits_medium")
    league = leagues["full"]
    ids = {entrant.key: entrant.id for entrant in league.entrants}
    (setting,) = (setting for setting in league.settings if setting.name == "kits_medium")
    (row,) = (row for row in setting.rows if ids[row.entrant] == "clasp_pe")
    (aubc,) = (
        row
        for row in study.rows
        if (row.setting, row.method, row.metric) == ("kits_medium", "clasp_pe", "aubc")
    )
    start, full = 100 * about.start_dice, 100 * about.full_data_dice
    value = row.values["score"]
    assert value.mean == pytest.approx(100 * (aubc.mean - start) / (full - start))
    assert value.spread == pytest.approx(100 * aubc.spread / (full - start))
    half = 3.182446 * value.spread / 2
    assert (value.low, value.high) == pytest.approx((value.mean - half, value.mean + half))
    assert "estimated" in league.notes[0]


def test_all_query_sizes_of_a_setting_share_its_start():
    by_study = {
        study.name: {setting.name: setting.start_dice for setting in study.settings}
        for study in studies()
    }
    for name in ("query_size_half", "query_size_same", "query_size_double", "noise"):
        assert by_study[name].items() <= by_study["full"].items()
    assert by_study["precomputed"].items() <= by_study["training_500"].items()
    longer, usual = by_study["training_500"], by_study["full"]
    assert all(longer[name] > usual[name] for name in longer)
    assert all(
        start is not None and 0 < start < setting.full_data_dice
        for study in studies()
        for setting in study.settings
        for start in [setting.start_dice]
    )
