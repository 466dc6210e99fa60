"""Commands about the entries of the public board."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from benchmark.cli.options import data_option
from nnactive.errors import UserError

if TYPE_CHECKING:
    from benchmark.board.look import Row, Verdict

USUAL: Final = Path("leaderboard/entries")


@click.group()
def entry() -> None:
    """Add, list, verify, review and withdraw entries of the public board."""


entries_option = click.option(
    "--entries",
    "board",
    type=click.Path(path_type=Path, file_okay=False),
    default=USUAL,
    show_default=True,
    help="Folder of the public board.",
)


@entry.command()
@click.argument("bundle", type=click.Path(path_type=Path, exists=True))
@click.option(
    "--replaces", metavar="NAME", help="Entry to correct: the bundle becomes its next version."
)
@click.option(
    "--baselines",
    is_flag=True,
    help="For maintainers: a result of the benchmark's own, trusted as a baseline.",
)
@entries_option
@data_option
def add(bundle: Path, replaces: str | None, board: Path, data: Path, *, baselines: bool) -> None:
    """Verify BUNDLE, a folder or .zip, and put it on the board.

    It becomes NAME/1, or the next version of the entry that it replaces, which stays readable.
    Commit the folder and open a pull request.
    """
    from benchmark.board.change import add as run

    made = run(bundle, board, replaces=replaces, baselines=baselines, data=data)
    undone = sum(each.state == "not checked" for each in made.findings)
    checks = f"{len(made.findings) - undone} checks passed, {undone} not done"
    click.echo(f"{made.name}: version {made.version}, in {made.folder} ({checks})")
    click.echo(f"next: git add {board} && git commit, then open a pull request")


@entry.command("list")
@entries_option
def list_entries(board: Path) -> int:
    """List the entries: versions, how far each was checked and by whom, withdrawn or not."""
    from rich.markup import escape
    from rich.table import Table

    from benchmark.board.look import rows
    from benchmark.cli.tables import print_table

    table = Table(box=None, pad_edge=False)
    table.add_column("entry", no_wrap=True)
    for column in ("version", "track", "method", "level", "state"):
        table.add_column(column)
    found = list(rows(board))
    for each in found:
        cells = (str(each.version or "-"), each.track, each.method, _level(each), each.state)
        table.add_row(escape(each.name), *map(escape, cells))
    print_table(table)
    if any(each.broken for each in found):
        raise UserError(f"{board}: contains unreadable entries")
    return 0


@entry.command()
@click.argument("names", nargs=-1, metavar="[NAME]...")
@entries_option
@data_option
def verify(names: Sequence[str], board: Path, data: Path) -> int:
    """Verify all entries, or those called NAME, in every version.

    The exit code is 2 if one isn't what was accepted, or fails a check.
    """
    from benchmark.board.look import verdicts

    bad = []
    for each in verdicts(board, names, data):
        click.echo(told(each))
        bad += [each.name] if each.problems else []
    if bad:
        raise UserError(f"{board}: {', '.join(dict.fromkeys(bad))}: not verified")
    return 0


@entry.command()
@click.argument("name")
@click.option("--reason", required=True, metavar="TEXT", help="Shown on the board.")
@entries_option
def withdraw(name: str, reason: str, board: Path) -> None:
    """Mark the entry NAME as withdrawn: it's shown with the reason, and no longer ranked."""
    from benchmark.board.change import withdraw as run

    found = run(board, name, reason)
    click.echo(f"{found.name}: withdrawn; its files stay in {found.folder}")


@entry.command()
@click.argument("accepted", type=click.Path(path_type=Path, file_okay=False))
@click.argument("proposed", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--verdict",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Also write the verdict as Markdown.",
)
@click.option(
    "--page",
    type=click.Path(path_type=Path, dir_okay=False),
    help="If nothing is wrong, build the page that the proposed board would have.",
)
@data_option
def review(
    accepted: Path, proposed: Path, verdict: Path | None, page: Path | None, data: Path
) -> int:
    """Verify what the folder PROPOSED adds to the board ACCEPTED, as a pull request does.

    Nothing accepted may change but by a version, a withdrawal or a signed attestation. The
    baselines and signers of ACCEPTED judge. The exit code is 2 if something is wrong.
    """
    from benchmark.board.review import review as run
    from leaderboard.formatting import plain
    from nnactive.io.files import write_text

    found = run(accepted, proposed, data)
    if verdict:
        verdict.parent.mkdir(parents=True, exist_ok=True)
        write_text(verdict, found.markdown)
    for line in found.added:
        click.echo(plain(line, limit=500))
    for line in found.problems:
        click.echo(f"FAILED: {plain(line, limit=500)}")
    if found.problems:
        raise UserError(f"{proposed}: cannot be accepted as it is")
    if page:
        from leaderboard.build import build

        page.parent.mkdir(parents=True, exist_ok=True)
        build((), page, entries=proposed, strict=True)
    return 0


def told(verdict: "Verdict") -> str:
    """A verdict in one line, or as many as there are problems."""
    shown = f"{verdict.name}, version {verdict.version}" if verdict.version else verdict.name
    if not verdict.problems:
        undone = f" ({verdict.undone} checks not done)" if verdict.undone else ""
        return f"{shown}: verified{undone}"
    return "\n".join(f"{shown}: FAILED: {each}" for each in verdict.problems)


def _level(row: "Row") -> str:
    if row.standing is None:
        return ""
    by = f" by {', '.join(row.standing.by)}" if row.standing.by else ""
    return f"{row.standing.level}{by}{' (signed)' if row.standing.signed else ''}"
