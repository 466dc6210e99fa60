"""`track run` and `submit` with ``--profile``: the track in shards, on a cluster."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark.cli.commands.leaderboard import build_page
from benchmark.cli.options import RunOptions
from nnactive.errors import NnactiveError, UserError

if TYPE_CHECKING:
    from benchmark.cluster.profiles.profile import Profile
    from benchmark.workflow.request import Request


def finish_on_cluster(
    request: "Request", options: RunOptions, here: "Callable[[Request, Path], int]"
) -> int:
    """Submit a request in shards, wait for its end, and build the page; returns the exit code.

    Args:
        request: what to run.
        options: the profile, and what a shard is.
        here: runs a request on this machine, for the profile local.
    """
    from benchmark.cluster.outer.submit import submit_shards
    from benchmark.cluster.profiles.profile import Executor
    from benchmark.cluster.shards import Kind
    from benchmark.layout import result_files

    profile = chosen(options)
    if profile.executor is Executor.LOCAL:
        return here(request, options.out)
    root = request.root
    click.echo(f"track {request.track.name}: by profile {options.profile}, in {root}")
    try:
        unfinished = submit_shards(request, profile, Kind(options.cut), tell)
    except KeyboardInterrupt:
        click.echo(
            "stopped; running jobs continue, and the same command takes them over; "
            "to end them: nnactive-bench cancel",
            err=True,
        )
        raise
    status = 0
    if result_files(root):
        status = build_page([request.runs], options.out, published=request.track.comparable)
    for slug, end in unfinished.items():
        for reason in (end.reasons or ("failed",)) if end else ():
            click.echo(f"error: {slug}: {reason}", err=True)
    never = [slug for slug, end in unfinished.items() if end is None]
    if never:
        more = f" and {len(never) - 1} more" if len(never) > 1 else ""
        log = root / "log/submit.txt"
        click.echo(f"error: {never[0]}{more}: never ended; see {log}", err=True)
    return max(status, NnactiveError.exit_code if unfinished else 0)


def chosen(options: RunOptions) -> "Profile":
    """The profile, with the container of the command line.

    Raises:
        UserError: if there is no such profile, or a container is asked for where none is used.
    """
    from benchmark.cluster.profiles.profile import Executor, load_profile

    profile = load_profile(options.profile or "local")
    image = options.container or profile.container
    if image is None:
        return profile
    if profile.executor is Executor.LOCAL:
        raise UserError(
            "--container: is for clusters; on this machine use --runtime apptainer --image IMAGE"
        )
    file = Path(image)
    if file.suffix == ".sif" and not file.is_file():
        raise UserError(f"{image}: no such file; build it: make sif, or name one with --container")
    where = str(file.resolve()) if file.is_file() else image
    return profile.model_copy(update={"container": where})


def tell(line: str) -> None:
    """Print a line of progress."""
    click.echo(line, err=True)
