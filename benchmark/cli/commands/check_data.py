"""The command that checks a raw folder before any card."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchmark.cli.bars import bars
from benchmark.cli.contained import Contained
from benchmark.cli.options import data_option, raw_option
from benchmark.containers.roles import Role
from nnactive.errors import UserError
from nnactive.io.formatting import numbers

if TYPE_CHECKING:
    from nnactive.data.cards import Card
    from nnactive.data.own.check_folder import Checked


@click.command(cls=Contained, roles={"dataset": Role.DATASET, "raw": Role.RAW, "data": Role.DATA})
@click.argument("dataset", metavar="NAME|DIR")
@raw_option
@data_option
@click.option(
    "--group",
    default=None,
    help="Regular expression whose group matches the patient in a case id: '(.+)_scan'.",
)
@click.option(
    "--map",
    "mapping",
    default=None,
    metavar="VALUE=LABEL,...",
    help="As for 'data add': labels for other values in the label maps of DIR.",
)
@click.option("--json", "as_json", is_flag=True, help="Print facts and findings as JSON.")
def check(
    dataset: str,
    raw: Path | None,
    data: Path,
    group: str | None,
    mapping: str | None,
    *,
    as_json: bool,
) -> None:
    """Check raw data as a whole, before preparing them.

    Reads every file once and lists everything that is wrong or odd: damaged files, headers in
    another unit, cases that differ from the rest, classes that a side of the split lacks, voxels
    that the crop would remove, duplicates. DIR is a folder in nnU-Net's raw layout or with a known
    dataset; NAME is a dataset with a card. Exits with 2 if there is an error.
    """
    from nnactive.data.check.findings import of
    from nnactive.data.own.check_folder import check_folder

    try:
        card, folder, seen = _found(dataset, raw, data, group, mapping)
        with bars() as progress:
            checked = check_folder(card, folder, progress)
    except UserError as error:
        if as_json:
            click.echo(json.dumps(_nothing(error), indent=1))
        raise
    if as_json:
        click.echo(json.dumps(_as_json(checked, seen), indent=1))
    else:
        click.echo(f"{folder}: {seen}")
        _print(checked)
    if errors := of(checked.findings, "error"):
        raise UserError(
            f"{folder}: {len(errors)} error{'s' if errors[1:] else ''}; correct the data"
        )


def _found(
    dataset: str, raw: Path | None, data: Path, group: str | None, mapping: str | None
) -> "tuple[Card, Path, str]":
    """The card to check against, the folder, and what it was recognised as."""
    from nnactive.data.cards import DATASETS, list_cards, load_card
    from nnactive.data.check.known import recognise
    from nnactive.data.download.folders import Folders
    from nnactive.data.own.add import describe_raw
    from nnactive.data.own.own_labels import read_mapping

    if dataset in list_cards() and (raw or not Path(dataset).is_dir()):
        folder = raw or Folders.of(data, dataset).files
        if not folder.is_dir():
            raise UserError(f"{folder}: no raw data of {dataset}; give the folder as --raw")
        card = load_card(dataset)
        _refuse_options(card, group, mapping)
        return card, folder, f"checked as {card.title} ({dataset})"
    folder = raw or Path(dataset)
    if not folder.is_dir():
        known = ", ".join(list_cards())
        raise UserError(f"{folder}: neither a folder nor a dataset; known datasets: {known}")
    recognised = recognise(folder)
    # Options describe the folder anew, whatever an own card says of it.
    anew = recognised and recognised.card.folder.parent != DATASETS and (group or mapping)
    if recognised and recognised.complete and not anew:
        _refuse_options(recognised.card, group, mapping)
        return recognised.card, folder, recognised.text
    seen = "not a known dataset; treated as your own"
    if recognised and not recognised.complete:
        seen = recognised.text
    card = describe_raw(folder, group=group, mapping=read_mapping(mapping))
    return card, folder, f"{seen}, in nnU-Net's raw layout"


def _refuse_options(card: "Card", group: str | None, mapping: str | None) -> None:
    """Refuse options of 'data add' where a card has said the same already."""
    for option, given, field in (
        ("--group", group, "split.group"),
        ("--map", mapping, "label_map"),
    ):
        if given:
            raise UserError(
                f"{option}: is for a folder without a card; {card.name} has one in {card.folder}, "
                f"whose field '{field}' counts; leave {option} out"
            )


def _print(checked: "Checked") -> None:
    from rich.table import Table

    from benchmark.cli.tables import print_table
    from nnactive.data.check.findings import SEVERITIES, folded, of

    table = Table(
        "case", "shape", "spacing mm", "size mm", "axes", "values", box=None, pad_edge=False
    )
    told = {case for finding in checked.findings for case in finding.cases}
    for case in checked.facts:
        if case.id in told:
            ranges = "; ".join(f"{low:.4g} to {high:.4g}" for low, high in case.ranges)
            table.add_row(
                case.id, _listed(case.shape), _listed(case.spacing), _listed(case.millimetres),
                case.orientation, ranges,
            )  # fmt: skip
    _add_median(table, checked)
    print_table(table)
    click.echo()
    print_table(_classes(checked))
    findings = Table("severity", "kind", "found", box=None, pad_edge=False)
    for finding in folded(checked.findings):
        findings.add_row(finding.severity, finding.kind, finding.detail)
    if checked.findings:
        click.echo()
        print_table(findings)
    counts = ", ".join(f"{kind}s {len(of(checked.findings, kind))}" for kind in SEVERITIES)
    click.echo(f"\n{len(checked.facts)} cases read: {counts}")


def _add_median(table: Any, checked: "Checked") -> None:
    import numpy as np

    if checked.facts:
        columns = ([c.shape for c in checked.facts], [c.spacing for c in checked.facts])
        shape, spacing = (np.median(np.array(column), axis=0) for column in columns)
        size = np.median(np.array([case.millimetres for case in checked.facts]), axis=0)
        table.add_row(
            f"median of {len(checked.facts)}", _listed(shape), _listed(spacing), _listed(size)
        )


def _classes(checked: "Checked") -> Any:
    """Cases with each class on both sides of the split, and its voxels per case."""
    import numpy as np
    from rich.table import Table

    table = Table("class", "pool cases", "test cases", "voxels a case", box=None, pad_edge=False)
    pool = set(checked.sides.pool) if checked.sides else set()
    for number, name in enumerate(checked.card.classes[1:], 1):
        having = [case for case in checked.facts if case.voxels[number]]
        inside = sum(case.id in pool for case in having)
        median = np.median([case.voxels[number] for case in having]) if having else 0
        sides = (str(inside), str(len(having) - inside)) if checked.sides else ("-", "-")
        table.add_row(name, *sides, f"{median:,.0f} (median)")
    return table


def _as_json(checked: "Checked", seen: str) -> dict[str, Any]:
    return {
        "recognised": seen,
        "classes": list(checked.card.classes),
        "pool": list(checked.sides.pool) if checked.sides else None,
        "test": list(checked.sides.test) if checked.sides else None,
        "findings": [finding.model_dump(mode="json") for finding in checked.findings],
        "cases": [case.model_dump(mode="json") for case in checked.facts],
    }


def _nothing(error: UserError) -> dict[str, Any]:
    """The JSON of a folder of which no case could be read."""
    from nnactive.data.check.findings import Finding

    finding = Finding(severity="error", kind="folder", detail=str(error))
    nothing = dict.fromkeys(("recognised", "classes", "pool", "test"))
    return {**nothing, "findings": [finding.model_dump(mode="json")], "cases": []}


def _listed(values: Sequence[float] | Any) -> str:
    return numbers((float(f"{float(value):.4g}") for value in values), ",")
