"""Tables of what was reproduced."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from benchmark.cli.tables import print_table

if TYPE_CHECKING:
    from benchmark.bundles.reproduce.compare import Comparison, Together
    from benchmark.bundles.reproduce.query import Requeried


def print_comparisons(found: "Sequence[Comparison]", settings: "Sequence[Together]") -> None:
    """Print reported and replayed Mean Dice x 100, a line a loop, and a line a setting."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("setting", "seed"):
        table.add_column(name, no_wrap=True)
    for name in ("loop", "patches", "reported", "replayed", "difference", "chance up to"):
        table.add_column(name, justify="right")
    table.add_column("verdict", no_wrap=True)
    for each in found:
        for loop in each.loops:
            table.add_row(
                *(each.experiment.setting, str(each.experiment.seed), str(loop.loop)),
                *(str(loop.patches), f"{100 * loop.reported:.2f}", f"{100 * loop.replayed:.2f}"),
                *(f"{100 * loop.difference:+.2f}", _points(loop.allowed), loop.verdict),
            )
    for one in settings:
        table.add_row(
            *(one.setting, "all", f"{one.count} loops", "", "", ""),
            *(f"{100 * one.difference:+.2f}", _points(one.allowed), one.verdict),
        )
    print_table(table)


def print_queries(found: "Sequence[Requeried]") -> None:
    """Print how many patches were chosen again, a line a loop."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for name in ("setting", "seed"):
        table.add_column(name, no_wrap=True)
    for name in ("loop", "patches", "equal"):
        table.add_column(name, justify="right")
    table.add_column("verdict")
    for each in found:
        for loop in each.loops:
            order = "" if loop.same or loop.equal < loop.patches else " (in another order)"
            why = f": {loop.failure}" if loop.failure else order
            table.add_row(
                *(each.experiment.setting, str(each.experiment.seed), str(loop.loop)),
                *(str(loop.patches), str(loop.equal), f"{loop.verdict}{why}"),
            )
    print_table(table)


def _points(dice: float | None) -> str:
    return "unknown" if dice is None else f"{100 * dice:.2f}"
