"""The command ``nnactive-bench``."""

import os
from collections.abc import Sequence

import click

from benchmark.cli.board import leaderboard
from benchmark.cli.check import check
from benchmark.cli.data import data
from benchmark.cli.errors import DEBUG, guarded
from benchmark.cli.methods import method
from benchmark.cli.steps import step
from benchmark.cli.tracks import submit, track


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(package_name="nnactive-bench")
def cli(*, debug: bool) -> None:
    """Benchmark of active learning for 3D biomedical segmentation on stock nnU-Net."""
    if debug:
        os.environ[DEBUG] = "1"


for command in (data, track, submit, check, method, leaderboard, step):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    return guarded(cli, arguments, "nnactive-bench")
