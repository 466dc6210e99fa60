"""Commands that show and run tracks, and submit methods to them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark.cli.board import build_page
from benchmark.cli.check import passes
from benchmark.cli.methods import examine
from benchmark.cli.options import (
    cores_option,
    data_option,
    out_option,
    param_option,
    runs_option,
    seconds_option,
)
from nnactive.errors import UserError

if TYPE_CHECKING:
    from benchmark.submission import MethodSpec
    from benchmark.tracks import Track
    from benchmark.workflow.run import Request

    Entry = tuple[MethodSpec, Path | None]


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
    help="Run this METHOD instead of the track's own; may be given several times.",
)
@param_option
@seconds_option
@cores_option
@data_option
@runs_option
@out_option
def run(
    name: str,
    methods: Sequence[str],
    parameters: Sequence[str],
    seconds: float,
    cores: int | None,
    data: Path,
    runs: Path,
    out: Path,
) -> int:
    """Run the track NAME, or go on with it, and build the leaderboard.

    A METHOD's file that is new to the track is checked first.
    """
    from benchmark.tracks import load_track

    if parameters and len(methods) != 1:
        raise UserError(
            "--param goes with one --method; "
            "write each METHOD with its own, as in --method power_bald,beta=5"
        )
    content = load_track(name)
    root = runs / content.name
    found = [admitted(each, root, parameters, seconds) for each in methods or content.methods]
    return run_track(content, found, cores, data, runs, out)


@click.command()
@click.argument("method")
@param_option
@click.option("--track", "name", default="demo", show_default=True, help="Track to submit to.")
@seconds_option
@cores_option
@data_option
@runs_option
@out_option
def submit(
    method: str,
    parameters: Sequence[str],
    name: str,
    seconds: float,
    cores: int | None,
    data: Path,
    runs: Path,
    out: Path,
) -> int:
    """Run METHOD beside a track's baselines, and build the leaderboard with it.

    METHOD is path/to/file.py:Class, or the name of a builtin method, with its parameters if need
    be: power_bald,beta=5. A file that is new to the track is checked first.
    """
    from benchmark.tracks import load_track

    content = load_track(name)
    root = runs / content.name
    found = [admitted(each, root, (), seconds) for each in content.methods]
    entry = admitted(method, root, parameters, seconds)
    return run_track(content, [*found, entry], cores, data, runs, out)


def admitted(method: str, root: Path, parameters: Sequence[str], seconds: float) -> "Entry | None":
    """A METHOD that may run on the track in ``root``; None if its file is new and fails the check.

    Raises:
        UserError: if this is no query method that can be run.
    """
    from benchmark.layout import spec_file

    spec, source = examine(method, root, parameters)
    new = source is not None and not (root / spec_file(spec.record.id)).exists()
    return None if new and not passes(method, parameters, seconds) else (spec, source)


def run_track(
    content: "Track",
    methods: "Sequence[Entry | None]",
    cores: int | None,
    data: Path,
    runs: Path,
    out: Path,
) -> int:
    """Run methods on a track and build the page; the exit code tells of failed experiments.

    Nothing runs if one of the methods isn't admitted.
    """
    from benchmark.provenance import usable_cores
    from benchmark.workflow.run import Request

    entries = [entry for entry in methods if entry is not None]
    if len(entries) < len(methods):
        return UserError.exit_code
    different = {spec.record.id: (spec, source) for spec, source in entries}
    request = Request(
        track=content,
        methods=tuple(different.values()),
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
