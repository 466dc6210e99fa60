"""The check of a query method: a table that is there before a training could begin."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from benchmark.cli.contained import Contained
from benchmark.cli.options import param_option, seconds_option
from benchmark.containers.roles import Role
from nnactive.errors import UserError

if TYPE_CHECKING:
    from benchmark.conformance.checks import Verdict
    from benchmark.conformance.parent import Watcher


@click.command(cls=Contained, roles={"method": Role.METHOD})
@click.argument("method")
@param_option
@seconds_option
def check(method: str, parameters: Sequence[str], seconds: float) -> int:
    """Check METHOD on small synthetic pools; nothing is trained.

    METHOD is path/to/file.py:Class, or the name of a builtin method, with its parameters if need
    be: power_bald,beta=5.
    """
    from rich.console import Console

    rows = judge(method, parameters, seconds)
    _print_table(Console(), rows)
    bad = sum(row.state == "FAILED" for row in rows)
    if bad:
        click.echo(f"error: {method}: {bad} of {len(rows)} checks failed", err=True)
    return UserError.exit_code if bad else 0


def passes(method: str, parameters: Sequence[str], seconds: float) -> bool:
    """Whether a method passes the check; what fails is told, a line each.

    Raises:
        UserError: if the method can't be loaded.
    """
    rows = judge(method, parameters, seconds)
    bad = [row for row in rows if row.state == "FAILED"]
    for row in bad:
        click.echo(f"error: {method}: {row.check}: {row.detail}", err=True)
    if not bad:
        click.echo(f"{method}: passes the check; {rows[-1].check}: {rows[-1].detail}")
    return not bad


def judge(method: str, parameters: Sequence[str], seconds: float) -> "list[Verdict]":
    """Rows of the check, with a line on how far it is.

    Raises:
        UserError: if the method can't be loaded.
    """
    from benchmark.conformance.checks import LOADS
    from benchmark.conformance.parent import check as run

    with _shown(method) as watcher:
        rows = run(method, parameters, seconds, watcher)
    if rows[0].check == LOADS and rows[0].state == "FAILED":
        raise UserError(rows[0].detail)
    return rows


@contextmanager
def _shown(method: str) -> "Iterator[Watcher]":
    """One line that changes on a terminal; elsewhere a line a row."""
    from rich.console import Console
    from rich.markup import escape

    from benchmark.conformance.checks import CHECKS

    console = Console(stderr=True)
    told = 0

    def lines(rows: "Sequence[Verdict]") -> None:
        nonlocal told
        for number, row in enumerate(rows[told:], told + 1):
            click.echo(f"[{number}/{len(CHECKS)}] {row.check}: {row.state}", err=True)
        told = len(rows)

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


def _print_table(console: object, rows: "Sequence[Verdict]") -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    if not isinstance(console, Console):
        raise TypeError(console)
    colours = {"ok": "green", "FAILED": "bold red", "not judged": "dim"}
    table = Table("check", "", "", box=None, show_header=False)
    for row in rows:
        table.add_row(row.check, f"[{colours[row.state]}]{row.state}", escape(row.detail))
    console.print(table)
