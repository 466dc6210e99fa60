"""The command that draws an experiment's predictions for a test case."""

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
@click.option("--case", required=True, metavar="CASE", help="Test case.")
@device_option
@out_option("predictions.html")
@data_option
@runs_option
def predictions(experiment: str, case: str, device: str, out: Path, data: Path, runs: Path) -> None:
    """Draw the ground truth of a test case beside the prediction after each loop.

    Predictions that `track run --keep-predictions CASE` kept are read; others are made now, as
    long as the loop's networks are there. EXPERIMENT must be finished.
    """
    from benchmark.cli.bars import bars
    from benchmark.show.predictions import predictions_page
    from benchmark.show.subject import find_subject

    subject = find_subject(experiment, data, runs)
    with bars(unit="") as progress:
        page = predictions_page(subject, case, device, progress)
    written(page, out)
