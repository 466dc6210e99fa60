"""Commands about the methods that a runs folder holds."""

import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from benchmark.cli.options import runs_option
from nnactive.errors import UserError


@click.group()
def runs() -> None:
    """List and remove the methods of a runs folder."""


track_option = click.option("--track", default=None, metavar="NAME", help="Only in this track.")


@runs.command("list")
@track_option
@runs_option
def list_entries(track: str | None, runs: Path) -> None:
    """List the methods in RUNS: experiments complete, failed and unfinished, and their size."""
    from rich.table import Table

    from benchmark.cli.tables import print_table
    from benchmark.entries.find import entries
    from nnactive.io.formatting import size

    table = Table(box=None, pad_edge=False)
    table.add_column("method", no_wrap=True)
    table.add_column("track", no_wrap=True)
    table.add_column("origin")
    for column in ("complete", "failed", "unfinished", "size"):
        table.add_column(column, justify="right")
    for each in entries(runs, track):
        counts = (each.complete, each.failed, each.unfinished)
        shown = [str(count) if count else "-" for count in counts]
        table.add_row(each.method, each.root.name, each.origin, *shown, size(each.size))
    print_table(table)


@runs.command()
@click.argument("method")
@track_option
@runs_option
@click.option("--failed", is_flag=True, help="Only its experiments that failed.")
@click.option(
    "--seed", "seeds", type=int, multiple=True, metavar="N", help="Only this seed; repeatable."
)
@click.option("--yes", is_flag=True, help="Don't ask.")
def remove(
    method: str, track: str | None, runs: Path, seeds: Sequence[int], *, failed: bool, yes: bool
) -> int:
    """Remove METHOD, an id that `runs list` shows, from RUNS: results, networks and logs.

    The starting budget's loop, which all methods share, stays.
    """
    from benchmark.entries.find import entries
    from benchmark.entries.remove import remove as run
    from nnactive.io.formatting import size

    there = entries(runs, track)
    found = [each for each in there if each.method == method]
    if not found:
        ids = ", ".join(dict.fromkeys(each.method for each in there)) or "none"
        raise UserError(f"{runs}: no method '{method}'; it has {ids}")
    part = failed or bool(seeds)
    chosen = [(each, each.chosen(seeds, failed=failed)) for each in found]
    chosen = [(each, folders) for each, folders in chosen if folders or not part]
    if not chosen:
        what = "experiment that failed" if failed else "experiment of this seed"
        raise UserError(f"{method}: no {what}; runs list --runs {runs} shows what is there")
    for each, folders in chosen:
        count = len(folders)
        experiments = "1 experiment" if count == 1 else f"{count} experiments"
        held = "" if len(folders) < len(each.folders) else f", {size(each.size)}"
        click.echo(f"{each.root.name}: {each.method}, {experiments}{held}")
    if not yes:
        if not sys.stdin.isatty():
            raise UserError(f"{method}: confirm the removal with --yes")
        click.confirm("Remove this?", abort=True)
    for each, folders in chosen:
        run(each, folders)
    again = f"nnactive-bench leaderboard build --results {shlex.quote(str(runs))}"
    click.echo(f"removed; rebuild the page with: {again}")
    return 0
