import math

import pytest
from scipy.stats import ttest_ind

from leaderboard.metrics import Sample, length_difference, mean, sample_std
from leaderboard.undefined import UndefinedMetricError


def student(t):
    """Two-sided p of Student's t with 6 degrees of freedom, in closed form."""
    share = t * t / (6 + t * t)
    return 1 - math.sqrt(share) * (1 + (1 - share) / 2 + 3 * (1 - share) ** 2 / 8)


def sample(*values):
    return Sample(mean(values), sample_std(values), len(values))


SHORT_VALUES, LONG_VALUES = (79.0, 80.0, 80.5, 81.0), (81.0, 80.5, 82.0, 83.0)
SHORT, LONG = sample(*SHORT_VALUES), sample(*LONG_VALUES)


def test_by_hand():
    # Means 80.125 and 81.625; squares 2.1875 + 3.6875 = 5.875 over 6; t = 1.5/sqrt(.979167 / 2)
    t = 1.5 / math.sqrt(5.875 / 6 * (1 / 4 + 1 / 4))
    result = length_difference(SHORT, LONG)
    assert result.difference == pytest.approx(1.5)
    assert result.p_value == pytest.approx(student(t))
    assert result.significant
    assert not length_difference(SHORT, LONG, alpha=0.05).significant


def test_turned_round_only_the_sign_changes():
    result, turned = length_difference(SHORT, LONG), length_difference(LONG, SHORT)
    assert turned.difference == pytest.approx(-result.difference)
    assert turned.p_value == pytest.approx(result.p_value)


def test_it_is_the_test_of_the_single_values():
    result = length_difference(SHORT, LONG)
    expected = ttest_ind(LONG_VALUES, SHORT_VALUES)
    assert result.p_value == pytest.approx(expected.pvalue)


def test_no_variance():
    assert length_difference(sample(70.0, 70.0), sample(71.0, 71.0)).p_value == 0
    same = length_difference(sample(70.0, 70.0), sample(70.0, 70.0))
    assert (same.difference, same.p_value, same.significant) == (0, 1, False)


def test_it_refuses():
    for first, second in ((1, 4), (4, 1)):
        with pytest.raises(UndefinedMetricError, match="2 seeds"):
            length_difference(Sample(70.0, 1.0, first), Sample(71.0, 1.0, second))
