"""The command that lets failed jobs be tried again."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark.cli.options import runs_option
from nnactive.errors import UserError

if TYPE_CHECKING:
    from benchmark.journal.study.overview import State


@click.command()
@click.argument("track")
@click.argument("experiments", nargs=-1, metavar="[EXPERIMENT]...")
@click.option("--failed", is_flag=True, help="Everything that failed in TRACK.")
@runs_option
def retry(track: str, experiments: tuple[str, ...], runs: Path, *, failed: bool) -> None:
    """Forget that EXPERIMENTs of TRACK failed, so that the next run tries them again.

    An EXPERIMENT is SETTING/METHOD/SEED or a part of it, and may match several. What is finished
    stays.
    """
    from benchmark.cluster.ending import forgive_failed
    from benchmark.journal.study.find import matching
    from benchmark.journal.study.overview import read_state
    from benchmark.journal.study.retry import clear
    from benchmark.journal.study.wanted import tracks_in

    if failed == bool(experiments):
        raise UserError("retry: give --failed or at least one EXPERIMENT")
    (root,) = tracks_in(runs, track)
    state = read_state(root)
    chosen = list(state.asked.jobs)
    if experiments:
        found = {text: matching(state, text) for text in experiments}
        for text, each in found.items():
            if not each:
                raise UserError(f"{text}: no such experiment in {root}; give SETTING/METHOD/SEED")
        chosen = list(dict.fromkeys(each for some in found.values() for each in some))
    cleared = clear(state, chosen)
    shards = forgive_failed(root)
    for job in cleared.jobs:
        click.echo(f"to be tried again: {job}")
    for slug in shards:
        click.echo(f"to be submitted again: {slug}")
    if not cleared.experiments:
        click.echo(
            f"{root.name}: now run the command that submitted them"
            if shards
            else f"{root.name}: nothing failed here"
        )
        return
    count = len(cleared.experiments)
    click.echo(
        f"{count} experiment{'s' if count > 1 else ''} can go on; now run the command that ran "
        f"{'them' if count > 1 else 'it'}; for the track's own methods: {again(state, runs)}"
    )


def again(state: "State", runs: Path) -> str:
    """The command that goes on with the track's own methods."""
    from benchmark.tracks import track_names

    track = state.asked.track
    name = track.name if track.name in track_names() else f"{track.name}.yaml"
    place = "" if runs == Path("runs") else f" --runs {shlex.quote(str(runs))}"
    return f"nnactive-bench track run {name}{place}"
