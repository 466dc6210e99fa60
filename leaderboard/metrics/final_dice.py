"""Final Dice: where a learning curve ends."""

from leaderboard.metrics.learning_curve import Curve
from leaderboard.metrics.refusal import NoAnswerError


def final_dice(curve: Curve) -> float:
    """Mean Dice of the last loop, in [0, 1]. Source: protocol section 6, [P1 App. D].

    >>> final_dice(Curve((10, 20, 40), (0.5, 0.6, 0.8)))
    0.8

    Raises:
        NoAnswerError: The curve has no loop.
    """
    if not curve.dice:
        raise NoAnswerError("no loop finished")
    return curve.dice[-1]
