"""A replay in the terminal: what was chosen, of which classes, where, and how methods agree."""

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from rich.table import Table

    from benchmark.replay.report import Report, Row


def print_report(told: "Report") -> None:
    """Print a replay as tables with a row a method."""
    from benchmark.cli.tables import print_table

    click.echo(
        f"{told.track}: {told.setting}, {told.method}, seed {told.seed}: query of loop "
        f"{told.loop}, after {told.labelled} labelled patches of {told.dataset}"
    )
    if told.annotator:
        click.echo("labels are those that the setting's annotator draws, errors included")
    for title, table in _tables(told):
        click.echo(f"\n{title}" if title else "")
        print_table(table)


def _tables(told: "Report") -> "Iterator[tuple[str, Table]]":
    chosen = [row for row in told.rows if not row.failure]
    yield (
        "",
        _table(
            ["method", "time", "patches", "images", "foreground", "background", "effort"],
            (_facts(row) for row in told.rows),
        ),
    )
    if not chosen:
        return
    yield (
        "voxels of each class",
        _table(
            ["method", *told.classes, "nothing of"],
            ([row.label, *(f"{n:,}" for n in row.voxels), ", ".join(row.missed)] for row in chosen),
        ),
    )
    numbers = [str(n) for n, row in enumerate(told.rows, 1) if not row.failure]
    yield (
        "overlap with each other's patches (intersection over union of voxels)",
        _table(
            ["method", *numbers],
            (
                [f"{number} {row.label}", *(f"{x:.2f}" for x in row.overlaps if x is not None)]
                for number, row in zip(numbers, chosen, strict=True)
            ),
        ),
    )
    yield (
        "patches by image",
        _table(
            ["method", "images"],
            ([row.label, _places(row)] for row in chosen),
            left=2,
        ),
    )


def _facts(row: "Row") -> list[str]:
    if row.failure:
        return [row.label, "failed", *[""] * 5]
    return [
        f"{row.label} (uses ground truth)" if row.oracle else row.label,
        "" if row.seconds is None else f"{row.seconds:.1f} s",
        str(len(row.patches)),
        str(len(row.cases)),
        f"{row.foreground:,}",
        f"{row.voxels[0]:,}",
        f"{sum(row.effort):,}",
    ]


def _places(row: "Row") -> str:
    return ", ".join(case + (f" x {n}" if n > 1 else "") for case, n in row.cases.items())


def _table(head: list[str], rows: Iterable[list[str]], left: int = 1) -> "Table":
    """A table whose first ``left`` columns hold text and the others numbers."""
    from rich.table import Table

    table = Table(box=None, pad_edge=False)
    for number, column in enumerate(head):
        numeric = number >= left and column != "nothing of"
        table.add_column(column, justify="right" if numeric else "left", overflow="fold")
    for row in rows:
        table.add_row(*row)
    return table
