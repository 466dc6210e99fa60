"""The command that draws an experiment's queries."""

from pathlib import Path

import click

from benchmark.cli.commands.show.options import (
    EXPERIMENT,
    ROLES,
    experiment_argument,
    out_option,
    written,
)
from benchmark.cli.contained import Contained
from benchmark.cli.options import data_option, runs_option


@click.command(epilog=EXPERIMENT, cls=Contained, roles=ROLES)
@experiment_argument
@click.option(
    "--patches",
    type=click.IntRange(min=1),
    default=12,
    show_default=True,
    metavar="N",
    help="Number of patches to show per loop, from different cases where possible.",
)
@out_option("queries.html")
@data_option
@runs_option
def queries(experiment: str, patches: int, out: Path, data: Path, runs: Path) -> None:
    """Draw the patches of each loop of EXPERIMENT, and where in the body they lie.

    Each patch is shown on the axial, coronal and sagittal plane through its centre, with the
    contours of the labels inside it.
    """
    from benchmark.cli.bars import bars
    from benchmark.show.queries import queries_page
    from benchmark.show.subject import find_subject

    subject = find_subject(experiment, data, runs)
    with bars(unit="") as progress:
        page = queries_page(subject, patches, progress)
    written(page, out)
