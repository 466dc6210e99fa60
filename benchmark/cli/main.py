"""The command ``nnactive-bench``."""

import os
from collections.abc import Sequence

import click

from benchmark.cli.commands.annotate import annotate
from benchmark.cli.commands.author.bundle import bundle
from benchmark.cli.commands.author.check import check
from benchmark.cli.commands.author.entry import entry
from benchmark.cli.commands.author.methods import method
from benchmark.cli.commands.author.replay import replay
from benchmark.cli.commands.author.runs import runs
from benchmark.cli.commands.author.verify import sign, verify
from benchmark.cli.commands.data import data
from benchmark.cli.commands.doctor import doctor
from benchmark.cli.commands.leaderboard import leaderboard
from benchmark.cli.commands.references import expect, reference
from benchmark.cli.commands.reproducing.baselines import baselines
from benchmark.cli.commands.reproducing.reproduce import reproduce
from benchmark.cli.commands.reproducing.spread import spread
from benchmark.cli.commands.schema import schema
from benchmark.cli.commands.show import show
from benchmark.cli.commands.steps import step
from benchmark.cli.commands.study.cancel import cancel
from benchmark.cli.commands.study.logs import logs
from benchmark.cli.commands.study.plan import plan
from benchmark.cli.commands.study.profile import profile
from benchmark.cli.commands.study.retry import retry
from benchmark.cli.commands.study.shard import shard
from benchmark.cli.commands.study.status import status
from benchmark.cli.commands.tracks import submit, track
from benchmark.cli.errors import DEBUG, guarded

HELP = frozenset({"-h", "--help"})
WRITING = frozenset({"annotate", "data", "check", "replay", "leaderboard", "show"})
"""Commands that need only temporary files; a run checks all that it needs when it begins."""


class Commands(click.Group):
    """The commands; inside an image, those that need temporary files first check their folder."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command to run."""
        name, command, rest = super().resolve_command(ctx, args)
        if name in WRITING and not HELP.intersection(rest):
            from benchmark.machine.checks import begin_inside

            begin_inside()
        return name, command, rest


@click.group(cls=Commands, context_settings={"help_option_names": sorted(HELP)})
@click.option("--debug", is_flag=True, help="Show the traceback of errors.")
@click.version_option(package_name="nnactive-bench")
def cli(*, debug: bool) -> None:
    """Benchmark active learning for 3D biomedical segmentation on stock nnU-Net."""
    if debug:
        os.environ[DEBUG] = "1"


for command in (
    *(annotate, data, track, submit, check, method, replay, bundle, entry, runs),
    *(verify, sign),
    *(leaderboard, doctor, schema, step),
    *(reproduce, spread, baselines, show),
    *(plan, status, logs, retry, cancel, profile, shard),
):
    cli.add_command(command)
for command in (reference, expect):
    track.add_command(command)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command and return its exit code."""
    return guarded(cli, arguments, "nnactive-bench")
