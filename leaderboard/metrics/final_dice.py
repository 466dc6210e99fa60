"""Final Dice: where a learning curve ends."""

import numpy as np

from leaderboard.metrics.learning_curve import Curve
from leaderboard.metrics.metric import INTERVAL, PERCENT, PUBLISHED_STD, Published, SeedMetric
from leaderboard.undefined import UndefinedMetricError


def final_dice(curve: Curve) -> float:
    """Mean Dice of the last loop, in [0, 1]. Source: protocol section 6, [P1 App. D].

    >>> final_dice(Curve((10, 20, 40), (0.5, 0.6, 0.8)))
    0.8

    Raises:
        UndefinedMetricError: The curve has no loop.
    """
    if not curve.dice:
        raise UndefinedMetricError("no loop finished")
    return curve.dice[-1]


FINAL_DICE = SeedMetric(
    name="final_dice",
    title="Final Dice",
    unit="%",
    help=f"Mean Dice after the last loop; {INTERVAL} (protocol section 6).",
    higher_is_better=True,
    order=30,
    by_seed=lambda runs, _: PERCENT * np.array([final_dice(curve) for curve in runs.curves]),
    in_dice="final_dice",
    by_class=True,
    headline=True,
    least=0,
    most=100,
    terminal=1,
    published=Published(
        printed=True, help=f"Mean Dice after the last loop as published; {PUBLISHED_STD}."
    ),
)
