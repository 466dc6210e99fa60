"""Commands for your own dataset: the guideline's numbers, and a card."""

import os
import shlex
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

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
    from nnactive.data.own.guide import Guide
    from nnactive.data.own.structure_sizes import Boxes

LISTED = 10
"""Errors of a folder that are printed."""

tumour_option = click.option(
    "--tumour",
    "tumours",
    multiple=True,
    metavar="CLASS",
    help="High-variance class: 100 instead of 50 patches per loop; repeatable.",
)
patch_option = click.option(
    "--patch-from",
    "only",
    multiple=True,
    metavar="CLASS",
    help="Derive the query patch from this class instead of all; repeatable.",
)


@click.command(
    cls=Contained,
    roles={
        "dataset": Role.DATASET,
        "raw": Role.RAW,
        "data": Role.DATA,
        "out": Role.GUIDE,
    },
)
@click.argument("dataset", metavar="NAME|DIR")
@raw_option
@data_option
@tumour_option
@patch_option
@click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    default=None,
    help="Track file to write; by default guide_NAME.yaml in the current folder.",
)
def guide(
    dataset: str,
    raw: Path | None,
    data: Path,
    tumours: Sequence[str],
    only: Sequence[str],
    out: Path | None,
) -> None:
    """Derive query patch and budget from label maps.

    Follows the papers' guideline and writes the result as a track file. NAME is a dataset with a
    card, prepared or raw; DIR is a folder in nnU-Net's raw layout (dataset.json, imagesTr,
    labelsTr). Classes of high variance, and those that the patch is derived from, are the card's
    unless they are given.
    """
    from benchmark.feasibility.guideline import fitted
    from benchmark.track_files.guideline import MARK, as_yaml, guideline_track
    from nnactive.data.cards import list_cards, load_card
    from nnactive.data.own.guide import derive
    from nnactive.io.files import write_text

    card, boxes, pool = _measured(dataset, raw, data)
    tumours, only = tumours or card.tumour, only or card.patch_from
    found = derive(card.classes[1:], boxes.cases, boxes.spacing, tumours, only)
    known = load_card(card.name) if card.name in list_cards() else None
    fit = fitted(card, found, boxes, pool, known.candidates if known else None)
    track = guideline_track(card.name, card.title, found, fit.fewer)
    out = out or Path(f"{track.name}.yaml")
    if out.exists() and not out.read_text(encoding="utf-8", errors="replace").startswith(MARK):
        raise UserError(
            f"{out}: not written by this command, so it isn't overwritten; give another --out"
        )
    _print_guide(found, known)
    if fit.problem and not fit.fewer:
        raise UserError(f"{card.name}: {fit.problem}; {fit.way_out}; no track was written")
    write_text(out, as_yaml(track, found))
    if fit.problem:
        way = f"{out} has {fit.way_out}, and its results can only be compared with each other"
        click.echo(f"warning: {card.name}: {fit.problem}; {way}", err=True)
    elif fit.doubt:
        click.echo(f"warning: {card.name}: {fit.doubt}", err=True)
    click.echo(f"\n{out}: track {track.name}; use it with {_submit(out)}")
    if not known:
        options = _options(tumours, only)
        if not os.environ.get("NNACTIVE_DATASETS"):
            options += " --out FOLDER_OF_YOUR_CARDS"
        click.echo(
            f"it needs a card first: nnactive-bench data add {shlex.quote(dataset)}{options}"
        )


@click.command(cls=Contained, roles={"raw": Role.RAW, "out": Role.CARDS})
@click.argument("raw", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--name", default=None, help="Name of the dataset; by default that of the folder.")
@click.option(
    "--group",
    default=None,
    help="Regular expression whose group matches the patient in a case id: '(.+)_scan'.",
)
@click.option(
    "--out",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="NNACTIVE_DATASETS",
    default=None,
    help="Folder of your cards (or NNACTIVE_DATASETS).",
)
@click.option(
    "--map",
    "mapping",
    default=None,
    metavar="VALUE=LABEL,...",
    help="Labels for other values in the label maps: 255=1,5=3; 0 is background.",
)
@click.option(
    "--rename",
    is_flag=True,
    help="Add _0000 to the names of images that lack a channel number.",
)
@tumour_option
@patch_option
def add(
    raw: Path,
    name: str | None,
    group: str | None,
    mapping: str | None,
    out: Path | None,
    tumours: Sequence[str],
    only: Sequence[str],
    *,
    rename: bool,
) -> None:
    """Make a card for your own dataset.

    DIR is a folder in nnU-Net's raw layout (dataset.json, imagesTr, labelsTr).
    """
    from benchmark.feasibility.guideline import fitted
    from nnactive.data.own.add import describe_raw, free_folder, write_card
    from nnactive.data.own.check_folder import check_folder
    from nnactive.data.own.guide import derive
    from nnactive.data.own.own_labels import read_mapping
    from nnactive.data.own.rename import add_channel
    from nnactive.data.own.structure_sizes import seen_boxes
    from nnactive.data.prepare.split import split_cases
    from nnactive.data.raw.scan import scan

    if out is None:
        raise UserError(
            "no folder for the card; set NNACTIVE_DATASETS to one of your folders, or give --out"
        )
    card = describe_raw(raw, name, group, read_mapping(mapping))
    target = free_folder(card, out)
    if rename:
        _check_writable(raw)
        click.echo(f"{raw}: {add_channel(raw, card)} images renamed")
    cases = scan(raw, card)
    pool, _ = split_cases([case.id for case in cases], card)
    for named in (*tumours, *only):
        _check_class(named, card)
    with bars() as progress:
        checked = check_folder(card, raw, progress)
    given = _typed((("--group", group), ("--map", mapping)))
    _refuse_or_tell(checked, f"data check {shlex.quote(str(raw))}{given}")
    boxes = seen_boxes(card, checked.facts)
    found = derive(card.classes[1:], boxes.cases, boxes.spacing, tumours, only)
    # What the folder holds now is what preparing and verifying hold it to later.
    pinned = {"ids": tuple(case.id for case in cases), "tumour": tuple(tumours)}
    card = card.model_copy(update=pinned | {"patch_from": tuple(only)})
    file = write_card(card, found, target)
    _print_guide(found, None)
    fit = fitted(card, found, boxes, pool, None)
    if fit.problem:
        click.echo(f"warning: {card.name}: {fit.problem}; {fit.way_out}", err=True)
    click.echo(f"\n{file}: review it, then run")
    if os.environ.get("NNACTIVE_DATASETS") != str(out):
        click.echo(f"  export NNACTIVE_DATASETS={shlex.quote(str(out.resolve()))}")
    _print_next(card.name, raw, _options(tumours, only), fits=not fit.problem or bool(fit.fewer))


def _print_next(name: str, raw: Path, options: str, *, fits: bool) -> None:
    """The commands that follow a new card, up to a track's if a budget fits."""
    click.echo(
        f"  nnactive-bench data prepare {name} --raw {shlex.quote(str(raw))}\n"
        f"  nnactive-bench data verify {name}"
    )
    if not fits:
        click.echo(
            "no track was written because no budget from the guideline fits: see the warning"
        )
        return
    click.echo(
        f"  nnactive-bench data guide {name}{options}\n  {_submit(Path(f'guide_{name}.yaml'))}"
    )


def _check_writable(raw: Path) -> None:
    """Refuse to rename where nothing can be."""
    if not os.access(raw, os.W_OK):
        raise UserError(
            f"{raw}: can't be written, so --rename can't rename; in a container raw data are "
            "read-only: run the same command outside, with --runtime local"
        )


def _check_class(name: str, card: "Card") -> None:
    """Refuse an unknown class before every file is read."""
    if name not in card.classes[1:]:
        known = ", ".join(card.classes[1:])
        raise UserError(f"no foreground class '{name}'; choose from: {known}")


def _refuse_or_tell(checked: "Checked", check: str) -> None:
    """Print warnings and notes; list the first errors and refuse.

    Args:
        checked: the folder's findings.
        check: the command that lists all of them, without the program's name.
    """
    from nnactive.data.check.findings import of, summed_up
    from nnactive.data.own.check_folder import ROOM

    for severity in ("warning", "note"):
        for finding in summed_up(of(checked.findings, severity)):
            if finding.kind == ROOM:  # told with the guideline's numbers
                continue
            click.echo(f"{severity}: {finding.line}", err=True)
    errors = of(checked.findings, "error")
    for finding in errors[1:LISTED]:
        click.echo(finding.line, err=True)
    if errors:
        way = f"nnactive-bench {check}"
        more = f" ({len(errors)} errors; {way} lists them)" if errors[1:] else ""
        raise UserError(f"{errors[0].told_of(str(checked.card.folder))}{more}")


def _measured(dataset: str, raw: Path | None, data: Path) -> "tuple[Card, Boxes, list[str]]":
    """Measure a dataset's label maps, prepared or raw; also returns the pool's cases."""
    from nnactive.data.cards import list_cards, load_card
    from nnactive.data.download.folders import Folders
    from nnactive.data.own.add import describe_raw
    from nnactive.data.own.structure_sizes import prepared_boxes, raw_boxes
    from nnactive.data.prepare.split import split_cases
    from nnactive.data.prepared import INFO, PreparedDataset
    from nnactive.data.raw.scan import scan

    known = list_cards()
    if dataset in known:
        card = load_card(dataset)
        if raw is None and (data / dataset / INFO).is_file():
            prepared = PreparedDataset(data / dataset)
            with bars() as progress:
                boxes = prepared_boxes(card, prepared, progress)
            return card, boxes, [case.id for case in prepared.info.pool]
        raw = raw or Folders.of(data, dataset).files
        if not raw.is_dir():
            raise UserError(f"{raw}: no raw data of {dataset}; prepare the dataset, or give --raw")
    else:
        if not Path(dataset).is_dir():
            raise UserError(
                f"{dataset}: neither a folder nor a dataset; known datasets: {', '.join(known)}"
            )
        raw = raw or Path(dataset)
        card = describe_raw(Path(dataset))
    cases = scan(raw, card)
    pool, _ = split_cases([case.id for case in cases], card)
    with bars() as progress:
        return card, raw_boxes(card, cases, progress), pool


def _print_guide(found: "Guide", card: "Card | None") -> None:
    from rich.table import Table

    from benchmark.cli.tables import print_table

    columns = ("class", "cases", "median box z,y,x", "in mm", "volume quartiles", "patches/loop")
    table = Table(*columns, box=None, pad_edge=False)
    for each in found.classes:
        low, high = each.spread
        table.add_row(
            each.name if each.decides else f"{each.name} (not used for the patch)",
            str(each.cases),
            _listed(each.box),
            _listed(round(n * s, 1) for n, s in zip(each.box, found.spacing, strict=True)),
            f"{low:.2f} to {high:.2f} x",
            str(each.patches),
        )
    print_table(table)
    click.echo(
        f"\nquery patch: {_listed(found.patch)} voxels of {_listed(found.spacing)} mm "
        f"(z,y,x), the median over classes"
    )
    on_card = ""
    if card is not None:
        click.echo(f"query patch on the card: {_listed(card.query_patch)}")
        sizes = dict.fromkeys(str(budget.query) for budget in card.budgets.values())
        on_card = f" (on the card: {', '.join(sizes)})"
    click.echo(
        f"patches per loop: {found.patches_per_loop}{on_card}; loops: {found.loops}; "
        f"starting budget: {found.patches_per_loop}; budget: {found.budget}\n"
        "in production, train for 1000 epochs; in the benchmark, the track sets the training length"
    )


def _listed(values: Iterable[float]) -> str:
    return numbers(values, ",")


def _options(tumours: Sequence[str], only: Sequence[str]) -> str:
    """The guideline's options as they were given, to be typed again."""
    return _typed([("--tumour", name) for name in tumours] + [("--patch-from", n) for n in only])


def _typed(given: Iterable[tuple[str, str | None]]) -> str:
    """Options with their values, to be typed again; those without a value are left out."""
    return "".join(f" {option} {shlex.quote(value)}" for option, value in given if value)


def _submit(track: Path) -> str:
    return f"make submit METHOD=clasp_pe TRACK={shlex.quote(str(track))}"
