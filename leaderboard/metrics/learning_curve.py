"""Mean Dice by loop against the labelled patches."""

from dataclasses import dataclass

from leaderboard.read.facts import Facts
from leaderboard.undefined import UndefinedMetricError


@dataclass(frozen=True)
class Curve:
    """Learning curve of one experiment, one point per loop."""

    budgets: tuple[int, ...]
    """Labelled patches, increasing."""
    dice: tuple[float, ...]
    """Mean Dice in [0, 1]."""


def learning_curve(result: Facts) -> Curve:
    """Labelled patches and Mean Dice of every loop of a complete experiment.

    Mean Dice: mean over test cases per class (a class that is absent from both reference and
    prediction of a case is left out), then over the foreground classes that a reference has.
    Source: protocol section 2.

    Raises:
        UndefinedMetricError: The experiment lacks a loop, or no test case of a loop has any
            foreground.
    """
    if len(result.loops) < result.setting.loops:
        raise UndefinedMetricError(f"{len(result.loops)} of {result.setting.loops} loops finished")
    dice = []
    for loop in result.loops:
        if loop.mean_dice is None:
            raise UndefinedMetricError(f"no foreground in any test case of loop {loop.loop}")
        dice.append(loop.mean_dice)
    return Curve(budgets=tuple(loop.labelled_patches for loop in result.loops), dice=tuple(dice))
