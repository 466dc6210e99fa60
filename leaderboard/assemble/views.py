"""The views of a league: its main table for every choice of the filters."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import product

from leaderboard.assemble.cells import Cells
from leaderboard.assemble.table import Frame, make_table
from leaderboard.model import Block, View

FIELDS: Mapping[str, Callable[[Block], str]] = {
    "dataset": lambda block: block.dataset,
    "regime": lambda block: block.regime,
    "patch": lambda block: block.patch_role or block.patch,
}
"""What a filter compares, by the name of a view's field."""


def make_views(
    frame: Frame, blocks: Sequence[Block], cells: Mapping[str, Cells]
) -> tuple[View, ...]:
    """One view per different, non-empty set of blocks that filters choose, few filters first.

    The first view, without a filter, has a row for every entrant of the league.

    Args:
        frame: of the league.
        blocks: those that the main table compares, in order.
        cells: of the blocks, by their keys.
    """
    views: dict[tuple[str, ...], View] = {}
    for choice in _choices(blocks):
        chosen = tuple(block.key for block in blocks if _fits(block, choice))
        if not chosen or chosen in views:
            continue
        table = make_table(
            frame, [cells[key] for key in chosen], everybody=len(chosen) == len(blocks)
        )
        views[chosen] = View(
            dataset=choice["dataset"],
            regime=choice["regime"],
            patch=choice["patch"],
            settings=chosen,
            rows=table.rows,
            ranked_by=table.ranked_by,
            stamp=table.stamp,
            caution=table.caution,
        )
    return tuple(views.values())


def _choices(blocks: Iterable[Block]) -> list[dict[str, str | None]]:
    """All combinations of what the blocks have and None for all, those with few filters first."""
    options = [[None, *dict.fromkeys(map(value, blocks))] for value in FIELDS.values()]
    every = [dict(zip(FIELDS, choice, strict=True)) for choice in product(*options)]
    return sorted(every, key=lambda choice: sum(wanted is not None for wanted in choice.values()))


def _fits(block: Block, choice: Mapping[str, str | None]) -> bool:
    return all(wanted in {None, FIELDS[name](block)} for name, wanted in choice.items())
