import pytest

from leaderboard.metrics import Curve, NoAnswerError, final_dice


def test_it_is_the_last_loop():
    assert final_dice(Curve((10, 20, 30), (0.9, 0.1, 0.4))) == 0.4
    with pytest.raises(NoAnswerError):
        final_dice(Curve((), ()))
