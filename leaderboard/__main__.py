"""``python -m leaderboard build``: the page, and its top rows on the terminal."""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark.cli.errors import guarded

if TYPE_CHECKING:
    from leaderboard.board import TopRow


NAME_WIDTH = 30
"""Characters of a method's name that a narrow terminal still shows in one line."""


@click.group()
def cli() -> None:
    """Turn result files into a page."""


@cli.command()
@click.option("--results", type=click.Path(path_type=Path), multiple=True, required=True)
@click.option("--out", type=click.Path(path_type=Path, dir_okay=False), required=True)
@click.option("--top", default=10, show_default=True, help="Rows to print of each table.")
def build(results: Sequence[Path], out: Path, top: int) -> None:
    """Build the page and say where it lies."""
    from leaderboard.board import top_rows
    from leaderboard.build import build as build_page

    board = build_page(results, out)
    _show(top_rows(board, top))
    for left_out in board.left_out:
        click.echo(f"left out: {left_out.file}: {left_out.reason}", err=True)
    click.echo(f"leaderboard: {out.resolve()}")


def _show(rows: "Sequence[TopRow]") -> None:
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    tables: dict[str, Table] = {}
    for row in rows:
        title = row.track if row.track == row.setting else f"{row.track}: {row.setting}"
        if title not in tables:
            heads = ("rank", "method", "Final Dice", "AUBC", "seeds", "")
            table = Table(*heads, title=escape(title), title_justify="left", box=SIMPLE)
            table.columns[1].overflow = "fold"
            table.columns[-1].overflow = "fold"
            for column in (0, 2, 3, 4):
                table.columns[column].no_wrap = True
            table.columns[1].min_width = min(NAME_WIDTH, max(len(other.method) for other in rows))
            tables[title] = table
        cells = (row.rank, row.method, row.final_dice, row.aubc, row.seeds, row.badges)
        tables[title].add_row(*(escape(cell) for cell in cells))
    for table in tables.values():
        console.print(table)


if __name__ == "__main__":
    sys.exit(guarded(cli, None, "leaderboard"))
