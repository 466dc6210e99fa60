"""Progress of a run: a bar on a terminal, elsewhere a line for each finished job."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from nnactive.io.formatting import duration

if TYPE_CHECKING:
    from rich.console import Console

    from benchmark.jobs import Job
    from benchmark.journal.watch import Progress

BAR_WIDTH = 16
SOON = 5.0
"""Seconds until the first line on a wait."""
QUIET = 30
"""Seconds between two lines on the same work, without a terminal."""


class Pace:
    """Estimates how long work still takes from its progress since the estimate began."""

    def __init__(self, share: float, now: float) -> None:
        """Begin at a ``share`` of the work, from 0 to 1, and the time ``now`` in seconds."""
        self.share, self.start = share, now

    def left(self, share: float, now: float) -> str:
        """The time left, in words; empty if it can't be estimated yet or nothing is left.

        >>> Pace(0.5, 100).left(0.6, 120)
        'about 1 min left'
        """
        gained = share - self.share
        if gained <= 0 or share >= 1:
            return ""
        return f"about {duration((1 - share) / gained * (now - self.start))} left"


class WaitLines:
    """A line when a wait begins, and how long it still takes every half minute."""

    def __init__(self) -> None:
        self.wait, self.told = "", 0.0

    def __call__(self, why: str, left: float, now: float) -> None:
        """Tell why nothing happens and the seconds left, if a line is due at the time ``now``."""
        if why != self.wait or now - self.told >= QUIET:
            self.wait, self.told = why, now
            click.echo(f"waiting: {why}; {duration(left)} left", err=True)

    def end(self) -> None:
        """Work goes on, so that the same wait is told again if it comes back."""
        self.wait = ""


class Beat:
    """When the next line on a wait is due: after 5 s, then after as long as it took so far.

    >>> beat = Beat(0.0, most=10)
    >>> [now for now in range(60) if beat.due(now)]
    [5, 10, 20, 30, 40, 50]
    """

    def __init__(self, now: float, most: float = 60) -> None:
        """Begin at the time ``now``; ``most`` is the longest time between two lines. In s."""
        self.start = self.last = now
        self.most = most

    def due(self, now: float) -> bool:
        """Whether a line is due; if so, it counts as written."""
        pause = min(max(self.last - self.start, SOON), self.most)
        if now - self.last < pause:
            return False
        self.last = now
        return True


@dataclass(frozen=True)
class Words:
    """How progress is put in words."""

    job: "Callable[[Job], str]" = str
    idle: str = "waiting for Snakemake"
    """While no job runs."""
    least: float = 0
    """Seconds left below which no time is told."""

    def left(self, progress: "Progress") -> str:
        """The time left, after a comma; empty if it isn't known or nothing is left."""
        seconds = progress.seconds_left
        if seconds is None or seconds < self.least or len(progress.done) == progress.total:
            return ""
        return f", about {duration(seconds)} left"


@contextmanager
def shown(words: Words | None = None) -> Iterator["Callable[[Progress], None]"]:
    """A function that shows the progress it is given, while the block runs.

    Args:
        words: how; None: as the benchmark does.
    """
    from rich.console import Console

    console = Console(stderr=True)
    if console.is_terminal:
        with _bar(console, words or Words()) as show:
            yield show
    else:
        yield Lines(words)


class Lines:
    """Prints a line for each finished job; while none finishes, now and then what is running."""

    def __init__(self, words: Words | None = None) -> None:
        self.words = words or Words()
        self.beat = Beat(time.monotonic())

    def __call__(self, progress: "Progress") -> None:
        """Show how far the run is."""
        import click

        now = time.monotonic()
        before = len(progress.done) - len(progress.fresh)
        for number, job in enumerate(progress.fresh, before + 1):
            last = self.words.left(progress) if number == len(progress.done) else ""
            click.echo(f"[{number}/{progress.total}] {self.words.job(job)}{last}", err=True)
        if progress.fresh:
            self.beat = Beat(now)
        elif self.beat.due(now):
            running = "; ".join(map(self.words.job, progress.running)) or self.words.idle
            spent = duration(now - self.beat.start)
            click.echo(f"running for {spent}: {running}{self.words.left(progress)}", err=True)


@contextmanager
def _bar(console: "Console", words: Words) -> "Iterator[Callable[[Progress], None]]":
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bars
    from rich.table import Column

    text = TextColumn(
        "{task.description}", table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")
    )
    columns = (BarColumn(BAR_WIDTH), MofNCompleteColumn(), text)
    with Bars(*columns, console=console, transient=True, expand=True) as bars:
        task = bars.add_task("starting", total=None)

        def show(progress: "Progress") -> None:
            running = "; ".join(map(words.job, progress.running)) or "waiting"
            bars.update(
                task,
                completed=len(progress.done),
                total=progress.total,
                description=escape(f"jobs{words.left(progress)} | {running}"),
            )

        yield show
