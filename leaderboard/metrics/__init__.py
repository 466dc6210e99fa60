"""One metric a module; what has no answer raises ``NoAnswerError`` with the reason."""

from leaderboard.metrics.aubc import aubc
from leaderboard.metrics.final_dice import final_dice
from leaderboard.metrics.learning_curve import Curve, learning_curve
from leaderboard.metrics.mean_curve import MeanCurve, mean_curve
from leaderboard.metrics.ranks import ranks
from leaderboard.metrics.refusal import NoAnswerError
from leaderboard.metrics.spread import mean, sample_std

__all__ = [
    "Curve",
    "MeanCurve",
    "NoAnswerError",
    "aubc",
    "final_dice",
    "learning_curve",
    "mean",
    "mean_curve",
    "ranks",
    "sample_std",
]
