"""Commands that export a track's baselines to a pack and import them from one."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark.cli.options import (
    data_option,
    dataset_option,
    regime_option,
    runs_option,
    seed_option,
)

if TYPE_CHECKING:
    from benchmark.tracks import Track
    from nnactive.data.progress import Report, Step


@click.group()
def baselines() -> None:
    """Export and import start loops and results, so that a method trains only its own loops."""


@baselines.command("export")
@click.argument("name", metavar="TRACK")
@click.argument("out", type=click.Path(path_type=Path, file_okay=False), metavar="OUT")
@dataset_option
@regime_option
@seed_option
@runs_option
def export_command(
    name: str,
    out: Path,
    dataset: str | None,
    regime: str | None,
    seeds: tuple[int, ...],
    runs: Path,
) -> None:
    """Write the finished baselines of TRACK to the folder OUT.

    OUT has plain files and one manifest, for any file host. Repeat to add more.
    """
    from benchmark.cli.bars import bars
    from benchmark.store.export import export
    from benchmark.tracks import load_track
    from leaderboard.formatting import counted
    from nnactive.io.formatting import duration, size

    track = load_track(name).part(dataset, regime, seeds)
    with bars(unit=" files") as progress:
        made = export(
            runs, track, out, note=lambda line: click.echo(line, err=True), progress=progress
        )
    starts = [part for part in made.parts if part.kind == "start"]
    click.echo(
        f"{out}: {counted(len(starts), 'start loop')}, "
        f"{counted(len(made.parts) - len(starts), 'result')}, "
        f"{size(made.bytes)}; importing the start loops saves "
        f"{duration(sum(part.seconds for part in starts))} of training and prediction"
    )


@baselines.command("import")
@click.argument("source", metavar="IN")
@click.option(
    "--track",
    "name",
    metavar="TRACK",
    help="The pack's track as a YAML file; default: the benchmark's track of that name.",
)
@dataset_option
@regime_option
@seed_option
@data_option
@runs_option
def import_command(
    source: str,
    name: str | None,
    dataset: str | None,
    regime: str | None,
    seeds: tuple[int, ...],
    data: Path,
    runs: Path,
) -> None:
    """Import start loops and results from IN, the folder or URL of a pack.

    Everything is checked by hash and against your data; nothing is overwritten. An interrupted
    import resumes. Afterwards, `track run TRACK --method METHOD` trains only the method's own
    loops.
    """
    from benchmark.store.source import Source
    from benchmark.store.take import take
    from benchmark.tracks import load_track, track_names
    from leaderboard.formatting import counted
    from nnactive.errors import UserError
    from nnactive.io.formatting import duration

    def load(packed: str) -> "Track":
        # The pack's word is no path: only the user names files.
        if name is None and packed not in track_names():
            raise UserError(
                f"{source}: a pack of {packed!a:.80}, which isn't one of the benchmark's tracks; "
                "give its file: --track FILE.yaml"
            )
        return load_track(name or packed)

    found = take(
        Source(source),
        runs,
        data,
        load,
        dataset=dataset,
        regime=regime,
        seeds=seeds,
        report=_waits(),
    )
    starts = [part for part in found.taken if part.kind == "start"]
    click.echo(
        f"{runs}: imported {counted(len(starts), 'start loop')} and "
        f"{counted(len(found.taken) - len(starts), 'result')}, "
        f"{len(found.there)} already there; saved {duration(sum(p.seconds for p in starts))}"
    )


def _waits() -> "Report":
    """Says nothing but why it waits: files are small or few."""
    from benchmark.cli.progress import WaitLines

    waits = WaitLines()

    def report(step: "Step") -> None:
        if step.stage == "wait":
            waits(step.name, (step.total or 0) - step.done, time.monotonic())
        else:
            waits.end()

    return report
