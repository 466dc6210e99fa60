"""Commands that show and run tracks, and submit methods to them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark.cli.board import build_page
from benchmark.cli.methods import examine
from benchmark.cli.options import cores_option, data_option, out_option, runs_option

if TYPE_CHECKING:
    from benchmark.tracks import Track
    from benchmark.workflow.run import Request


@click.group()
def track() -> None:
    """Show and run tracks: settings, methods and seeds."""


@track.command("list")
def list_tracks() -> None:
    """List the tracks that come with the benchmark."""
    from rich.console import Console
    from rich.table import Table

    from benchmark.tracks import load_track, track_names

    table = Table("track", "title", "datasets", "experiments", "trainings", box=None)
    for name in track_names():
        content = load_track(name)
        count = len(content.settings) * len(content.methods) * len(content.seeds)
        datasets = ", ".join(content.datasets)
        table.add_row(name, content.title, datasets, str(count), str(content.trainings))
    Console().print(table)


@track.command()
@click.argument("name")
def show(name: str) -> None:
    """Show what the track NAME runs; NAME may be a YAML file."""
    import yaml

    from benchmark.tracks import load_track

    content = load_track(name)
    text = yaml.safe_dump(content.model_dump(mode="json"), sort_keys=False, allow_unicode=True)
    click.echo(f"{text}trainings: {content.trainings}")


@track.command()
@click.argument("name")
@click.option(
    "--method",
    "methods",
    multiple=True,
    help="Run this method instead of the track's own; may be given several times.",
)
@cores_option
@data_option
@runs_option
@out_option
def run(
    name: str, methods: Sequence[str], cores: int | None, data: Path, runs: Path, out: Path
) -> int:
    """Run the track NAME, or go on with it, and build the leaderboard."""
    from benchmark.tracks import load_track

    content = load_track(name)
    return run_track(content, tuple(methods) or content.methods, cores, data, runs, out)


@click.command()
@click.argument("method")
@click.option("--track", "name", default="demo", show_default=True, help="Track to submit to.")
@cores_option
@data_option
@runs_option
@out_option
def submit(method: str, name: str, cores: int | None, data: Path, runs: Path, out: Path) -> int:
    """Run METHOD beside a track's baselines, and build the leaderboard with it.

    METHOD is path/to/file.py:Class, or the name of a builtin method.
    """
    from benchmark.tracks import load_track

    content = load_track(name)
    methods = dict.fromkeys((*content.methods, method))
    return run_track(content, tuple(methods), cores, data, runs, out)


def run_track(
    content: "Track",
    methods: tuple[str, ...],
    cores: int | None,
    data: Path,
    runs: Path,
    out: Path,
) -> int:
    """Run methods on a track and build the page; the exit code tells of failed experiments."""
    from benchmark.provenance import usable_cores
    from benchmark.workflow.run import Request

    root = runs / content.name
    request = Request(
        track=content,
        methods=tuple(examine(method, root) for method in methods),
        data=data,
        runs=runs,
        cores=cores or usable_cores(),
    )
    return finish(request, out)


def finish(request: "Request", out: Path) -> int:
    """Run a request and build the page; returns 1 or 2 where an experiment failed."""
    from benchmark.cli.progress import shown
    from benchmark.workflow.run import run as run_request

    content, root = request.track, request.root
    count = len(content.settings) * len(request.methods) * len(content.seeds)
    click.echo(f"track {content.name}: {count} experiments on {request.cores} cores, in {root}")
    with shown() as watcher:
        problems = run_request(request, watcher)
    status = 0
    if any(root.glob("*/*/seed_*/result.json")):
        status = build_page([request.runs], out)
    for problem in problems:
        click.echo(f"error: {problem.experiment}: {problem.text}", err=True)
    codes = {problem.exit_code for problem in problems} | ({status} if status else set())
    return max(codes, default=0)
