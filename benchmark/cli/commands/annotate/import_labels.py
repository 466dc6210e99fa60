"""`annotate import`: what was drawn."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark.cli.bars import bars
from benchmark.cli.contained import Contained
from benchmark.containers.roles import Role
from nnactive.errors import UserError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from benchmark.annotation.imports.report import Line, Outcome, Report


@click.command(
    "import",
    cls=Contained,
    roles={"root": Role.PROJECT, "files": Role.IMAGES, "images": Role.IMAGES},
)
@click.argument("root", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.argument("files", metavar="[FILE]...", nargs=-1, type=click.Path(path_type=Path))
@click.option(
    "--empty",
    multiple=True,
    metavar="ID,ID",
    help="These patches hold no class: p07; of an earlier round, round_01/p07; all: the newest "
    "round's open ones, except drafts with classes.",
)
@click.option(
    "--accept", multiple=True, metavar="ID,ID", help="The draft of these patches is right as it is."
)
@click.option(
    "--labels",
    "images",
    multiple=True,
    metavar="ID=FILE",
    help="Segmentation of a whole image; its patches are cut out. Repeatable.",
)
def import_labels(
    root: Path,
    files: tuple[Path, ...],
    empty: tuple[str, ...],
    accept: tuple[str, ...],
    images: tuple[str, ...],
) -> int:
    """Check and keep what you labelled in the rounds' folders, or in FILEs.

    Half a round is fine; a patch that is saved again is a correction, also of an earlier round.
    No file of yours is changed, and all imports are kept. Exits with 2 if something was refused;
    the rest is still imported.
    """
    from benchmark.annotation.imports.take import import_labels as take
    from benchmark.annotation.project.places import Places, load_project

    project = load_project(root)
    whole = _by_case(images)
    with bars(" files") as progress:
        report = take(Places(root), project, files, empty, accept, whole, progress=progress)
    _print(report)
    return report.exit_code


def _by_case(images: tuple[str, ...]) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for text in images:
        case, equals, file = text.partition("=")
        if not (case and equals and file):
            raise UserError(
                f"--labels {text}: give it as ID=FILE, such as case_001=segmentation.nrrd"
            )
        if case in found:
            raise UserError(
                f"--labels {text}: {case} was given twice; give one file for each image"
            )
        found[case] = Path(file)
    return found


def _alike(report: "Report", outcome: "Outcome") -> "Iterator[str]":
    """The patches of an outcome, those of a round of which the same is said together."""
    from benchmark.annotation.imports.files.names import listed

    groups: dict[tuple[str, str], list[Line]] = {}
    for line in report.of(outcome):
        groups.setdefault((line.round, line.text), []).append(line)
    for (name, text), lines in groups.items():
        ids = listed(line.patch or "" for line in lines)
        one = f"{name}/{ids} ({lines[0].case})"
        yield f"{outcome}: {one if len(lines) == 1 else f'{name}: {ids}'}: {text}"


def _refused(report: "Report") -> "Iterator[str]":
    """How many files and options were refused; one can be refused for several patches."""
    from benchmark.annotation.imports.files.names import counted

    heads = {line.text.partition(": ")[0] for line in report.of("refused")}
    options = {head for head in heads if head.startswith("--")}
    for found, thing in ((heads - options, "file"), (options, "option")):
        if found:
            yield f"{counted(len(found), thing)} refused"


def _print(report: "Report") -> None:
    from benchmark.annotation.imports.report import OUTCOMES

    shown: tuple[Outcome, ...] = ("imported", "corrected", "open")
    for outcome in shown:
        for text in _alike(report, outcome):
            click.echo(text)
    for text in report.warnings:
        click.echo(f"warning: {text}")
    for line in report.of("refused"):
        click.echo(f"refused: {line.text}", err=True)
    if report.ask is not None:
        click.echo(report.ask)
    words = {"kept": "imported before"}
    outcomes = (each for each in OUTCOMES if each != "refused")
    counts = ", ".join(f"{len(report.of(each))} {words.get(each, each)}" for each in outcomes)
    click.echo("; ".join([f"patches: {counts}", *_refused(report)]))
