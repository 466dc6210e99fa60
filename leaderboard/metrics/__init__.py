"""One metric per module: its function, and its declaration if it is a column of the board.

Functions are pure and take plain numbers; where a metric is undefined they raise
``UndefinedMetricError`` with the reason. What is *relational* depends on which other methods are
compared; its docstring says how. Everything else stays the same whoever enters.
"""

from leaderboard.metrics.aubc import aubc
from leaderboard.metrics.common_budgets import common_budgets
from leaderboard.metrics.fg_eff import FgEff, fit_fg_eff
from leaderboard.metrics.final_dice import final_dice
from leaderboard.metrics.friedman import Friedman, friedman
from leaderboard.metrics.kendall import Tau, kendall, query_size_tau
from leaderboard.metrics.learning_curve import Curve, learning_curve
from leaderboard.metrics.leave_one_seed_out import leave_one_seed_out
from leaderboard.metrics.length_difference import (
    Difference,
    Sample,
    length_difference,
)
from leaderboard.metrics.mean_over_settings import Interval, mean_over_settings
from leaderboard.metrics.mean_ranks import MeanRanks, mean_ranks
from leaderboard.metrics.nemenyi import Nemenyi, nemenyi
from leaderboard.metrics.paired import Contrast, over, paired, unpaired
from leaderboard.metrics.power import (
    detectable_by_seed,
    detectable_difference,
    detectable_from_stds,
)
from leaderboard.metrics.ppm import Ppm, ppm
from leaderboard.metrics.primary_score import primary_score
from leaderboard.metrics.rank_intervals import RankIntervals, rank_intervals
from leaderboard.metrics.ranks import ranks
from leaderboard.metrics.spread import mean, sample_std
from leaderboard.metrics.student import student_interval
from leaderboard.metrics.tie_letters import tie_letters

__all__ = [
    "Contrast",
    "Curve",
    "Difference",
    "FgEff",
    "Friedman",
    "Interval",
    "MeanRanks",
    "Nemenyi",
    "Ppm",
    "RankIntervals",
    "Sample",
    "Tau",
    "aubc",
    "common_budgets",
    "detectable_by_seed",
    "detectable_difference",
    "detectable_from_stds",
    "final_dice",
    "fit_fg_eff",
    "friedman",
    "kendall",
    "learning_curve",
    "leave_one_seed_out",
    "length_difference",
    "mean",
    "mean_over_settings",
    "mean_ranks",
    "nemenyi",
    "over",
    "paired",
    "ppm",
    "primary_score",
    "query_size_tau",
    "rank_intervals",
    "ranks",
    "sample_std",
    "student_interval",
    "tie_letters",
    "unpaired",
]
