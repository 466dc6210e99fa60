"""The command that draws what a query was uncertain about in one image."""

from pathlib import Path

import click

from benchmark.cli.commands.show.options import (
    EXPERIMENT,
    ROLES,
    device_option,
    experiment_argument,
    out_option,
    written,
)
from benchmark.cli.contained import Contained
from benchmark.cli.options import data_option, runs_option


@click.command(epilog=EXPERIMENT, cls=Contained, roles=ROLES, gpu=True)
@experiment_argument
@click.option("--case", required=True, metavar="CASE", help="Case of the pool.")
@click.option(
    "--loop",
    required=True,
    type=click.IntRange(min=1),
    metavar="T",
    help="Loop whose query is shown, from 1.",
)
@device_option
@out_option("uncertainty.html")
@data_option
@runs_option
def uncertainty(
    experiment: str, case: str, loop: int, device: str, out: Path, data: Path, runs: Path
) -> None:
    """Draw voxel score and patch score of a query beside the image, with the chosen patches.

    For built-in methods that score voxels; `replay --html` draws those of submitted ones.
    """
    from benchmark.show.subject import find_subject
    from benchmark.show.uncertainty import uncertainty_page

    subject = find_subject(experiment, data, runs)
    written(uncertainty_page(subject, case, loop, device), out)
