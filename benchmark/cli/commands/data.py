"""Commands that list, prepare and verify datasets."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark.cli.bars import bars
from benchmark.cli.commands.check_data import check
from benchmark.cli.commands.download import download
from benchmark.cli.commands.guide import add, guide
from benchmark.cli.contained import Contained
from benchmark.cli.options import data_option, raw_option
from benchmark.containers.roles import Role
from nnactive.io.formatting import command, size

if TYPE_CHECKING:
    from nnactive.data.cards import Card


@click.group()
def data() -> None:
    """List, download, check, prepare and verify datasets; add your own."""


for part in (download, check, guide, add):
    data.add_command(part)


@data.command("list", cls=Contained, roles={"data": Role.DATA})
@data_option
def list_datasets(data: Path) -> None:
    """List all datasets, and how much of each is on this disk."""
    from rich.table import Table

    from benchmark.cli.tables import print_table
    from nnactive.data.cards import list_cards, load_card, missing_folder
    from nnactive.data.state import state
    from nnactive.errors import UserError

    columns = ("dataset", "modality", "classes", "cases", "download", "licence", "login", "on disk")
    table = Table(*columns, box=None, pad_edge=False)
    problems = [missing] if (missing := missing_folder()) else []
    for name in list_cards():
        try:
            card = load_card(name)
        except UserError as error:
            problems.append(str(error))
            table.add_row(name, "card is invalid, see below")
            continue
        table.add_row(
            name,
            card.modality or "",
            str(len(card.classes) - 1),
            str(card.cases),
            _size(card),
            card.licence,
            "yes" if card.download and card.download.login else "no",
            state(card, data),
        )
    print_table(table)
    for problem in problems:
        click.echo(f"warning: {problem}", err=True)


@data.command(cls=Contained, roles={"raw": Role.RAW, "data": Role.KEPT_DATA})
@click.argument("name")
@raw_option
@data_option
@click.option(
    "--workers",
    type=click.IntRange(min=1),
    default=None,
    help="Cases to process in parallel; by default as many as cores and free memory allow.",
)
def prepare(name: str, raw: Path | None, data: Path, workers: int | None) -> None:
    """Prepare the dataset NAME from its raw data.

    Resumes an interrupted preparation.
    """
    prepare_dataset(name, raw, data, workers)


def prepare_dataset(name: str, raw: Path | None, data: Path, workers: int | None) -> None:
    """Prepare a dataset: print an estimate, show the progress, print the result."""
    from nnactive.data.cards import load_card
    from nnactive.data.prepare.prepare import estimate_needs
    from nnactive.data.prepare.prepare import prepare as prepare_folder
    from nnactive.data.raw.scan import recognised

    card, out = load_card(name), data / name
    if raw is not None and (layout := recognised(raw, card)):
        click.echo(f"note: {raw}: {layout}, taken", err=True)
    needs = estimate_needs(card, raw, out)
    if needs is not None:
        click.echo(
            f"{out}: needs up to {size(needs.disk)} of disk space ({size(needs.free)} free) "
            f"and {size(needs.memory)} of memory for the largest case{needs.largest_name}; "
            f"{workers or needs.workers} in parallel",
            err=True,
        )
    with bars() as progress:
        info = prepare_folder(card, raw, out, workers, progress)
    click.echo(
        f"{out}: {len(info.pool)} pool and {len(info.test)} test cases, "
        f"checksum {info.checksum[:12]}"
    )
    for warning in info.warnings:
        click.echo(f"warning: {warning.line}", err=True)
    if info.notes:
        given = f" --raw {shlex.quote(str(raw))}" if raw else ""
        way = command(f"data check {name}{given}", data)
        are = "1 note on the raw data" if info.notes == 1 else f"{info.notes} notes on the raw data"
        click.echo(f"note: {are}; {way} lists {'it' if info.notes == 1 else 'them'}", err=True)


@data.command(cls=Contained, roles={"data": Role.DATA})
@click.argument("name")
@data_option
def verify(name: str, data: Path) -> None:
    """Verify the prepared dataset NAME.

    Checks the case counts, files, values and checksum, and whose split it has.
    """
    from rich.table import Table

    from benchmark.cli.tables import print_table
    from nnactive.data.cards import load_card
    from nnactive.data.prepared import PreparedDataset
    from nnactive.data.verify import verify as verify_folder
    from nnactive.errors import UserError

    card = load_card(name)
    dataset = PreparedDataset(data / name)
    with bars() as progress:
        findings = verify_folder(card, dataset, progress)
    table = Table("check", "", "found", box=None, pad_edge=False)
    for finding in findings:
        passed = "warning" if finding.warning else "ok"
        table.add_row(finding.what, passed if finding.ok else "FAILED", finding.detail)
    print_table(table)
    failed = [finding.what for finding in findings if not finding.ok]
    if failed:
        raise UserError(
            f"{data / name}: failed: {', '.join(failed)}; remove that folder and prepare it again"
        )


def _size(card: "Card") -> str:
    """Size of the download, for the table."""
    if card.download is None:
        return "none" if card.generator else "your own"
    size = card.download.size_gib
    return "unknown" if size is None else f"{size:.2f} GiB" if size < 1 else f"{size:.1f} GiB"
