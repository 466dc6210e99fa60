import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import t as student
from scipy.stats import ttest_1samp, ttest_ind

from leaderboard.metrics import mean_over_settings, student_interval
from leaderboard.metrics.student import quantile, satterthwaite
from leaderboard.undefined import UndefinedMetricError


def test_a_single_setting_is_the_t_tests_interval():
    sample = [70.0, 73.0, 71.5, 69.0]
    expected = ttest_1samp(sample, 0).confidence_interval(0.95)
    found = student_interval([np.mean(sample)], [np.std(sample, ddof=1)], 4)
    assert (found.low, found.high) == pytest.approx((expected.low, expected.high))


def test_two_settings_have_the_degrees_of_freedom_of_welchs_test():
    # Welch's test of a difference has the variance of a sum; a mean over two is half of it.
    first, second = [70.0, 73.0, 71.5, 69.0], [50.0, 50.5, 49.0]
    expected = ttest_ind(first, second, equal_var=False).confidence_interval(0.95)
    found = student_interval(
        [np.mean(first), np.mean(second)],
        [np.std(first, ddof=1), np.std(second, ddof=1)],
        [4, 3],
    )
    assert found.high - found.low == pytest.approx((expected.high - expected.low) / 2)
    assert found.mean == pytest.approx((np.mean(first) + np.mean(second)) / 2)


def test_with_many_seeds_it_is_the_papers_interval():
    papers = mean_over_settings([60.0, 80.0], [3.0, 4.0], 10_000)
    found = student_interval([60.0, 80.0], [3.0, 4.0], 10_000)
    assert (found.low, found.high) == pytest.approx((papers.low, papers.high), rel=1e-5)


@settings(deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 100), st.floats(0.01, 9)), min_size=1, max_size=9),
    st.integers(2, 6),
)
def test_it_is_never_narrower_than_the_papers(pairs, seeds):
    means, stds = zip(*pairs, strict=True)
    papers, found = mean_over_settings(means, stds, seeds), student_interval(means, stds, seeds)
    assert found.mean == papers.mean
    assert found.high > papers.high
    assert found.low < papers.low


def test_without_variance_it_is_the_mean():
    found = student_interval([60.0, 80.0], [0.0, 0.0], 2)
    assert (found.low, found.mean, found.high) == (70, 70, 70)


@settings(deadline=None)
@given(st.lists(st.floats(0.01, 9), min_size=1, max_size=9), st.integers(1, 9))
def test_degrees_of_freedom_lie_between_a_settings_and_all(variances, each):
    found = satterthwaite(np.array(variances), np.array([each] * len(variances)))
    assert each - 1e-9 <= found <= each * len(variances) + 1e-9


def test_the_quantile_is_students():
    assert quantile(7.5, 0.9) == pytest.approx(student.ppf(0.95, 7.5))


@pytest.mark.parametrize(
    ("means", "stds", "seeds", "reason"),
    [
        ([], [], 4, "no setting"),
        ([1.0], [0.0], 1, "at least 2 seeds"),
        ([1.0, 2.0], [1.0, 1.0], [4, 1], "at least 2 seeds"),
        ([1.0], [math.nan], 4, "at least 2 seeds"),
    ],
    ids=["no setting", "one seed", "one seed in a setting", "no spread"],
)
def test_it_refuses(means, stds, seeds, reason):
    with pytest.raises(UndefinedMetricError, match=reason):
        student_interval(means, stds, seeds)
