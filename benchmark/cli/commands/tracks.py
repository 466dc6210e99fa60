"""Commands that show and run tracks, and submit methods to them."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark.cli.commands.check import passes
from benchmark.cli.commands.leaderboard import build_page
from benchmark.cli.commands.methods import examine
from benchmark.cli.contained import Contained
from benchmark.cli.options import (
    cores_option,
    data_option,
    dataset_option,
    out_option,
    param_option,
    regime_option,
    runs_option,
    seconds_option,
)
from benchmark.containers.roles import Role
from nnactive.errors import UserError

if TYPE_CHECKING:
    from benchmark.submission.spec import MethodSpec
    from benchmark.tracks import Track
    from benchmark.workflow.request import Request

    Entry = tuple[MethodSpec, Path | None]


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


@track.command(
    cls=Contained,
    roles={
        "name": Role.TRACK,
        "methods": Role.METHOD,
        "data": Role.DATA,
        "runs": Role.RUNS,
        "out": Role.PAGE,
    },
    gpu=True,
)
@click.argument("name")
@click.option(
    "--method",
    "methods",
    multiple=True,
    help="Run this METHOD instead of the track's own; may be given several times.",
)
@param_option
@seconds_option
@dataset_option
@regime_option
@cores_option
@data_option
@runs_option
@out_option
def run(
    name: str,
    methods: Sequence[str],
    parameters: Sequence[str],
    seconds: float,
    dataset: str | None,
    regime: str | None,
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
    content = load_track(name).part(dataset, regime)
    told = begin(content, data, runs)
    root = runs / content.name
    found = [admitted(each, root, parameters, seconds) for each in methods or content.methods]
    return run_track(content, found, cores, data, runs, out, told)


@click.command(
    cls=Contained,
    roles={
        "method": Role.METHOD,
        "name": Role.TRACK,
        "data": Role.DATA,
        "runs": Role.RUNS,
        "out": Role.PAGE,
    },
    gpu=True,
)
@click.argument("method")
@param_option
@click.option("--track", "name", default="demo", show_default=True, help="Track to submit to.")
@seconds_option
@dataset_option
@regime_option
@cores_option
@data_option
@runs_option
@out_option
def submit(
    method: str,
    parameters: Sequence[str],
    name: str,
    seconds: float,
    dataset: str | None,
    regime: str | None,
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

    content = load_track(name).part(dataset, regime)
    told = begin(content, data, runs)
    root = runs / content.name
    found = [admitted(each, root, (), seconds) for each in content.methods]
    entry = admitted(method, root, parameters, seconds)
    return run_track(content, [*found, entry], cores, data, runs, out, told)


def begin(content: "Track", data: Path, runs: Path) -> list[str]:
    """Refuse what would make a run fail on this machine; returns what the user should know.

    Raises:
        UserError: names what is missing and the flag to add.
    """
    from benchmark.machine.checks import begin_run
    from nnactive.data.cards import load_card

    needs_data = any(load_card(dataset).generator is None for dataset in content.datasets)
    return begin_run(data, runs, needs_data=needs_data)


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
    told: Sequence[str] = (),
) -> int:
    """Run methods on a track and build the page; the exit code tells of failed experiments.

    Nothing runs if one of the methods isn't admitted. What is ``told`` goes to stderr before.
    """
    from benchmark.workflow.request import Request
    from nnactive.devices import usable_cores

    entries = [entry for entry in methods if entry is not None]
    if len(entries) < len(methods):
        return UserError.exit_code
    for line in told:
        click.echo(line, err=True)
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
    from benchmark.layout import result_files
    from benchmark.workflow.run import run as run_request

    content, root = request.track, request.root
    count = len(content.settings) * len(request.methods) * len(content.seeds)
    click.echo(f"track {content.name}: {count} experiments on {request.cores} cores, in {root}")
    with shown() as watcher:
        problems = run_request(request, watcher)
    status = 0
    if result_files(root):
        status = build_page([request.runs], out, published=content.comparable)
    for problem in problems:
        click.echo(f"error: {problem.experiment}: {problem.text}", err=True)
    codes = {problem.exit_code for problem in problems} | ({status} if status else set())
    return max(codes, default=0)
