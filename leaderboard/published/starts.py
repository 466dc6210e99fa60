"""The Mean Dice of each setting's starting budget, which the papers don't print: an estimate."""

from functools import cache

from leaderboard.metrics.start_estimate import estimated_start
from leaderboard.published.rows import full_data_dice, rows, used
from leaderboard.undefined import Undefined, attempt

OTHER_BUDGETS = "query_size"
"""The study whose AUBC is taken over other budgets than the setting's own."""
PERCENT = 100


@cache
def start_dice(setting: str, dataset: str, loops: int, epochs: int) -> float | None:
    """Estimated Mean Dice of loop 0, in [0, 1]; None: it can't be estimated.

    The starting budget is the same for all query methods, query sizes and amounts of noise, so all
    that the papers print of a setting and training length counts, but for the study of query sizes.

    Args:
        setting: its name, as in the tracks.
        dataset: its dataset.
        loops: their number at the usual query size, loop 0 included.
        epochs: of a training.
    """
    full = full_data_dice(dataset, epochs)
    found: dict[str, dict[str, float]] = {}
    for row in used(rows()):
        if (row.setting, row.epochs) == (setting, epochs) and row.study != OTHER_BUDGETS:
            found.setdefault(row.method_id, {})[row.metric] = row.mean
    both = [each for each in found.values() if {"aubc", "final_dice"} <= each.keys()]
    if full is None:
        return None
    start = attempt(
        lambda: estimated_start(
            [each["aubc"] for each in both],
            [each["final_dice"] for each in both],
            PERCENT * full,
            loops,
        )
    )
    return None if isinstance(start, Undefined) else start / PERCENT
