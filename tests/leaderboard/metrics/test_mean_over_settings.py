import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboard.metrics import Interval, mean_over_settings
from leaderboard.undefined import UndefinedMetricError


def test_by_hand():
    # sigma / sqrt(4) = .5, 1, 1.5; root of .25 + 1 + 2.25 = 1.870829; 1.96 / 3 of it = 1.222275
    result = mean_over_settings([70.0, 80.0, 75.0], [1.0, 2.0, 3.0], 4)
    assert result.mean == 75
    assert result.high - result.mean == pytest.approx(1.222275, abs=1e-6)
    assert result.mean - result.low == pytest.approx(1.222275, abs=1e-6)


def test_one_setting_is_the_usual_interval_and_each_setting_has_its_own_seeds():
    assert mean_over_settings([50.0], [2.0], 16) == Interval(50.0, 50 - 0.98, 50 + 0.98)
    half = 1.96 / 2 * math.sqrt(4 / 4 + 9 / 9)
    result = mean_over_settings([1.0, 2.0], [2.0, 3.0], [4, 9])
    assert result.high == pytest.approx(1.5 + half)


@settings(deadline=None)
@given(st.lists(st.tuples(st.floats(0, 100), st.floats(0, 9)), min_size=1, max_size=9))
def test_the_order_of_settings_changes_nothing(pairs):
    means, stds = zip(*pairs, strict=True)
    assert mean_over_settings(means, stds, 4) == mean_over_settings(means[::-1], stds[::-1], 4)


@pytest.mark.parametrize(
    ("means", "stds", "seeds", "reason"),
    [
        ([], [], 4, "no setting"),
        ([1.0], [0.0], 1, "at least 2 seeds"),
        ([1.0, 2.0], [1.0, 1.0], [4, 1], "at least 2 seeds"),
        ([1.0], [math.nan], 4, "at least 2 seeds"),
    ],
)
def test_it_refuses(means, stds, seeds, reason):
    with pytest.raises(UndefinedMetricError, match=reason):
        mean_over_settings(means, stds, seeds)
