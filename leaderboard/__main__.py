"""``python -m leaderboard build``: the page; ``table``: its tables for other programs."""

import sys
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from benchmark.cli.contained import Contained
from benchmark.cli.errors import guarded
from benchmark.cli.options import out_option
from benchmark.containers.roles import Role
from nnactive.errors import UserError

if TYPE_CHECKING:
    from leaderboard.model import Board
    from leaderboard.terminal import TopRow

Command = TypeVar("Command", bound=Callable[..., Any])
NAME_WIDTH = 30
"""Characters of a method's name that a narrow terminal still shows in one line."""


def source_options(command: Command) -> Command:
    """Options that say what is on the board."""
    for option in (
        click.option("--strict", is_flag=True, help="Refuse the first result file that is broken."),
        click.option(
            "--published",
            is_flag=True,
            help="Add what the two papers print, in leagues of its own.",
        ),
        click.option(
            "--results",
            type=click.Path(path_type=Path),
            multiple=True,
            envvar="NNACTIVE_RUNS",
            help="Folder with results, or a result file; may be given several times "
            "(or NNACTIVE_RUNS).",
        ),
    ):
        command = option(command)
    return command


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def cli() -> None:
    """Turn results into a page, or into tables for other programs."""


@cli.command(cls=Contained, roles={"results": Role.RESULTS, "out": Role.PAGE})
@source_options
@out_option
@click.option("--top", default=10, show_default=True, help="Rows to print of each main table.")
def build(results: Sequence[Path], out: Path, top: int, *, published: bool, strict: bool) -> None:
    """Build the page from all results under the given folders, and say where it lies."""
    from leaderboard.build import build as build_page
    from leaderboard.terminal import top_rows

    board = build_page(results, out, published=published, strict=strict)
    _show(top_rows(board, top))
    _tell_left_out(board)
    click.echo(f"leaderboard: {out.resolve()}")


@cli.command(cls=Contained, roles={"results": Role.RESULTS, "out": Role.PAGE})
@source_options
@click.option(
    "--format",
    "kind",
    type=click.Choice(["csv", "md", "latex", "json"]),
    default="md",
    show_default=True,
    help="csv and json hold everything; md and latex the main table of each league.",
)
@click.option(
    "--league",
    "leagues",
    multiple=True,
    help="Only leagues of this track, title or key; may be given several times.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="File to write; the terminal by default.",
)
def table(
    results: Sequence[Path],
    kind: str,
    leagues: Sequence[str],
    out: Path | None,
    *,
    published: bool,
    strict: bool,
) -> None:
    """Write the board's tables for other programs."""
    from leaderboard import export
    from leaderboard.build import load_board
    from nnactive.io.files import write_text

    board = load_board(results, published=published, strict=strict)
    kept = export.chosen(board, leagues)
    if not kept and leagues:
        known = ", ".join(league.title for league in board.leagues) or "none"
        raise UserError(f"--league {leagues[0]}: no such league; there are: {known}")
    writers = {
        "csv": export.long_csv,
        "md": export.to_markdown,
        "latex": export.to_latex,
        "json": export.to_json,
    }
    text = writers[kind](replace(board, leagues=kept))
    if out is None:
        click.echo(text, nl=not text.endswith("\n"))
    else:
        write_text(out, text)
    _tell_left_out(board)


def _tell_left_out(board: "Board") -> None:
    for left_out in board.left_out:
        click.echo(f"left out: {left_out.file}: {left_out.reason}", err=True)


def _show(rows: "Sequence[TopRow]") -> None:
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    tables: dict[str, Table] = {}
    for row in rows:
        if row.table not in tables:
            heads = ("rank", "method", "Final Dice", "AUBC", "done", "")
            new = Table(*heads, title=escape(row.table), title_justify="left", box=SIMPLE)
            new.columns[1].overflow = "fold"
            new.columns[-1].overflow = "fold"
            for column in (0, 2, 3, 4):
                new.columns[column].no_wrap = True
            new.columns[1].min_width = min(NAME_WIDTH, max(len(other.method) for other in rows))
            tables[row.table] = new
        cells = (row.rank, row.method, row.final_dice, row.aubc, row.done, row.badges)
        tables[row.table].add_row(*(escape(cell) for cell in cells))
    for each in tables.values():
        console.print(each)


if __name__ == "__main__":
    sys.exit(guarded(cli, None, "nnactive-bench leaderboard"))
