"""Primary score: how much of the way from the starting budget to full data a method went."""

from leaderboard.metrics.refusal import NoAnswerError


def primary_score(aubc: float, start: float, full: float) -> float:
    """``100 (AUBC - y0) / (y_full - y0)`` of one experiment; it depends on no other entrant.

    ``aubc``, ``start`` (y0, the setting's mean over seeds of loop 0's Mean Dice) and ``full``
    (y_full, the full-data Mean Dice of the same training length) in [0, 1]. 0: no better than the
    starting budget; 100: full-data Dice from the first query on. Source: protocol section 6, ours.

    >>> primary_score(aubc=0.75, start=0.5, full=1.0)
    50.0

    Raises:
        NoAnswerError: Full data is no better than the starting budget.
    """
    if not full > start:
        raise NoAnswerError("full-data training is no better than the starting budget")
    return 100 * (aubc - start) / (full - start)
