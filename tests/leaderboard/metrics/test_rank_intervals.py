import numpy as np
import pytest
from scipy.stats import ttest_rel

from leaderboard.metrics import rank_intervals, student_interval
from leaderboard.undefined import UndefinedMetricError


def scores():
    drawn = np.random.default_rng(2)
    return [drawn.normal([[70], [71], [72], [72.5]], 1.5, size=(4, 4)) for _ in range(3)]


def test_the_interval_of_a_single_settings_difference_is_the_paired_t_tests():
    (setting,) = scores()[:1]
    result = rank_intervals([setting])
    for i, j in ((0, 1), (1, 3), (3, 2)):
        expected = ttest_rel(setting[i], setting[j]).confidence_interval(0.95)
        assert result.difference_low[i, j] == pytest.approx(expected.low)
        assert result.difference_high[i, j] == pytest.approx(expected.high)
        assert result.different[i, j] == (ttest_rel(setting[i], setting[j]).pvalue < 0.05)


def test_over_settings_it_is_that_of_a_mean_of_differences():
    settings = [scores()[0], scores()[1][:, :2], scores()[2]]
    result = rank_intervals(settings)
    differences = [setting[3] - setting[0] for setting in settings]
    expected = student_interval(
        [each.mean() for each in differences],
        [each.std(ddof=1) for each in differences],
        [4, 2, 4],
    )
    assert result.difference_low[3, 0] == pytest.approx(expected.low)
    assert result.difference_high[3, 0] == pytest.approx(expected.high)
    assert result.difference_low[0, 3] == pytest.approx(-expected.high)


def test_ranks_are_those_that_the_significant_differences_allow():
    # 0 beats all by a constant. Differences of 1 and 2: 2, 2.1, 1.9 and so on, se .06 to .12,
    # against the quantile of 3 degrees of freedom: significant. 2 and 3 differ by chance alone.
    noise = np.array([0.1, -0.1, 0.1, -0.1])
    setting = np.stack([80 + 0 * noise, 72 + noise, 70 - noise, 70.05 + 3 * noise])
    result = rank_intervals([setting])
    assert result.rank_low.tolist() == [1, 2, 3, 3]
    assert result.rank_high.tolist() == [1, 2, 4, 4]
    assert result.different.sum() == 2 * 5


def test_holms_correction_is_over_a_methods_own_comparisons():
    # d / se = 10 / sqrt(4/3) / ... : p of the pair is below .05, but not below .025 / 1 one-sided
    # once many others are compared.
    pair = np.array([[70.0, 72.0, 71.0, 73.0], [66.0, 69.5, 65.5, 70.0]])
    alone = rank_intervals([pair])
    assert alone.different[0, 1]
    assert alone.rank_high.tolist() == [1, 2]
    equals = np.random.default_rng(3).normal(71, 4, size=(20, 4))
    among = rank_intervals([np.concatenate([pair, equals])])
    assert among.difference_low[0, 1] == alone.difference_low[0, 1]
    assert among.rank_high[0] > 1 + (among.difference_low > 0)[0].sum() - 1
    assert among.rank_low[1] <= 1 + (among.difference_high[1] < 0).sum()
    assert among.rank_low[1] == 1


def test_methods_that_share_their_seeds_are_compared_in_pairs():
    # Both vary by 20 with the seed, but always differ by 1.
    base = np.array([60.0, 80.0, 70.0, 65.0])
    result = rank_intervals([np.stack([base, base + 1])])
    assert result.difference_low[1, 0] == result.difference_high[1, 0] == 1
    assert (result.rank_low.tolist(), result.rank_high.tolist()) == ([2, 1], [2, 1])


def test_an_interval_contains_the_rank_itself():
    # Significantly different, but equal in two decimals.
    result = rank_intervals([np.array([[70.0, 70.0, 70.0], [70.001, 70.001, 70.001]])])
    assert result.different[0, 1]
    assert (result.rank_low.tolist(), result.rank_high.tolist()) == ([1, 1], [2, 1])


def test_the_order_of_methods_changes_nothing():
    order = [2, 0, 3, 1]
    before = rank_intervals(scores())
    after = rank_intervals([setting[order] for setting in scores()])
    assert after.rank_low.tolist() == before.rank_low[order].tolist()
    assert after.rank_high.tolist() == before.rank_high[order].tolist()
    assert after.difference_low == pytest.approx(before.difference_low[np.ix_(order, order)])


def test_a_duplicate_is_its_original_and_changes_no_difference_of_the_others():
    before = rank_intervals(scores())
    after = rank_intervals([np.concatenate([s, s[3:]]) for s in scores()])
    assert after.difference_low[:4, :4].tolist() == before.difference_low.tolist()
    assert after.difference_low[3, 4] == after.difference_high[3, 4] == 0
    assert (after.rank_low[4], after.rank_high[4]) == (after.rank_low[3], after.rank_high[3])
    assert (after.rank_high[:3] >= before.rank_high[:3]).all()


@pytest.mark.parametrize(
    ("settings", "reason"),
    [
        ([], "no setting"),
        ([np.ones((2, 1))], "at least 2 seeds in the setting"),
        ([np.ones((2, 1)), np.ones((2, 3))], "at least 2 seeds in every setting"),
        ([np.ones((2, 2)), np.ones((3, 2))], "same methods"),
        ([np.array([[1.0, np.nan, 3.0], [1.0, 2.0, 3.0]])], "seed is missing"),
    ],
    ids=["no setting", "one seed", "one seed in a setting", "other methods", "a gap"],
)
def test_it_refuses(settings, reason):
    with pytest.raises(UndefinedMetricError, match=reason):
        rank_intervals(settings)
