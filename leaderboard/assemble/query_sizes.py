"""Whether smaller queries are better, method by method."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from leaderboard.assemble.answers import aubcs, curves, final_dices
from leaderboard.assemble.scores import Measured, Scores
from leaderboard.metrics import NoAnswerError, common_budgets, query_size_tau
from leaderboard.model import QuerySizeEffect

Sized = tuple[str, Measured]
"""Key of a block, and an entrant's experiments there."""


def query_size_effects(blocks: Iterable[Scores]) -> tuple[QuerySizeEffect, ...]:
    """Kendall's tau of every entrant and group of settings that differ in the query size alone.

    AUBC is taken over the budgets that all these settings share; a point a size and seed. What has
    no answer is left out, so are printed figures, which lack single seeds. Source: protocol
    section 6.
    """
    families: dict[str, dict[str, list[Sized]]] = defaultdict(lambda: defaultdict(list))
    for block in sorted(blocks, key=lambda block: block.block):
        for key, entry in block.entrants.items():
            if block.but_query_size and isinstance(entry, Measured):
                families[block.but_query_size][key].append((block.block, entry))
    return tuple(
        effect
        for _, entrants in sorted(families.items())
        for key, sized in sorted(entrants.items())
        if len(sized) > 1
        for effect in _effects(key, sized)
    )


def _effects(entrant: str, sized: Sequence[Sized]) -> Iterable[QuerySizeEffect]:
    entries = [entry for _, entry in sized]
    try:
        shared = common_budgets([curve for entry in entries for curve in curves(entry)])
    except NoAnswerError:
        return
    metrics: dict[str, Callable[[Measured], np.ndarray]] = {
        "aubc": lambda entry: aubcs(entry, shared),
        "final_dice": final_dices,
    }
    sizes = [entry.budgets[1] - entry.budgets[0] for entry in entries for _ in entry.seeds]
    for metric, values in metrics.items():
        points = np.concatenate([values(entry) for entry in entries]).tolist()
        try:
            result = query_size_tau(sizes, points)
        except NoAnswerError:
            continue
        yield QuerySizeEffect(
            entrant=entrant,
            blocks=tuple(block for block, _ in sized),
            metric=metric,
            tau=result.tau,
            p_value=result.p_value,
            points=len(points),
        )
