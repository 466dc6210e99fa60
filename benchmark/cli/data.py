"""Commands that list and prepare datasets."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark.cli.options import data_option

if TYPE_CHECKING:
    from nnactive.data.job import Progress


@click.group()
def data() -> None:
    """List and prepare datasets."""


@data.command("list")
@data_option
def list_datasets(data: Path) -> None:
    """List all datasets, and which of them are prepared."""
    from rich.console import Console
    from rich.table import Table

    from nnactive.data.cards import list_cards, load_card

    table = Table("dataset", "title", "cases", "classes", "prepared", box=None)
    for name in list_cards():
        card = load_card(name)
        there = (data / name / "prepared.json").exists()
        generated = "generates itself" if card.generator else "no"
        table.add_row(
            name,
            card.title,
            str(card.cases),
            str(len(card.labels) - 1),
            "yes" if there else generated,
        )
    Console().print(table)


@data.command()
@click.argument("name")
@click.option(
    "--raw",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="The unpacked raw dataset, where it doesn't generate itself.",
)
@data_option
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=None,
    help="Cases to work on at a time; by default as many as there are cores.",
)
def prepare(name: str, raw: Path | None, data: Path, workers: int | None) -> None:
    """Prepare the dataset NAME; a preparation that was cut off goes on where it was."""
    prepare_dataset(name, raw, data, workers)


def prepare_dataset(name: str, raw: Path | None, data: Path, workers: int | None) -> None:
    """Prepare a dataset, with a progress bar, and say where it lies."""
    from benchmark.provenance import usable_cores
    from nnactive.data.cards import load_card
    from nnactive.data.prepare import prepare as prepare_folder

    card = load_card(name)
    with _bars() as progress:
        info = prepare_folder(card, raw, data / name, workers or usable_cores(), progress)
    click.echo(
        f"{data / name}: {len(info.pool)} pool and {len(info.test)} test cases, "
        f"checksum {info.checksum[:12]}"
    )


@contextmanager
def _bars() -> Iterator["Progress"]:
    """A progress bar a stage on a terminal; elsewhere one line a stage."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bars

    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bars(
        *columns, TimeRemainingColumn(), console=console, disable=not console.is_terminal
    ) as bars:
        tasks = {}

        def progress(stage: str, done: int, total: int) -> None:
            if stage not in tasks:
                tasks[stage] = bars.add_task(stage, total=total)
            bars.update(tasks[stage], completed=done)
            if not console.is_terminal and done == total:
                click.echo(f"{stage}: {done} cases", err=True)

        yield progress
