"""Mean rank over settings."""

from typing import NamedTuple

import numpy as np

from leaderboard.metrics.leave_one_seed_out import leave_one_seed_out
from leaderboard.metrics.metric import Compared, Published, RelationalMetric, Standing
from leaderboard.metrics.ranks import ranks
from leaderboard.metrics.spread import mean, sample_std
from leaderboard.model import Value
from leaderboard.undefined import UndefinedMetricError, required


class MeanRanks(NamedTuple):
    """Of k methods."""

    mean: np.ndarray
    """Shape ``(k,)``."""
    standard_error: np.ndarray | None
    """Sample standard deviation over settings / sqrt(settings), ``(k,)``; None with one setting."""


def mean_ranks(ranks: np.ndarray) -> MeanRanks:
    """Mean over settings of the ranks ``(settings, k)``, with its standard error.

    Relational: another method can only raise the ranks of the others. Source: protocol section 6.

    >>> mean, error = mean_ranks(np.array([[1, 2], [2, 1], [1, 2], [1, 2]]))
    >>> mean.tolist(), error.tolist()
    ([1.25, 1.75], [0.25, 0.25])

    Raises:
        UndefinedMetricError: No setting.
    """
    ranks = np.asarray(ranks, dtype=np.float64)
    settings = len(ranks)
    if not settings:
        raise UndefinedMetricError("no setting")
    error = ranks.std(axis=0, ddof=1) / np.sqrt(settings) if settings > 1 else None
    return MeanRanks(ranks.mean(axis=0), error)


def _among(compared: Compared) -> list[Value]:
    if len(compared.settings) == 1:
        (only,) = compared.settings.values()
        return _without_a_seed(only)
    table = [ranks(standing.means["aubc"]) for standing in compared.settings.values()]
    found = mean_ranks(np.array(table))
    if found.standard_error is None:
        return [Value(centre) for centre in found.mean.tolist()]
    both = zip(found.mean.tolist(), found.standard_error.tolist(), strict=True)
    return [Value(centre, error) for centre, error in both]


def _without_a_seed(standing: Standing) -> list[Value]:
    """In a single setting: means over leave-one-seed-out ranks."""
    left = leave_one_seed_out(required(standing.by_seed)["aubc"]).T.tolist()
    return [Value(mean(each), sample_std(each)) for each in left]


MEAN_RANK = RelationalMetric(
    name="mean_rank",
    title="Mean rank",
    unit="",
    help="Mean over settings of the rank by AUBC, below it \N{PLUS-MINUS SIGN} its standard error; "
    "in a single setting the mean leave-one-seed-out rank \N{PLUS-MINUS SIGN} its standard "
    "deviation (protocol section 6).",
    higher_is_better=False,
    order=60,
    among=_among,
    spread="its standard error, in a single setting its standard deviation over left-out seeds",
    headline=True,
    published=Published(
        help="Mean over settings of the rank by AUBC, below it \N{PLUS-MINUS SIGN} its standard "
        "error (ours, protocol section 6)."
    ),
)
