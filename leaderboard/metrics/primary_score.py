"""Primary score: the fraction of the gap to full data that a method closes over its budget."""

import numpy as np

from leaderboard.metrics.aubc import aubc
from leaderboard.metrics.metric import (
    INTERVAL,
    PAPERS_INTERVAL,
    PERCENT,
    Published,
    SeedMetric,
)
from leaderboard.metrics.reference import Reference
from leaderboard.metrics.runs import Runs
from leaderboard.undefined import UndefinedMetricError, required


def primary_score(aubc: float, start: float, full: float) -> float:
    """``100 (AUBC - y0) / (y_full - y0)`` of one experiment; it depends on no other method.

    ``aubc``, ``start`` (y0, the setting's mean over seeds of loop 0's Mean Dice) and ``full``
    (y_full, the full-data Mean Dice of the same training length) in [0, 1]. 0: no better than the
    starting budget; 100: full-data Dice from the first query on. Source: protocol section 6, ours.

    >>> primary_score(aubc=0.75, start=0.5, full=1.0)
    50.0

    Raises:
        UndefinedMetricError: Full data is no better than the starting budget.
    """
    if not full > start:
        raise UndefinedMetricError("full-data training is no better than the starting budget")
    return 100 * (aubc - start) / (full - start)


def printed_score(aubc: float, std: float, reference: Reference) -> tuple[float, float]:
    """The score's mean and sample standard deviation from those of a printed AUBC, in percent.

    The score is linear in AUBC, so both follow exactly, but for y0: ``reference`` has it estimated
    (``start_estimate``).

    Raises:
        UndefinedMetricError: y0 or y_full is unknown, or full data is no better than the start.
    """
    full, start = required(reference.full), required(required(reference.start).dice)
    return (
        primary_score(aubc / PERCENT, start, full),
        100 * std / (PERCENT * (full - start)),
    )


def _by_seed(runs: Runs, reference: Reference) -> np.ndarray:
    """Scores by seed; y0 is the setting's, not the method's own.

    So no score depends on who else has entered a setting with baselines, nor on a method's own
    training of loop 0.
    """
    full, start = required(reference.full), required(required(reference.start).dice)
    return np.array([primary_score(aubc(curve), start, full) for curve in runs.curves])


SCORE = SeedMetric(
    name="score",
    title="Score",
    unit="%",
    help="Primary score: the fraction of the gap between starting budget and full data that is "
    "closed, averaged over the labelling budget, 100 (AUBC - y0) / (y_full - y0) with y0 and "
    "y_full the mean Dice of the starting budget and of full data; "
    f"{INTERVAL} (protocol section 6, ours).",
    higher_is_better=True,
    order=10,
    by_seed=_by_seed,
    ranking="Ranks follow the mean Score.",
    in_dice="aubc",
    headline=True,
    terminal=0,
    published=Published(
        help="Primary score with an estimated starting budget, since the papers don't print it: "
        "100 (AUBC - y0) / (y_full - y0), y0 being the median over methods of what AUBC and Final "
        "Dice imply; below it \N{PLUS-MINUS SIGN} the sample standard deviation over seeds, "
        f"{PAPERS_INTERVAL} (docs/statistics.md, ours).",
        ranking="Ranks follow the mean Score. The papers don't print the Dice of the "
        "starting budget, so it is estimated from AUBC and Final Dice (docs/statistics.md).",
    ),
)
