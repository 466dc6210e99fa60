"""Commands that show and run tracks, and submit methods to them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark.cli.board import build_page
from benchmark.cli.methods import examine
from benchmark.cli.options import (
    cores_option,
    data_option,
    dataset_option,
    out_option,
    regime_option,
    runs_option,
)

if TYPE_CHECKING:
    from benchmark.tracks import Track
    from benchmark.workflow.run import Request


@click.group()
def track() -> None:
    """Show and run tracks: settings, methods and seeds."""


@track.command("list")
def list_tracks() -> None:
    """List the tracks that come with the benchmark."""
    from rich.table import Table

    from benchmark.cli.tables import print_table
    from benchmark.tracks import load_track, track_names

    table = Table(box=None, pad_edge=False)
    table.add_column("track", no_wrap=True)
    size = "settings x methods x seeds"
    for column in ("title", "datasets", size, "experiments", "trainings"):
        table.add_column(column)
    for name in track_names():
        content = load_track(name)
        parts = (content.settings, content.methods, content.seeds)
        size = " x ".join(str(len(part)) for part in parts)
        count = content.experiments_per_seed * len(content.seeds)
        datasets = ", ".join(content.datasets)
        table.add_row(name, content.title, datasets, size, f"{count:,}", f"{content.trainings:,}")
    print_table(table)


@track.command()
@click.argument("name")
@click.option("--yaml", "as_yaml", is_flag=True, help="Every field of every setting, as YAML.")
@dataset_option
@regime_option
def show(name: str, dataset: str | None, regime: str | None, *, as_yaml: bool) -> None:
    """Show what the track NAME runs; NAME may be a YAML file."""
    import yaml

    from benchmark.cli.tables import print_track
    from benchmark.tracks import load_track

    content = load_track(name).part(dataset, regime)
    if as_yaml:
        dump = content.model_dump(mode="json")
        click.echo(yaml.safe_dump(dump, sort_keys=False, allow_unicode=True), nl=False)
    else:
        print_track(content)


@track.command()
@click.argument("name")
@click.option(
    "--method",
    "methods",
    multiple=True,
    help="Run this method instead of the track's own; may be given several times.",
)
@dataset_option
@regime_option
@cores_option
@data_option
@runs_option
@out_option
def run(
    name: str,
    methods: Sequence[str],
    dataset: str | None,
    regime: str | None,
    cores: int | None,
    data: Path,
    runs: Path,
    out: Path,
) -> int:
    """Run the track NAME, or go on with it, and build the leaderboard."""
    from benchmark.tracks import load_track

    content = load_track(name).part(dataset, regime)
    return run_track(content, tuple(methods) or content.methods, cores, data, runs, out)


@click.command()
@click.argument("method")
@click.option("--track", "name", default="demo", show_default=True, help="Track to submit to.")
@dataset_option
@regime_option
@cores_option
@data_option
@runs_option
@out_option
def submit(
    method: str,
    name: str,
    dataset: str | None,
    regime: str | None,
    cores: int | None,
    data: Path,
    runs: Path,
    out: Path,
) -> int:
    """Run METHOD beside a track's baselines, and build the leaderboard with it.

    METHOD is path/to/file.py:Class, or the name of a builtin method.
    """
    from benchmark.tracks import load_track

    content = load_track(name).part(dataset, regime)
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
    from benchmark.workflow.run import Request
    from nnactive.devices import usable_cores

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
