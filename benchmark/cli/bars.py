"""Progress of work on a dataset, case by case."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from benchmark.cli.progress import Beat, Pace

if TYPE_CHECKING:
    from nnactive.data.progress import Progress


@contextmanager
def bars(unit: str = " cases") -> Iterator["Progress"]:
    """A progress bar per stage on a terminal, elsewhere lines; both with the time left.

    Args:
        unit: what is counted, as it follows a number.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    if not console.is_terminal:
        yield Lines(unit)
        return
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bars(*columns, TimeRemainingColumn(), console=console) as shown:
        tasks = {}

        def progress(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = shown.add_task(stage, total=total)
            shown.update(tasks[stage], completed=done)

        yield progress


class Lines:
    """Prints a line at the end of a stage, and one now and then until then."""

    def __init__(self, unit: str = " cases") -> None:
        self.unit = unit
        self.stage = ""
        self.beat = Beat(0)
        self.pace = Pace(0, 0)

    def __call__(self, stage: str, done: int, total: int) -> None:
        """Report that ``done`` of ``total`` cases have passed a stage."""
        now = time.monotonic()
        share = done / max(total, 1)
        if stage != self.stage:
            self.stage, self.beat, self.pace = stage, Beat(now), Pace(share, now)
        if not total:
            return
        if done == total:
            click.echo(f"{stage}: {done}{self.unit}", err=True)
        elif self.beat.due(now):
            left = self.pace.left(share, now)
            click.echo(
                ", ".join(filter(None, (f"{stage}: {done} of {total}{self.unit}", left))), err=True
            )
