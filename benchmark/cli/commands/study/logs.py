"""The command that prints a job's log."""

import time
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from benchmark.cli.options import runs_option
from nnactive.errors import UserError

if TYPE_CHECKING:
    from benchmark.jobs import Job
    from benchmark.journal.study.overview import State
    from benchmark.layout import Experiment

MOST_LISTED: Final = 12
SECONDS_BETWEEN_LOOKS: Final = 0.5


@click.command()
@click.argument("experiment")
@click.option("--step", "step_name", metavar="NAME", help="Of this step: query, train_fold, ...")
@click.option("--loop", type=click.IntRange(min=0), metavar="N", help="Of this loop.")
@click.option("--follow", "-f", is_flag=True, help="Follow the log until the job ends.")
@runs_option
def logs(
    experiment: str, step_name: str | None, loop: int | None, runs: Path, *, follow: bool
) -> None:
    """Print the log of the failed, else the latest step of EXPERIMENT.

    EXPERIMENT is [TRACK/]SETTING/METHOD/SEED, or any unique part of that.
    """
    from benchmark.journal.study.find import chosen, matching
    from benchmark.journal.study.overview import read_state
    from benchmark.journal.study.wanted import tracks_in

    states = {root.name: read_state(root) for root in tracks_in(runs)}
    found = [(state, each) for state in states.values() for each in matching(state, experiment)]
    state, only = _single(found, experiment)
    job = chosen(state, only, step_name, loop)
    if job is None:
        what = " ".join([*(["loop", str(loop)] if loop is not None else []), step_name or "step"])
        raise UserError(f"{only}: it has no log of a {what} yet")
    click.echo(f"{job}: {state.root / job.log}", err=True)
    _print(state, job, follow=follow)


def _single(found: "Sequence[tuple[State, Experiment]]", text: str) -> "tuple[State, Experiment]":
    from benchmark.journal.study.find import path_of

    if len(found) == 1:
        return found[0]
    if not found:
        raise UserError(f"{text}: no such experiment; give SETTING/METHOD/SEED, or part of it")
    names = [path_of(state, each) for state, each in found]
    more = f", and {len(names) - MOST_LISTED} more" if len(names) > MOST_LISTED else ""
    raise UserError(
        f"{text}: {len(found)} experiments; choose one: {', '.join(names[:MOST_LISTED])}{more}"
    )


def _print(state: "State", job: "Job", *, follow: bool) -> None:
    from benchmark.execution.log import exit_status

    file = state.root / job.log
    with file.open("rb") as log:
        while True:
            # Asked first: what is written meanwhile is still printed.
            over = not follow or exit_status(file) is not None
            click.echo(log.read().decode(errors="replace"), nl=False)
            if over:
                return
            time.sleep(SECONDS_BETWEEN_LOOKS)
