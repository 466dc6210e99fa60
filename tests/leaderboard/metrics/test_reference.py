import pytest

from leaderboard.metrics.reference import NO_FULL_DATA, NO_START, make_reference


def test_full_data_dice_is_what_all_that_say_it_agree_on(make, full, change):
    assert make_reference([make(), full()], (1,)).full == 0.9
    assert make_reference([make()], (1,)).full == NO_FULL_DATA
    other = change(full(), "dataset", full_data_dice=0.8)
    assert "disagree" in make_reference([full(), other], (1,)).full.reason


def test_a_submission_does_not_change_full_data_dice_for_all(make, full, change):
    mine = change(full("mine", origin="submission"), "dataset", full_data_dice=0.6)
    assert make_reference([mine, full()], (1,)).full == 0.9
    # Nor does it give one to those whose baselines have none.
    assert make_reference([mine, make()], (1,)).full == NO_FULL_DATA
    assert make_reference([mine], (1,)).full == 0.6


def test_the_reason_why_there_is_no_score_is_told(full, change, rows_of):
    other = change(full("b"), "dataset", full_data_dice=0.8)
    for row in rows_of(full("a"), other).values():
        assert row.values["score"].reason == "the results disagree about the full-data Dice"
        assert row.values["fg_eff"].reason == "the results disagree about the full-data Dice"


def test_loop_0_is_the_baselines_of_the_seeds_that_count(full):
    mine = full("mine", 1, (0.1, 0.6, 0.7), origin="submission")
    baselines = [full("a", seed, (0.4 + seed / 10, 0.6, 0.7)) for seed in (1, 2)]
    start = make_reference([mine, *baselines, full("a", 3, (0.9, 0.9, 0.9))], (1, 2)).start
    # .5 and .6; 311 of 93,000 voxels, 103 of 32,000 boundary voxels.
    assert start.dice == pytest.approx(0.55)
    assert start.foreground == pytest.approx(311 / 93_000)
    assert start.effort == pytest.approx(103 / 32_000)
    assert make_reference([mine], (1,)).start.dice == pytest.approx(0.1)


def test_a_baseline_more_with_the_same_loop_0_changes_not_a_bit(full):
    dice = [(0.1 + 0.123 * seed, 0.6, 0.7) for seed in (1, 2, 3)]
    starts = {
        make_reference([full(m, s, dice[s - 1]) for m in names for s in (1, 2, 3)], (1, 2, 3)).start
        for names in ("a", "ab", "abc", "abcdefg")
    }
    assert len(starts) == 1


def test_without_any_loop_0_there_is_no_start(full, broken):
    assert make_reference([full(dice=(), failure=broken)], (1,)).start is NO_START


def test_a_worse_loop_0_of_a_submission_gives_no_better_score(full, rows_of):
    dice = (0.5, 0.6, 0.7)
    rows = rows_of(
        *(full("a", seed, dice) for seed in (1, 2)),
        *(full("fair-01234567", seed, dice, origin="submission") for seed in (1, 2)),
        *(full("mine-0123abcd", seed, (0.3, 0.6, 0.7), origin="submission") for seed in (1, 2)),
    )
    scores = {name: row.values["score"].mean for name, row in rows.items()}
    assert scores["a"] == scores["fair-01234567"] == pytest.approx(25)
    # AUBC .55: 100 * .05 / .4
    assert scores["mine-0123abcd"] == pytest.approx(12.5)
    assert rows["mine-0123abcd"].rank == 3
