"""`annotate finish`: model, predictions, data."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark.cli.bars import bars
from benchmark.cli.command_line import command_line
from benchmark.cli.contained import Contained, note
from benchmark.cli.options import cores_option
from benchmark.containers.roles import Role

if TYPE_CHECKING:
    from benchmark.annotation.ensembles import Trained
    from benchmark.annotation.finish.run import Outcome
    from benchmark.annotation.project.places import Places


@click.command(
    "finish", cls=Contained, roles={"root": Role.PROJECT, "images": Role.IMAGES}, gpu=True
)
@click.argument("root", metavar="DIR", type=click.Path(path_type=Path, file_okay=False))
@click.option(
    "--images",
    type=click.Path(path_type=Path, file_okay=False, exists=True),
    default=None,
    metavar="FOLDER",
    help="Where the images are now, if they have moved.",
)
@cores_option
def finish(root: Path, images: Path | None, cores: int | None) -> None:
    """Train on all labels; write model, predictions, data and a report.

    DIR/finished/ gets a model that nnUNetv2_predict takes as it is, its segmentation of every
    image, the labels as a raw dataset of nnU-Net's, and report.html: when to stop, and what can't
    be told. Patches that are still open aren't used. Goes on where an earlier call was
    interrupted; finished again with more labels, what was there before is kept beside it.
    """
    from benchmark.annotation.engine import Machine, Told
    from benchmark.annotation.finish.run import finish as run
    from benchmark.annotation.finish.train import train_last
    from benchmark.annotation.project.places import Places, load_project
    from benchmark.annotation.project.there import check_given
    from benchmark.cli.commands.annotate.progress import told
    from benchmark.machine.checks import begin_run
    from nnactive.devices import usable_cores

    project, places = load_project(root), Places(root)
    if images is not None:
        project = project.model_copy(update={"folder": str(images.resolve())})
    for line in begin_run(places.data, places.runs, needs_data=False):
        note(line)
    for line in check_given(places, project):
        note(f"note: {line}")
    machine = Machine(cores or usable_cores(), command_line())

    def train(number: int) -> "Trained":
        return train_last(places, project, number, machine, Told(told, bars, note))

    outcome = run(places, project, train, bars, cores=machine.cores)
    _print(places, outcome)


def _print(places: "Places", outcome: "Outcome") -> None:
    from benchmark.annotation.finish.names import GUIDE, MODEL, PREDICTIONS, RAW, REPORT

    record, finished = outcome.record, places.finished
    if not outcome.made:
        click.echo(f"nothing new is labelled since {finished} was written; it stays as it is")
    if record.open:
        count = "1 patch is" if record.open == 1 else f"{record.open} patches are"
        note(f"note: {count} still open and not used here")
    click.echo(f"model: {finished / MODEL / record.dataset}")
    click.echo(f"predictions: {finished / PREDICTIONS}")
    click.echo(f"raw dataset: {finished / RAW / record.dataset}")
    click.echo(f"report: {finished / REPORT}")
    if outcome.aside is not None:
        click.echo(f"what was finished before: {outcome.aside}")
    click.echo(f"next: {finished / GUIDE} has the commands to use all of these")
