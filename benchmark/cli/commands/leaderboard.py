"""Commands that build the page, or export its tables."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from benchmark.cli.contained import Contained
from benchmark.cli.errors import report
from benchmark.cli.options import out_option
from benchmark.containers.roles import Role
from nnactive.errors import UserError

if TYPE_CHECKING:
    from leaderboard.model import Board
    from leaderboard.terminal import TopTable

Command = TypeVar("Command", bound=Callable[..., Any])
TOP = 10
"""Rows of each main table that are printed unless the user asks for another number."""
NAME_WIDTH = 30
"""Characters of a method's name that fit on one line of a narrow terminal."""


def source_options(command: Command) -> Command:
    """Options that say what the board shows."""
    for option in (
        click.option("--strict", is_flag=True, help="Refuse the first result file that is broken."),
        click.option(
            "--published",
            is_flag=True,
            help="Add the figures published in the two papers, in leagues of their own.",
        ),
        click.option(
            "--results",
            type=click.Path(path_type=Path),
            multiple=True,
            envvar="NNACTIVE_RUNS",
            help="Folder with results, or a result file; repeatable (or NNACTIVE_RUNS).",
        ),
    ):
        command = option(command)
    return command


@click.group()
def leaderboard() -> None:
    """Build the page, or export its tables."""


@leaderboard.command(cls=Contained, roles={"results": Role.RESULTS, "out": Role.PAGE})
@source_options
@out_option
@click.option("--top", default=TOP, show_default=True, help="Rows of each main table to print.")
def build(results: Sequence[Path], out: Path, top: int, *, published: bool, strict: bool) -> None:
    """Build the page from all results in the given folders and print its location."""
    _build(results, out, top, published=published, strict=strict)


@leaderboard.command(cls=Contained, roles={"results": Role.RESULTS, "out": Role.PAGE})
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
    help="Only leagues with this track, title or key; repeatable.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="File to write; by default the terminal.",
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
    """Export the board's tables."""
    from benchmark.cli.waits import told
    from leaderboard import export
    from leaderboard.build import load_board
    from nnactive.io.files import write_text

    with told("reading the results"):
        board = load_board(results, published=published, strict=strict)
    chosen = export.chosen(board, leagues)
    if not chosen and leagues:
        known = ", ".join(league.title for league in board.leagues) or "none"
        raise UserError(f"--league {leagues[0]}: no such league; there are: {known}")
    writers = {
        "csv": export.long_csv,
        "md": export.to_markdown,
        "latex": export.to_latex,
        "json": export.to_json,
    }
    text = writers[kind](replace(board, leagues=chosen))
    if out is None:
        click.echo(text, nl=not text.endswith("\n"))
    else:
        write_text(out, text)
    _list_left_out(board)


def build_page(results: Sequence[Path], out: Path, *, published: bool) -> int:
    """Build the page after a run; its top rows and its location go to the terminal.

    The page is built in this process, whatever ``NNACTIVE_RUNTIME`` says.

    Args:
        results: folders with results.
        out: the page.
        published: whether to add the figures published in the papers.

    Returns:
        The exit code; an error has been reported.
    """
    try:
        _build(results, out, TOP, published=published, strict=False)
    except Exception as error:  # noqa: BLE001  (the run's own errors are still to be reported)
        return report(error)
    return 0


def _build(results: Sequence[Path], out: Path, top: int, *, published: bool, strict: bool) -> None:
    from benchmark.cli.waits import told

    with told("building the page"):
        from leaderboard.build import build as build_board
        from leaderboard.terminal import top_tables

        board = build_board(results, out, published=published, strict=strict)
    _show(top_tables(board, top))
    _list_left_out(board)
    click.echo(f"leaderboard: {out.resolve()}")


def _list_left_out(board: "Board") -> None:
    for left_out in board.left_out:
        click.echo(f"left out: {left_out.file}: {left_out.reason}", err=True)


def _show(tables: "Sequence[TopTable]") -> None:
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    console = Console()
    width = max((len(row.method) for each in tables for row in each.rows), default=0)
    for each in tables:
        heads = ("rank", "method", *each.columns, "done", "")
        shown = Table(*heads, title=escape(each.title), title_justify="left", box=SIMPLE)
        for place, column in enumerate(shown.columns):
            if place in {1, len(heads) - 1}:
                column.overflow = "fold"
            else:
                column.no_wrap = True
        shown.columns[1].min_width = min(NAME_WIDTH, width)
        for row in each.rows:
            cells = (row.rank, row.method, *row.figures, row.done, row.badges)
            shown.add_row(*(escape(cell) for cell in cells))
        console.print(shown)
