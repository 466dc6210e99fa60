"""The check of a query method: a table of rows in seconds, before anything is trained."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from benchmark.child_errors import error_line
from benchmark.cli.contained import Contained, note
from benchmark.cli.errors import DEBUG
from benchmark.cli.options import isolation_option, method_argument, seconds_option
from benchmark.cli.tables import WIDTH
from benchmark.containers.roles import Role
from nnactive.errors import UserError

if TYPE_CHECKING:
    from rich.console import Console

    from benchmark.conformance.checks import Verdict
    from benchmark.conformance.parent import Watcher
    from benchmark.submission.method_string import Method


@click.command(cls=Contained, roles={"method": Role.METHOD})
@method_argument
@seconds_option
@isolation_option
def check(method: "Method", seconds: float) -> int:
    """Check METHOD on small synthetic pools; nothing is trained.

    METHOD is path/to/file.py:Class, path/to/folder:Class, or the name of a built-in or installed
    method, optionally with parameters: power_bald,beta=5. With --debug (before the command), a
    failed row comes with its traceback.
    """
    from rich.console import Console

    rows = judge(method, seconds)
    # At 80 columns most lines would break.
    piped = not Console().is_terminal and "COLUMNS" not in os.environ
    _print_table(Console(width=WIDTH if piped else None), rows)
    bad = sum(row.state == "FAILED" for row in rows)
    if bad:
        click.echo(error_line(f"{method.string}: {bad} of {len(rows)} checks failed"), err=True)
    return UserError.exit_code if bad else 0


def passes(method: "Method", seconds: float) -> bool:
    """Whether a method passes the check; prints each failed row.

    Raises:
        UserError: if the method can't be loaded.
    """
    rows = judge(method, seconds)
    bad = [row for row in rows if row.state == "FAILED"]
    for row in bad:
        click.echo(error_line(f"{method.string}: {row.check}: {row.detail}"), err=True)
    if not bad:
        click.echo(f"{method.string}: passes the check; {rows[-1].check}: {rows[-1].detail}")
    return not bad


def judge(method: "Method", seconds: float) -> "list[Verdict]":
    """Rows of the check; shows progress meanwhile.

    Raises:
        UserError: if the method can't be loaded.
    """
    from benchmark.conformance.checks import LOADS
    from benchmark.conformance.parent import check as run

    method = method.staged(note)
    with _shown(method.string) as watcher:
        rows = run(method, seconds, watcher)
    for row in rows:
        if row.trace and os.environ.get(DEBUG):
            click.echo(row.trace, err=True)
    if rows[0].check == LOADS and rows[0].state == "FAILED":
        raise UserError(rows[0].detail)
    return rows


@contextmanager
def _shown(method: str) -> "Iterator[Watcher]":
    """Show progress: on a terminal in one line that changes, elsewhere with a line for each row."""
    from rich.console import Console
    from rich.markup import escape

    from benchmark.conformance.checks import CHECKS

    console = Console(stderr=True)
    shown = 0

    def lines(rows: "Sequence[Verdict]") -> None:
        nonlocal shown
        for number, row in enumerate(rows[shown:], shown + 1):
            click.echo(f"[{number}/{len(CHECKS)}] {row.check}: {row.state}", err=True)
        shown = len(rows)

    if not console.is_terminal:
        yield lines
        return
    with console.status(escape(f"checking {method}")) as status:

        def line(rows: "Sequence[Verdict]") -> None:
            number = min(len(rows), len(CHECKS) - 1)
            status.update(
                escape(f"checking {method} [{number + 1}/{len(CHECKS)}]: {CHECKS[number]}")
            )

        yield line


def _print_table(console: "Console", rows: "Sequence[Verdict]") -> None:
    from rich.markup import escape
    from rich.table import Table

    colours = {"ok": "green", "FAILED": "bold red", "not reached": "dim", "not judged": "dim"}
    table = Table(box=None, show_header=False)
    table.add_column("check", no_wrap=True)
    table.add_column("state", no_wrap=True)
    table.add_column("detail")
    for row in rows:
        table.add_row(row.check, f"[{colours[row.state]}]{row.state}", escape(row.detail))
    console.print(table)
