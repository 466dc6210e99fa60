"""How long labelling takes: the rates, their file, and what the board makes of them."""

from pathlib import Path

import pytest
import yaml
from efforts import POOL_EFFORT, effort

from leaderboard.build import load_board
from leaderboard.labelling.estimate import SHIPPED, read_estimate, shipped_estimate
from leaderboard.metrics.fg_eff import fit_fg_eff
from leaderboard.read.facts import facts_of
from nnactive.errors import UserError

ROOT = Path(__file__).parents[2]
RATES = {"image": 60, "slice": 6, "component": 12, "contour_voxel": 0.6}


@pytest.fixture
def rates(tmp_path):
    """A file with rates of one's own."""

    def write(**changes):
        path = tmp_path / "mine.yaml"
        path.write_text(yaml.safe_dump({"schema_version": 1, "seconds": RATES | changes}))
        return path

    return write


def test_minutes_add_up_all_that_is_done(rates):
    # 2 images, 60 slices with foreground and 20 without, 4 + 2 components, 180 + 6 contour voxels.
    found = read_estimate(rates()).minutes(effort(1))
    assert found == pytest.approx(2 + 80 / 10 + 6 / 5 + 186 / 100)


@pytest.mark.parametrize("name", RATES)
def test_every_rate_counts(rates, name):
    before = read_estimate(rates()).minutes(POOL_EFFORT)
    assert read_estimate(rates(**{name: 2 * RATES[name]})).minutes(POOL_EFFORT) > before


def test_every_shipped_rate_has_its_source():
    shipped = shipped_estimate()
    assert set(shipped.sources) == set(RATES)
    assert "doi:" in SHIPPED.read_text()
    assert shipped.sources["image"].startswith("An assumption")


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"slice": -1}, "field 'seconds.slice': Input should be greater than or equal to 0"),
        ({"image": float("inf")}, "field 'seconds.image'"),
        ({"component": "fast"}, "field 'seconds.component'"),
        ({"coffee": 600}, "field 'seconds.coffee'"),
    ],
    ids=["negative", "infinite", "text", "unknown"],
)
def test_a_wrong_file_is_refused_in_one_line(rates, changes, reason):
    path = rates(**changes)
    with pytest.raises(UserError) as error:
        read_estimate(path)
    assert str(error.value).startswith(f"{path}: {reason}")
    assert "\n" not in str(error.value)


def test_a_file_of_a_newer_release_is_refused(tmp_path):
    path = tmp_path / "mine.yaml"
    path.write_text(yaml.safe_dump({"schema_version": 9, "seconds": RATES}))
    with pytest.raises(UserError) as error:
        read_estimate(path)
    assert str(error.value).startswith(f"{path}: schema version 9")


@pytest.mark.parametrize("content", ["", "30\n", "- 30\n"], ids=["empty", "number", "list"])
def test_a_file_without_fields_is_refused_with_the_file_to_copy(tmp_path, content):
    path = tmp_path / "mine.yaml"
    path.write_text(content)
    with pytest.raises(UserError) as error:
        read_estimate(path)
    assert str(error.value).startswith(f"{path}: not a file of rates; ")
    assert (ROOT / str(error.value).split()[-1]).samefile(SHIPPED)


def test_the_board_estimates_by_the_given_rates(store, worked, rates):
    root = store(worked(), worked("bald", dice=(0.5, 0.65, 0.72), more=3))
    path = rates()
    shipped, (mine,) = load_board([root]).leagues[0], load_board([root], effort=path).leagues
    names = {entrant.key: entrant.id for entrant in mine.entrants}
    for league, estimate in ((shipped, shipped_estimate()), (mine, read_estimate(path))):
        rows = {names[row.entrant]: row.values for row in league.views[0].rows}
        assert rows["random"]["minutes"].mean == pytest.approx(estimate.minutes(effort(2)))
        assert rows["bald"]["minutes"].mean == pytest.approx(estimate.minutes(effort(2, 3)))
        assert estimate.note in league.notes
    assert "60 s for each image opened" in mine.notes[-1]


def test_fg_eff_against_work_fits_its_fractions_of_the_pools(league_of, worked):
    result = worked(dice=(0.5, 0.65, 0.72))
    (row,) = league_of(result).settings[0].rows
    shares = [sum(effort(loop).components) / 100 for loop in range(3)]
    fit = fit_fg_eff(shares, [0.5, 0.65, 0.72], shares[0], 0.5, 0.9)
    assert row.values["fg_eff_components"].mean == pytest.approx(fit.gamma)
    images = fit_fg_eff([1 / 12, 2 / 12, 3 / 12], [0.5, 0.65, 0.72], 1 / 12, 0.5, 0.9)
    assert row.values["fg_eff_images"].mean == pytest.approx(images.gamma)


def test_what_was_not_counted_says_so(league_of, full, worked, change):
    (row,) = league_of(full()).settings[0].rows
    assert row.values["images"].reason == "labelling effort was not recorded"
    assert "estimate" not in " ".join(league_of(full()).notes)
    (row,) = league_of(change(worked(), "dataset", pool_effort=None)).settings[0].rows
    assert row.values["images"].mean == 3
    assert "whole pool" in row.values["fg_eff_images"].reason


def test_loops_of_a_query_size_study_keep_their_work(worked):
    from leaderboard.assemble.cells import make_runs

    runs = make_runs([facts_of(worked())])
    assert runs.at((10, 30)).work["images"].tolist() == [[1 / 12, 3 / 12]]


def test_a_card_has_the_work_of_each_loop(league_of, worked, full):
    league = league_of(worked(), worked(seed=2, more=3))
    ((known,),) = league.details.values()
    assert known.labelling["components"] == tuple(
        (sum(effort(loop).components) + sum(effort(loop, 3).components)) / 2 for loop in range(3)
    )
    assert known.labelling["images"] == (1, 2, 3)
    minutes = shipped_estimate().minutes(effort(0))
    assert known.labelling["minutes"][0] == pytest.approx(minutes, abs=5e-4)
    ((unknown,),) = league_of(full()).details.values()
    assert unknown.labelling == {}
