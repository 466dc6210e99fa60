"""The command that works on one shard of a track: what a cluster's jobs call."""

from dataclasses import replace
from pathlib import Path

import click

from benchmark.cli.command_line import command_line
from benchmark.cli.contained import Contained
from benchmark.containers.roles import Role


@click.command(cls=Contained, roles={"folder": Role.TRACK_RUN, "data": Role.DATA}, gpu=True)
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False, exists=True))
@click.argument("slug", required=False, metavar="[SHARD]")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Folder of the prepared datasets, if it differs from the one at submission.",
)
@click.option(
    "--cores",
    type=click.IntRange(min=1),
    default=None,
    metavar="N",
    help="Number of cores to use; by default all that the job has.",
)
@click.option("--memory-mb", type=int, default=None, hidden=True)
@click.option("--minutes", type=int, default=None, hidden=True)
def shard(
    folder: Path,
    slug: str | None,
    data: Path | None,
    cores: int | None,
    memory_mb: int | None,
    minutes: int | None,
) -> int:
    """Work on a SHARD of the track in FOLDER (RUNS/TRACK); without SHARD, list them.

    A cluster's jobs call it; by hand it does the same: sbatch --gpus=1 --wrap "nnactive-bench
    shard runs/main SHARD". It ends with 75 if it was stopped and is to be called again.
    """
    if slug is None:
        list_shards(folder)
        return 0
    from benchmark.cli.options import isolation_wished
    from benchmark.cli.progress import shown
    from benchmark.cluster.history import Grant
    from benchmark.cluster.request import read_request
    from benchmark.cluster.work import work
    from benchmark.workflow.run import run
    from nnactive.devices import usable_cores

    root = folder.resolve()
    asked = read_request(root)
    request = asked.request(root, cores or usable_cores(), data)
    request = replace(request, command=command_line())
    granted = Grant(memory_mb or 0, minutes) if minutes else None
    with isolation_wished(asked.isolation), shown() as watcher:
        told = work(root, slug, request, watcher, run, granted)
    click.echo(told.line)
    for problem in told.problems:
        click.echo(f"error: {problem}", err=True)
    return told.status


def list_shards(folder: Path) -> None:
    """Print each shard of a track, and where it is."""
    from benchmark.cluster.history import read_ended, read_history, shard_lease
    from benchmark.cluster.request import read_request
    from nnactive.io.leases import living

    root = folder.resolve()
    for slug in read_request(root).shards():
        ended, holder = read_ended(root, slug), living(shard_lease(root, slug))
        tries = len(read_history(root, slug).attempts)
        state = "waiting" + (f", after {tries} attempts" if tries else "")
        if ended:
            state = str(ended.outcome)
        elif holder:
            state = f"running on {holder.host}" + (f" (job {holder.job})" if holder.job else "")
        click.echo(f"{slug}  {state}")
