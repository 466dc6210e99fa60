"""The command ``nnactive-bench``."""

import os
from collections.abc import Sequence

import click

from benchmark.cli.board import leaderboard
from benchmark.cli.check import check
from benchmark.cli.data import data
from benchmark.cli.doctor import doctor
from benchmark.cli.errors import DEBUG, guarded
from benchmark.cli.methods import method
from benchmark.cli.steps import step
from benchmark.cli.tracks import submit, track

HELP = frozenset({"-h", "--help"})
WRITING = frozenset({"data", "check", "leaderboard"})
"""Commands that need temporary files and no more; a run's begin looks at all that it needs."""


class Commands(click.Group):
    """The commands; in an image, those that need temporary files look for their folder first."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command that is called."""
        name, command, rest = super().resolve_command(ctx, args)
        if name in WRITING and not HELP.intersection(rest):
            from benchmark.health.checks import begin_inside

            begin_inside()
        return name, command, rest


@click.group(cls=Commands, context_settings={"help_option_names": sorted(HELP)})
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(package_name="nnactive-bench")
def cli(*, debug: bool) -> None:
    """Benchmark of active learning for 3D biomedical segmentation on stock nnU-Net."""
    if debug:
        os.environ[DEBUG] = "1"


for command in (data, track, submit, check, method, leaderboard, doctor, step):
    cli.add_command(command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    return guarded(cli, arguments, "nnactive-bench")
