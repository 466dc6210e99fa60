"""`annotate init`: begin a project."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchmark.cli.bars import bars
from benchmark.cli.contained import Contained
from benchmark.containers.roles import Role

if TYPE_CHECKING:
    from benchmark.annotation.project.begin import Begun

FREE = "folder, rounds, context_mm, view and draft"
"""Fields of project.json that count from the next round on; all others are fixed by round 0."""


@click.command(
    "init",
    cls=Contained,
    roles={
        "root": Role.PROJECT,
        "images": Role.IMAGES,
        "csv": Role.TABLE,
        "labels": Role.IMAGES,
        "method": Role.METHOD,
        "start": Role.METHOD,
    },
)
@click.argument("root", metavar="DIR", type=click.Path(path_type=Path))
@click.option(
    "--images",
    type=click.Path(path_type=Path),
    default=None,
    metavar="FOLDER",
    help="Folder of the images: files that SimpleITK reads, or DICOM series.",
)
@click.option(
    "--csv",
    type=click.Path(path_type=Path, exists=True, dir_okay=False),
    default=None,
    metavar="FILE",
    help="Table of the images: a column id, and one of paths for each channel.",
)
@click.option(
    "--classes", required=True, metavar="NAME,...", help="Foreground classes, in label order."
)
@click.option(
    "--channels",
    default=None,
    metavar="NAME,...",
    help="Channels in their order, each NAME or NAME=SCHEME; CT is normalised as CT.",
)
@click.option(
    "--labels",
    multiple=True,
    metavar="ID=FILE",
    help="Labels that are there, whole or with the ignore value outside; or a folder; repeatable.",
)
@click.option(
    "--patch-mm", default=None, metavar="Z,Y,X", help="Query patch in mm, in the files' axes."
)
@click.option(
    "--box",
    "boxes",
    multiple=True,
    metavar="CLASS=Z,Y,X",
    help="Typical size of a class's structure in mm, from which the patch follows; repeatable.",
)
@click.option("--budget", type=click.IntRange(min=1), default=None, help="Patches a round.")
@click.option(
    "--high-variance",
    multiple=True,
    metavar="CLASS",
    help="Class such as tumours: 100 instead of 50 patches a round; repeatable.",
)
@click.option(
    "--rounds", type=click.IntRange(min=1), default=5, show_default=True, help="Rounds planned."
)
@click.option(
    "--method",
    default="clasp_pe",
    show_default=True,
    metavar="METHOD",
    help="Query method; your own file is copied.",
)
@click.option(
    "--start",
    default="random_start",
    show_default=True,
    metavar="METHOD",
    help="Start method of round 0, where `next --look` gives no prior.",
)
@click.option(
    "--epochs", type=click.IntRange(min=1), default=1000, show_default=True, help="Of a training."
)
@click.option("--folds", type=click.IntRange(min=2), default=None, help="Networks of an ensemble.")
@click.option(
    "--spacing", default=None, metavar="Z,Y,X", help="Target spacing in mm; by default nnU-Net's."
)
@click.option(
    "--context-mm",
    type=click.FloatRange(min=0),
    default=20,
    show_default=True,
    help="How much of the image a crop shows around its patch.",
)
@click.option(
    "--view",
    type=click.Choice(["crop", "image"]),
    default="crop",
    show_default=True,
    help="What you open: crops, or whole images with the patch as a box.",
)
@click.option(
    "--draft",
    type=click.Choice(["none", "prediction"]),
    default="prediction",
    show_default=True,
    help="What a patch to label holds from round 1 on.",
)
@click.option("--seed", type=int, default=12345, show_default=True, help="Of all random draws.")
@click.option("--name", default=None, help="Of the project; by default from DIR.")
@click.option(
    "--iterations", type=click.IntRange(min=1), default=None, help="Advanced: those of an epoch."
)
@click.option(
    "--base-features",
    type=click.IntRange(min=1),
    default=None,
    help="Advanced: features of the network's first stage, for a smaller one.",
)
@click.option(
    "--batch-size", type=click.IntRange(min=1), default=None, help="Advanced: samples at once."
)
def init(root: Path, **options: Any) -> None:
    """Begin a project in DIR.

    Looks at the images, chooses by the papers' guideline what isn't given, says what it chose and
    why, and writes DIR/project.json. No labels are needed.
    """
    from benchmark.annotation.project.asked import Asked
    from benchmark.annotation.project.begin import begin
    from benchmark.annotation.project.places import Places

    with bars(" files") as progress:
        begun = begin(Places(root), Asked(**options), progress)
    _print(begun, root)


def _print(begun: "Begun", root: Path) -> None:
    from rich.table import Table

    from benchmark.annotation.project.places import PROJECT, command
    from benchmark.cli.tables import print_table

    for line in begun.notes:
        click.echo(f"note: {line}", err=True)
    for line in begun.warnings:
        click.echo(f"warning: {line}", err=True)
    click.echo(f"project {begun.project.name}, in {root}\n")
    table = Table("", "chosen", "by", box=None, pad_edge=False)
    for choice in begun.choices:
        table.add_row(choice.what, choice.value, choice.why)
    print_table(table)
    click.echo(
        f"\n{root / PROJECT} is written; to choose otherwise, remove it and run init again\n"
        f"{FREE} can be changed in it at any time, all else until round 0 is chosen\n"
        f"next: {command('next', root)}"
    )
