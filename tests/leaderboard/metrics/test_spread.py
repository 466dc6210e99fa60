import pytest

from leaderboard.metrics import mean, sample_std
from leaderboard.undefined import UndefinedMetricError


def test_it_is_the_sample_standard_deviation():
    # deviations -.2 -.1 .3, squares .04 .01 .09, sum .14, over n-1 = 2 -> .07
    assert mean([0.3, 0.4, 0.8]) == pytest.approx(0.5)
    assert sample_std([0.3, 0.4, 0.8]) == pytest.approx(0.07**0.5)
    assert sample_std([0.4, 0.4]) == 0


def test_one_seed_has_no_spread():
    with pytest.raises(UndefinedMetricError, match="at least 2 seeds"):
        sample_std([0.5])
    with pytest.raises(UndefinedMetricError, match="no complete experiment"):
        mean([])
