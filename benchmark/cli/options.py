"""Options that several commands share."""

from pathlib import Path

import click

from nnactive.io.formatting import DATA

data_option = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="NNACTIVE_DATA",
    default=DATA,
    show_default=True,
    help="Folder of the prepared datasets (or NNACTIVE_DATA).",
)
raw_option = click.option(
    "--raw",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="The raw dataset, where it neither generates itself nor was downloaded.",
)
runs_option = click.option(
    "--runs",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="NNACTIVE_RUNS",
    default=Path("runs"),
    show_default=True,
    help="Folder of the runs (or NNACTIVE_RUNS).",
)
dataset_option = click.option(
    "--dataset", default=None, help="Only the track's settings of this dataset."
)
regime_option = click.option(
    "--regime", default=None, help="Only the track's settings of this label regime."
)
cores_option = click.option(
    "--cores",
    type=click.IntRange(min=1),
    default=None,
    help="Cores to use; all that there are by default.",
)
out_option = click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="NNACTIVE_OUT",
    default=Path("leaderboard.html"),
    show_default=True,
    help="The page to write (or NNACTIVE_OUT).",
)
param_option = click.option(
    "--param",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="A parameter of the method; may be given several times.",
)
seconds_option = click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=60,
    show_default=True,
    help="Time that each row of the method's check may take.",
)
