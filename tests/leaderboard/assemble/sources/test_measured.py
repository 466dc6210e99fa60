import pytest

from leaderboard.assemble.sources.measured import patch_role, sizes
from leaderboard.page import render
from leaderboard.payload import board_json
from nnactive.geometry import slice_size

TIMES = "\N{MULTIPLICATION SIGN}"


def test_a_setting_says_what_was_run(full, league_of):
    (setting,) = league_of(full("a", 1), full("a", 2)).settings
    assert (setting.name, setting.dataset, setting.regime, setting.epochs) == (
        "phantom_tiny",
        "phantom",
        "tiny",
        200,
    )
    assert setting.patch == sizes((4, 4, 4)) == f"4 {TIMES} 4 {TIMES} 4"
    assert setting.seeds == (1, 2)
    assert setting.full_data.mean == pytest.approx(90)
    text = "; ".join(setting.about)
    for part in (
        "12 cases in the pool, 2 in the test set (split: rule)",
        "2 foreground classes",
        f"starting budget 10 patches, then 2 {TIMES} 10 queried",
        f"5 folds of 200 epochs {TIMES} 250 iterations",
        "data abababababab",
    ):
        assert part in text
    assert setting.differs == ()


def test_the_curve_has_a_students_interval(full, league_of):
    finals = (0.75, 0.8, 0.85)
    (setting,) = league_of(*(full("a", s, (0.5, 0.7, d)) for s, d in enumerate(finals))).settings
    first, _, last = setting.rows[0].curve
    assert (first.patches, first.dice, first.low, first.high) == pytest.approx((10, 50, 50, 50))
    assert first.foreground == pytest.approx(100 * 311 / 93_000)
    assert last.dice == pytest.approx(80)
    # t(.975; 2) = 4.3027, std .05, 3 seeds
    assert last.high - last.dice == pytest.approx(100 * 4.30265 * 0.05 / 3**0.5, rel=1e-4)


def test_no_interval_leaves_what_a_dice_can_be(make, league_of):
    finals = (0.1, 0.5, 0.99)
    (setting,) = league_of(*(make("a", s, (0.0, 0.5, d)) for s, d in enumerate(finals))).settings
    last = setting.rows[0].curve[-1]
    assert (last.low, last.high) == (0, 100)


@pytest.mark.parametrize("seeds", [1, 2])
def test_one_or_two_seeds_have_a_curve_without_an_interval(make, league_of, seeds):
    results = (make("a", seed, (0.5, 0.6, 0.6 + seed / 10)) for seed in range(seeds))
    (setting,) = league_of(*results).settings
    assert [(point.low, point.high) for point in setting.rows[0].curve] == [(None, None)] * 3


def test_the_fit_comes_with_its_points(full, league_of):
    (setting,) = league_of(full("a", 1), full("a", 2)).settings
    fit = setting.rows[0].fit
    assert fit.gamma == setting.rows[0].values["fg_eff"].mean
    assert (fit.t0, fit.y0, fit.y_full) == pytest.approx((311 / 93_000, 0.5, 0.9))
    assert len(fit.points) == 6
    assert fit.points[2] == pytest.approx((3 * 311 / 93_000, 0.7))


def test_without_full_data_there_is_no_fit(make, league_of):
    (setting,) = league_of(make("a")).settings
    assert setting.rows[0].fit is None
    assert setting.full_data.reason == "no full-data Dice is known for this training"


def test_classes_with_the_share_of_each_that_was_labelled(full, league_of):
    (setting,) = league_of(full("a", 1, (0.5, 0.6, 0.7)), full("a", 2, (0.5, 0.7, 0.9))).settings
    large, small = setting.rows[0].classes
    assert (large.name, small.name) == ("large", "small")
    assert (large.dice, large.dice_std) == pytest.approx((80, 200**0.5))
    assert (large.labelled, small.labelled) == pytest.approx((1, 1.1))


def test_a_row_that_has_nothing_has_no_figures(make, league_of, broken):
    (setting,) = league_of(make("a"), make("b", dice=(), failure=broken)).settings
    row = setting.rows[-1]
    assert (row.curve, row.fit, row.classes) == ((), None, ())


def test_a_card_tells_query_and_half_patch():
    assert patch_role("acdc", (4, 40, 40)) == "query patch"
    assert patch_role("acdc", (2, 20, 20)) == "half patch"
    assert patch_role("acdc", (3, 20, 20)) == f"3 {TIMES} 20 {TIMES} 20"
    assert patch_role("acdc", slice_size(0)) == "slice"
    assert patch_role("kits", slice_size(2)) == "slice"
    assert patch_role("kits", slice_size(0)) == f"1 {TIMES} whole {TIMES} whole"
    assert patch_role("of_no_card", (3, 20, 20)) == f"3 {TIMES} 20 {TIMES} 20"


def test_what_was_odd_with_the_data_is_on_the_settings_card(full, change, board_of):
    warning = "unscored: class 'a' is in no <test> case"
    result = change(full("random", 1), "dataset", warnings=(warning,))
    board = board_of(result)
    (setting,) = board.leagues[0].settings
    assert setting.warnings == (warning,)
    page = render(board)
    assert "unscored: class &#39;a&#39; is in no &lt;test&gt; case" in page
    (shown,) = board_json(board)["leagues"][0]["blocks"]
    assert shown["warnings"] == [warning]
