"""Commands that build the page, or export its tables."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, NotRequired, TypedDict, TypeVar, Unpack

import click

from benchmark.cli.contained import Contained
from benchmark.cli.errors import report
from benchmark.cli.options import out_option
from benchmark.cli.tables import print_top
from benchmark.containers.roles import Role
from nnactive.errors import UserError

if TYPE_CHECKING:
    from leaderboard.comparison import Comparison
    from leaderboard.model import Board, League

Command = TypeVar("Command", bound=Callable[..., Any])
TOP = 10
"""Rows of each main table that are printed unless the user asks for another number."""
SOURCES = {
    "results": Role.RESULTS,
    "entries": Role.RESULTS,
    "imported": Role.RESULTS,
    "effort": Role.RESULTS,
}
ROLES = SOURCES | {"out": Role.PAGE}


class Sources(TypedDict):
    """What the board shows: the values of `source_options`."""

    results: Sequence[Path]
    published: bool
    strict: bool
    entries: NotRequired[Path | None]
    effort: NotRequired[Path | None]
    imported: NotRequired[Sequence[Path]]


def source_options(command: Command) -> Command:
    """Options that say what the board shows."""
    for option in (
        click.option("--strict", is_flag=True, help="Stop at the first file that can't be used."),
        click.option(
            "--published",
            is_flag=True,
            help="Add the figures published in the two papers, as separate rankings.",
        ),
        click.option(
            "--published-csv",
            "imported",
            type=click.Path(path_type=Path, dir_okay=False),
            multiple=True,
            help="CSV with figures from other works, each with source and page; repeatable.",
        ),
        click.option(
            "--effort",
            type=click.Path(path_type=Path, dir_okay=False),
            default=None,
            help="YAML file with the rates for the labelling time; default: the benchmark's.",
        ),
        click.option(
            "--entries",
            type=click.Path(path_type=Path, file_okay=False),
            default=None,
            help="Folder of the public board, such as leaderboard/entries.",
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


def ranking_options(command: Command) -> Command:
    """Options that say by what methods are ranked."""
    for option in (
        click.option(
            "--class",
            "classes",
            multiple=True,
            help="Rank by this foreground class of a dataset only; repeatable.",
        ),
        click.option(
            "--by",
            "metric",
            default="",
            help="Rank by this column, such as hd95_aubc; default: score, or AUBC.",
        ),
    ):
        command = option(command)
    return command


@click.group()
def leaderboard() -> None:
    """Build the page, or export its tables."""


@leaderboard.command(cls=Contained, roles=ROLES)
@source_options
@out_option
@click.option(
    "--top",
    type=click.IntRange(min=0),
    default=TOP,
    show_default=True,
    help="Rows of each main table to print.",
)
@ranking_options
def build(
    out: Path, top: int, metric: str, classes: Sequence[str], **sources: Unpack[Sources]
) -> None:
    """Build the page from your runs' results and the public board's entries; print its location."""
    _build(out, top, (metric, classes), **sources)


@leaderboard.command(cls=Contained, roles=ROLES)
@source_options
@click.option(
    "--format",
    "kind",
    type=click.Choice(["csv", "md", "latex", "json"]),
    default="md",
    show_default=True,
    help="csv and json hold everything; md and latex the main table of each ranking.",
)
@click.option(
    "--league",
    "leagues",
    multiple=True,
    help="Only rankings with this track, title or key; repeatable.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="File to write; by default the terminal.",
)
@ranking_options
def table(
    kind: str,
    leagues: Sequence[str],
    out: Path | None,
    metric: str,
    classes: Sequence[str],
    **sources: Unpack[Sources],
) -> None:
    """Export the board's tables."""
    if (metric or classes) and kind in {"csv", "json"}:
        name = "--by" if metric else "--class"
        raise UserError(f"{name}: {kind} holds all rankings; use it with --format md or latex")
    from leaderboard import export
    from leaderboard.choosing import ranked_by
    from nnactive.io.files import write_text

    board = _board(**sources)
    chosen = _chosen(board, leagues)
    writers = {
        "csv": export.long_csv,
        "md": export.to_markdown,
        "latex": export.to_latex,
        "json": export.to_json,
    }
    text = writers[kind](ranked_by(replace(board, leagues=chosen), metric, classes))
    if out is None:
        click.echo(text, nl=not text.endswith("\n"))
    else:
        write_text(out, text)
    _list_left_out(board)


@leaderboard.command(cls=Contained, roles=SOURCES)
@click.argument("first", metavar="METHOD")
@click.argument("second", metavar="METHOD")
@source_options
@click.option("--league", "within", default="", help="Track, title or key of the ranking.")
@click.option(
    "--by",
    "metric",
    default="",
    help="Column to compare, such as aubc; by default the one that ranks.",
)
def compare(first: str, second: str, within: str, metric: str, **sources: Unpack[Sources]) -> None:
    """Compare two methods, each an id or a name: differences by setting with 95 % intervals."""
    from leaderboard import comparison

    leagues = _chosen(_board(**sources), [within] if within else [])
    found = [
        (each, comparison.method(each, first), comparison.method(each, second)) for each in leagues
    ]
    for name, place in ((first, 1), (second, 2)):
        if not any(each[place] for each in found):
            known = sorted({card.id for each in leagues for card in each.entrants})
            raise UserError(f"{name}: no such method; choose from: {', '.join(known) or 'none'}")
    for league, one, other in found:
        if one is not None and one == other:
            raise UserError(f"{first}: cannot be compared with itself; name two methods")
        if one and other:
            _show_comparison(league.title, comparison.compare(league, one, other, metric))
            return
    raise UserError(f"{first}, {second}: no ranking has both; compare methods of one track")


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
        _build(out, TOP, results=results, published=published, strict=False)
    except Exception as error:  # noqa: BLE001  (the run's own errors are still to be reported)
        return report(error)
    return 0


def _build(
    out: Path,
    top: int,
    ranked: tuple[str, Sequence[str]] = ("", ()),
    **sources: Unpack[Sources],
) -> None:
    from benchmark.cli.waits import told

    with told("building the page"):
        from leaderboard.build import build as build_board
        from leaderboard.cache import user_cache
        from leaderboard.choosing import ranked_by
        from leaderboard.terminal import top_tables

        board = build_board(out=out, cache=user_cache(_note), **sources)
    for table in top_tables(ranked_by(board, *ranked), top):
        print_top(table)
    _list_left_out(board)
    click.echo(f"leaderboard: {out.resolve()}")


def _board(**sources: Unpack[Sources]) -> "Board":
    from benchmark.cli.waits import told
    from leaderboard.build import load_board
    from leaderboard.cache import user_cache

    cache = user_cache(_note)
    with told("reading the results"):
        return load_board(cache=cache, **sources)


def _chosen(board: "Board", wanted: Sequence[str]) -> "tuple[League, ...]":
    """The leagues with one of these tracks, titles or keys; all for none."""
    from leaderboard import export

    chosen = export.chosen(board, wanted)
    if not chosen and wanted:
        known = ", ".join(league.title for league in board.leagues) or "none"
        raise UserError(f"--league {wanted[0]}: no such ranking; choose from: {known}")
    return chosen


def _show_comparison(title: str, compared: "Comparison") -> None:
    from rich.box import SIMPLE
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from leaderboard import comparison

    heads = (
        "setting",
        compared.first.name,
        compared.second.name,
        "difference",
        "95 % interval",
        "",
    )
    about = f"{title}: {compared.column.title}"
    table = Table(*map(escape, heads), title=escape(about), title_justify="left", box=SIMPLE)
    table.columns[0].overflow = "fold"
    for column in table.columns[1:]:
        column.justify = "right"
    for line in comparison.lines(compared):
        table.add_row(*map(escape, line))
    console = Console()
    console.print(table)
    for text in (comparison.sentence(compared), comparison.basis(compared)):
        console.print(escape(text), soft_wrap=True, highlight=False)


def _note(text: str) -> None:
    click.echo(f"note: {text}", err=True)


def _list_left_out(board: "Board") -> None:
    from leaderboard.formatting import vouching

    if board.unvouched:
        click.echo(f"note: {vouching(board.unvouched)}", err=True)
    for apart in board.apart:
        click.echo(f"not ranked: {apart.folder}: {apart.reason}", err=True)
    for left_out in board.left_out:
        click.echo(f"left out: {left_out.file}: {left_out.reason}", err=True)
