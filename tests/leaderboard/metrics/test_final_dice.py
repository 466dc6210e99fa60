import pytest

from leaderboard.metrics import Curve, final_dice
from leaderboard.undefined import UndefinedMetricError


def test_it_is_the_last_loop():
    assert final_dice(Curve((10, 20, 30), (0.9, 0.1, 0.4))) == 0.4
    with pytest.raises(UndefinedMetricError):
        final_dice(Curve((), ()))
