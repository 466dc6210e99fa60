"""Progress of a run: a bar on a terminal, elsewhere a line for each finished job."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.console import Console

    from benchmark.workflow.watch import Progress

MINUTE = 60
HOUR = 3600
BAR_WIDTH = 16
QUIET = 30
"""Seconds between two lines on the same work, without a terminal."""


def duration(seconds: float) -> str:
    """A duration in words.

    >>> duration(42), duration(200), duration(9000)
    ('42 s', '3 min', '2 h 30 min')
    """
    seconds = round(seconds)
    if seconds < MINUTE:
        return f"{seconds} s"
    if seconds < HOUR:
        return f"{seconds / MINUTE:.0f} min"
    return f"{int(seconds // HOUR)} h {int(seconds % HOUR // MINUTE)} min"


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


@contextmanager
def shown() -> Iterator["Callable[[Progress], None]"]:
    """A function that shows the progress it is given, while the block runs."""
    from rich.console import Console

    console = Console(stderr=True)
    if console.is_terminal:
        with _bar(console) as show:
            yield show
    else:
        yield _line


def _left(progress: "Progress") -> str:
    if progress.seconds_left is None or len(progress.done) == progress.total:
        return ""
    return f", about {duration(progress.seconds_left)} left"


def _line(progress: "Progress") -> None:
    import click

    before = len(progress.done) - len(progress.fresh)
    for number, job in enumerate(progress.fresh, before + 1):
        last = _left(progress) if number == len(progress.done) else ""
        click.echo(f"[{number}/{progress.total}] {job}{last}", err=True)


@contextmanager
def _bar(console: "Console") -> "Iterator[Callable[[Progress], None]]":
    from rich.markup import escape
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn
    from rich.progress import Progress as Bars
    from rich.table import Column

    text = TextColumn(
        "{task.description}", table_column=Column(ratio=1, no_wrap=True, overflow="ellipsis")
    )
    columns = (BarColumn(BAR_WIDTH), MofNCompleteColumn(), text)
    with Bars(*columns, console=console, transient=True, expand=True) as bars:
        task = bars.add_task("starting")

        def show(progress: "Progress") -> None:
            running = "; ".join(str(job) for job in progress.running) or "waiting"
            bars.update(
                task,
                completed=len(progress.done),
                total=progress.total,
                description=escape(f"jobs{_left(progress)} | {running}"),
            )

        yield show
