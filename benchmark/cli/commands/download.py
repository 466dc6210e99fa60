"""The command that downloads a dataset."""

import shutil
import sys
import textwrap
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark.cli.contained import Contained
from benchmark.cli.options import data_option
from benchmark.cli.progress import BAR_WIDTH, QUIET, Pace, WaitLines
from benchmark.containers.roles import Role
from nnactive.io.formatting import command, duration, size

if TYPE_CHECKING:
    from rich.console import Console

    from nnactive.data.cards import Card
    from nnactive.data.download.folders import Folders
    from nnactive.data.progress import Report, Step

WIDTH = 100
DOING = {"ask": "fetching", "fetch": "fetching", "check": "checking", "unpack": "unpacking"} | {
    "wait": "waiting:"
}


@click.command(cls=Contained, roles={"data": Role.KEPT_DATA}, network=True)
@click.argument("name")
@data_option
@click.option(
    "--accept-licence",
    is_flag=True,
    help="Accept the dataset's licence without being asked.",
)
def download(name: str, data: Path, *, accept_licence: bool) -> None:
    """Download the raw data of the dataset NAME.

    Resumes an interrupted download. The files go to DATA/raw/NAME/archives and, unpacked, to
    DATA/raw/NAME/files, where `data prepare NAME` finds them.
    """
    from nnactive.data.cards import load_card
    from nnactive.data.download import dataset
    from nnactive.data.download.folders import Folders
    from nnactive.data.download.sources import StepsNeededError

    card = load_card(name)
    folders = Folders.of(data, name)
    if card.download is not None:
        _ask(card, folders, accepted=accept_licence)
        if dataset.state(card, folders) != "complete":
            _print_space(card, folders)
    try:
        with _shown() as report:
            outcome = dataset.download(card, folders, report)
    except StepsNeededError as error:
        width = min(shutil.get_terminal_size().columns, WIDTH)
        click.echo(
            textwrap.fill(error.steps, width, break_long_words=False, break_on_hyphens=False)
        )
        click.echo(f"Place: {error.place}")
        raise
    checksums = "as published" if outcome.published else f"stored in {folders.sums.name}"
    done = "already complete" if outcome.before else "complete"
    click.echo(
        f"{outcome.folder}: {done}: {size(outcome.bytes)} in {outcome.archives} "
        f"{'file' if outcome.archives == 1 else 'files'} downloaded, checksums {checksums}; "
        f"{outcome.files} unpacked"
    )
    click.echo(f"next: {command(f'data prepare {name}', data)}")


def _ask(card: "Card", folders: "Folders", *, accepted: bool) -> None:
    """Ask for consent to the licence, once; without a terminal, only the flag gives it."""
    from nnactive.data.download import consent
    from nnactive.errors import UserError

    if consent.is_given(card, folders):
        return
    if not accepted:
        if not sys.stdin.isatty():
            consent.require(card, folders)
        click.echo(f"{card.title}: {consent.described(card)}.")
        if not click.confirm("Do you accept it?"):
            raise UserError(
                f"{card.name}: licence not accepted, so nothing was downloaded; run "
                "the same command again to accept it"
            )
    consent.give(card, folders)


def _print_space(card: "Card", folders: "Folders") -> None:
    from nnactive.data.download.dataset import space

    need = space(card, folders)
    much = "unknown (no size is published)" if need.needed is None else f"about {size(need.needed)}"
    click.echo(f"{folders.root}: disk space needed: {much}; free: {size(need.free)}", err=True)


@contextmanager
def _shown() -> "Iterator[Report]":
    """Shows progress while the block runs: bars on a terminal, lines elsewhere."""
    from rich.console import Console

    console = Console(stderr=True)
    if not console.is_terminal:
        yield _Lines()
        return
    with _bars(console) as report:
        yield report


@contextmanager
def _bars(console: "Console") -> "Iterator[Report]":
    """A bar for the current file, and one for all files if there are several."""
    from rich.console import Group
    from rich.live import Live
    from rich.progress import (
        BarColumn,
        DownloadColumn,
        MofNCompleteColumn,
        Progress,
        TaskID,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    left = TextColumn("{task.description}", markup=False)
    whole = Progress(TextColumn("all files"), BarColumn(BAR_WIDTH), MofNCompleteColumn(), left)
    each = Progress(
        TextColumn("{task.description}", markup=False),
        BarColumn(BAR_WIDTH),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    pause = Progress(TextColumn("{task.description}", markup=False), BarColumn(BAR_WIDTH))
    waiting = pause.add_task("", visible=False)
    shown: dict[tuple[str, str], TaskID] = {}
    files = whole.add_task("", total=None, visible=False)
    pace = _WholePace()
    with Live(Group(whole, each, pause), console=console, transient=True):

        def report(step: "Step") -> None:
            if step.stage == "wait":
                pause.update(
                    waiting,
                    description=f"{_what(step)}; {_left(step)}",
                    total=step.total,
                    completed=step.done,
                    visible=True,
                )
                return
            pause.update(waiting, visible=False)
            key = (step.stage, step.name)
            if key not in shown:
                for task in shown.values():
                    each.remove_task(task)
                shown.clear()
                shown[key] = each.add_task(_what(step), total=step.total, completed=step.done)
            each.update(shown[key], total=step.total, completed=step.done)
            left = pace.left(step, time.monotonic())
            if step.count > 1:
                whole.update(
                    files,
                    description=left,
                    completed=int(_share(step) * step.count),
                    total=step.count,
                    visible=True,
                )

        yield report


class _Lines:
    """A line when a file begins, and its progress every half minute."""

    def __init__(self) -> None:
        self.key = ("", "")
        self.asked = 0
        self.last = 0.0
        self.pace = Pace(0, 0)
        self.waits = WaitLines()
        self.whole = _WholePace()

    def __call__(self, step: "Step") -> None:
        now = time.monotonic()
        if step.stage == "wait":
            self.waits(step.name, (step.total or 0) - step.done, now)
            return
        self.waits.end()
        left = self.whole.left(step, now)
        parts = [f"all files: {left}" if left else ""]
        own = step.done / step.total if step.total else 0
        if self.key != (step.stage, step.name):
            self.key, self.last = (step.stage, step.name), now
            self.pace = Pace(own, now)
            self.asked = step.number if step.stage == "ask" else self.asked
            # When a source was asked for the file, that line has announced it.
            if step.stage != "check" and not (step.stage == "fetch" and self.asked == step.number):
                click.echo("; ".join(filter(None, (_what(step), *parts))), err=True)
        elif now - self.last >= QUIET:
            self.last = now
            far = f"{own:.0%} of {size(step.total)}" if step.total else size(step.done)
            far = ", ".join(filter(None, (far, self.pace.left(own, now))))
            click.echo("; ".join(filter(None, (f"{_what(step)}: {far}", *parts))), err=True)


class _WholePace:
    """Time left for all files of a download, first for fetching, then for unpacking."""

    def __init__(self) -> None:
        self.paces: dict[bool, Pace] = {}

    def left(self, step: "Step", now: float) -> str:
        """The time left in words; empty if unknown yet, or if there is only one file."""
        if step.count == 1:
            return ""
        share = _share(step)
        if step.stage == "ask" and False not in self.paces:
            return ""  # it is unknown yet how much of the file is there
        pace = self.paces.setdefault(step.stage == "unpack", Pace(share, now))
        return pace.left(share, now)


def _share(step: "Step") -> float:
    """Fraction of all files that is fetched, or unpacked; each file counts the same."""
    own = step.done / step.total if step.total else 0
    # A file that is being checked is complete.
    return (step.number - 1 + (1 if step.stage == "check" else own)) / step.count


def _left(step: "Step") -> str:
    """How long a wait still takes."""
    return f"{duration((step.total or 0) - step.done)} left"


def _what(step: "Step") -> str:
    number = f"[{step.number}/{step.count}] " if step.count > 1 else ""
    return f"{number}{DOING[step.stage]} {step.name}"
