"""The command that ends what runs."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark.cli.options import runs_option
from nnactive.errors import UserError

if TYPE_CHECKING:
    from benchmark.journal.study.overview import State
    from benchmark.journal.study.runs import LivingRun


@click.command()
@click.argument("track", required=False)
@click.argument("experiments", nargs=-1, metavar="[EXPERIMENT]...")
@runs_option
def cancel(track: str | None, experiments: tuple[str, ...], runs: Path) -> None:
    """End the runs of TRACK, or of every track in RUNS; what runs is saved.

    With EXPERIMENTs (SETTING/METHOD/SEED or a part of it), only runs and shards that work on
    nothing else now.
    """
    from benchmark.cluster.ending import end_all
    from benchmark.journal.study.overview import read_state
    from benchmark.journal.study.runs import living_runs
    from benchmark.journal.study.wanted import tracks_in

    ended = 0
    for root in tracks_in(runs, track):
        if not experiments:
            for line in end_all(root):
                ended += 1
                click.echo(f"{root.name}: {line}")
        state = read_state(root)
        for run in _chosen(state, list(living_runs(state)), experiments):
            ended += 1
            click.echo(f"{root.name}: {_end(root, run)}")
    if not ended:
        click.echo("nothing is running")


def _chosen(
    state: "State", found: "list[LivingRun]", experiments: Sequence[str]
) -> "list[LivingRun]":
    from benchmark.journal.study.find import matching

    if not experiments:
        return found
    wanted = {each for text in experiments for each in matching(state, text)}
    if not wanted:
        raise UserError(f"{experiments[0]}: no such experiment; give SETTING/METHOD/SEED")
    for run in found:
        if run.experiments & wanted and run.experiments - wanted:
            others = ", ".join(sorted(map(str, run.experiments - wanted)))
            raise UserError(
                f"{run.writer}: also works on {others}; name these as well, or no EXPERIMENT"
            )
    return [run for run in found if run.experiments & wanted]


def _end(root: Path, run: "LivingRun") -> str:
    from benchmark.cluster.ending import end_job

    holder = run.holder
    name = f"{run.writer} on {holder.host}"
    if run.is_here:
        return f"told {name} to stop" if run.end() else f"{name} has just ended"
    if holder.job is None:
        return f"{name}: stop it there: ssh {holder.host} kill {holder.pid}"
    if end_job(root, holder.job):
        return f"{name}: cancelled job {holder.job}"
    return f"{name}: cancel it with its scheduler: scancel {holder.job}"
