"""Commands that show and run tracks and submit methods to them."""

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark.child_errors import error_line
from benchmark.cli.command_line import command_line
from benchmark.cli.commands.author.bundle import Offering, bundle_options
from benchmark.cli.commands.author.check import passes
from benchmark.cli.commands.author.methods import demands, examine
from benchmark.cli.commands.leaderboard import build_page
from benchmark.cli.contained import Contained, note
from benchmark.cli.options import (
    RunOptions,
    data_option,
    dataset_option,
    param_option,
    regime_option,
    run_options,
)
from benchmark.containers.roles import Role
from nnactive.errors import UserError

if TYPE_CHECKING:
    from benchmark.feasibility.pools import Pools
    from benchmark.submission.method_string import Method
    from benchmark.submission.spec import MethodSpec
    from benchmark.tracks import Track
    from benchmark.workflow.problems import Problem
    from benchmark.workflow.request import Request

    Entry = tuple[MethodSpec, Path | None]


@click.group()
def track() -> None:
    """List, show and run tracks: settings, methods and seeds."""


@track.command("list")
def list_tracks() -> None:
    """List the tracks that come with the benchmark."""
    from rich.table import Table

    from benchmark.cli.tables import print_table
    from benchmark.tracks import load_track, track_names

    table = Table(box=None, pad_edge=False)
    table.add_column("track", no_wrap=True)
    shape = "settings x methods x seeds"
    for column in ("title", "datasets", shape, "experiments", "trainings"):
        table.add_column(column)
    for name in track_names():
        content = load_track(name)
        count = content.experiments_per_seed * len(content.seeds)
        datasets = ", ".join(content.datasets)
        counts = (f"{count:,}", f"{content.trainings:,}")
        table.add_row(name, content.title, datasets, content.size, *counts)
    print_table(table)


@track.command()
@click.argument("name")
@click.option("--yaml", "as_yaml", is_flag=True, help="Print every field of every setting as YAML.")
@data_option
@dataset_option
@regime_option
def show(name: str, data: Path, dataset: str | None, regime: str | None, *, as_yaml: bool) -> None:
    """Show what the track NAME runs; NAME may be the path of a YAML file.

    Warns if a prepared dataset has no room for a budget.
    """
    import yaml

    from benchmark.cli.tables import print_track
    from benchmark.tracks import load_track

    content = load_track(name).part(dataset, regime)
    if as_yaml:
        dump = content.model_dump(mode="json")
        click.echo(yaml.safe_dump(dump, sort_keys=False, allow_unicode=True), nl=False)
        return
    print_track(content)
    for warning in shown_warnings(content, data):
        click.echo(warning, err=True)


def shown_warnings(content: "Track", data: Path) -> list[str]:
    """What is impossible or may go wrong with the built-in methods on datasets in ``data``."""
    from benchmark.feasibility.pools import prepared_pools
    from benchmark.submission.method_string import Method

    pools = prepared_pools(content, data, data)
    if not pools.folders:
        return []
    asked = [Method.parse(each) for each in content.methods]
    try:
        return warnings(content, pools, [each for each in asked if each.file is None])
    except UserError as error:
        return [f"warning: {error}"]


RUN_ROLES = {
    "name": Role.TRACK,
    "data": Role.DATA,
    "runs": Role.RUNS,
    "out": Role.PAGE,
}
"""What the parameters that `track run` and `submit` share name on the host."""


@track.command(cls=Contained, roles={**RUN_ROLES, "methods": Role.METHOD}, gpu=True)
@click.argument("name")
@click.option(
    "--method",
    "methods",
    multiple=True,
    metavar="METHOD",
    help="Run this METHOD instead of the track's own; repeatable.",
)
@param_option
@run_options
def run(name: str, methods: Sequence[str], parameters: Sequence[str], options: RunOptions) -> int:
    """Run the track NAME, or continue it, and build the leaderboard.

    NAME may be the path of a YAML file. A METHOD's file that is new to the track is checked first.
    """
    from benchmark.submission.sweep import swept

    if parameters and len(methods) != 1:
        raise UserError(
            "--param needs exactly one --method; "
            "otherwise give each METHOD its own, as in --method power_bald,beta=5"
        )
    content = part_of_track(name, options)
    asked = swept(methods or content.methods, parameters)
    return run_track(content, asked, options, 0 if methods else len(asked))


@click.command(cls=Offering, roles={"submitted": Role.METHOD, **RUN_ROLES}, gpu=True)
@click.argument("submitted", nargs=-1, required=True, metavar="METHOD...")
@param_option
@click.option(
    "--track",
    "name",
    default="demo",
    show_default=True,
    metavar="NAME",
    help="Track to submit to: a name, or the path of a YAML file.",
)
@bundle_options
@run_options
def submit(
    submitted: Sequence[str], parameters: Sequence[str], name: str, options: RunOptions
) -> int:
    """Run METHODs and a track's baselines; build the leaderboard.

    A METHOD is path/to/file.py:Class, path/to/folder:Class, or the name of a built-in or installed
    method, optionally with parameters: power_bald,beta=5. Several values are one method each:
    'power_bald,beta=1|5|20' (in quotes). A new one is checked first.
    """
    content = part_of_track(name, options)
    own, asked = swept_methods(content, submitted, parameters)
    return run_track(content, [*own, *asked], options, len(own))


def swept_methods(
    content: "Track", texts: Sequence[str], parameters: Sequence[str]
) -> "tuple[list[Method], list[Method]]":
    """A track's own methods, and those that the user names.

    Raises:
        UserError: if a text isn't a METHOD, or ``parameters`` don't belong to a single one.
    """
    from benchmark.submission.sweep import swept

    if parameters and len(texts) != 1:
        raise UserError(
            "--param needs exactly one METHOD; otherwise give each METHOD its own, as in "
            "power_bald,beta=5"
        )
    return swept(content.methods), swept(texts, parameters)


def part_of_track(name: str, options: RunOptions) -> "Track":
    """The track's settings that the options select.

    Raises:
        UserError: no such track, an error in its file, or no such settings.
    """
    from benchmark.tracks import load_track

    return load_track(name).part(options.dataset, options.regime, options.seeds)


def run_track(content: "Track", methods: "Sequence[Method]", options: RunOptions, own: int) -> int:
    """Run methods on a track and build the page; returns the exit code.

    Nothing runs if this machine lacks something or a method fails its check. The first ``own``
    methods are the track's: those whose results were all imported don't run.
    """
    from benchmark.feasibility.pools import prepared_pools
    from benchmark.forecast.requests import trainings_per_gpu
    from benchmark.pictures.kept import keep_cases
    from benchmark.workflow.request import Request
    from nnactive.devices import usable_cores

    if options.profile or options.container:
        from benchmark.cli.commands.study.submitting import chosen

        chosen(options)  # a wrong one is refused before anything is checked
    notes = begin(content, options.data, options.runs)
    if options.profile:  # a login node's GPU says nothing
        notes = [each for each in notes if not each.startswith("GPU")]
    root = options.runs / content.name
    methods = [method.staged(note) for method in methods]
    entries = [admitted(method, root, options.seconds, content.query) for method in methods]
    if None in entries:
        return UserError.exit_code
    pools = prepared_pools(content, options.data, options.runs)
    notes += warnings(content, pools, methods)
    for each in notes:
        note(each)
    request = Request(
        track=content,
        methods=tuple({entry[0].record.id: entry for entry in entries if entry}.values()),
        data=options.data,
        runs=options.runs,
        cores=options.cores or usable_cores(),
        keep=options.keep,
        command=command_line(),
    )
    request = _without_imported(request, {entry[0].record.id for entry in entries[own:] if entry})
    if keep_cases(root, options.pictured, map(request.dataset, content.datasets)):
        note(
            "--keep-predictions: finished evaluations have kept none; `show predictions` predicts "
            "again where networks remain"
        )
    request = replace(request, slots=trainings_per_gpu(request, options.folds))
    if options.profile and request.methods:  # a cluster isn't asked for nothing
        from benchmark.cli.commands.study.submitting import finish_on_cluster

        return finish_on_cluster(request, options, finish)
    return finish(request, options.out)


def _without_imported(request: "Request", named: Collection[str]) -> "Request":
    """The request without methods whose results were all imported, unless the user named them."""
    from benchmark.store.imported import fully_imported

    there = {each for each in fully_imported(request) if each not in named}
    if there:
        names = ", ".join(sorted(there))
        note(f"results imported, not run again: {names}; to run one: track run --method NAME")
    left = tuple(each for each in request.methods if each[0].record.id not in there)
    return replace(request, methods=left)


def begin(content: "Track", data: Path, runs: Path) -> list[str]:
    """Refuse to start a run that would fail on this machine; returns notes for the user.

    Raises:
        UserError: names what is missing and the option to add.
    """
    from benchmark.machine.checks import begin_run
    from nnactive.data.cards import load_card

    needs_data = any(load_card(dataset).generator is None for dataset in content.datasets)
    return begin_run(data, runs, needs_data=needs_data)


def warnings(content: "Track", pools: "Pools", methods: "Sequence[Method]") -> list[str]:
    """What may go wrong with a track's budgets, a line each.

    Raises:
        UserError: if a budget is impossible.
    """
    from benchmark.feasibility.track import check_track
    from benchmark.submission.method_string import Method
    from nnactive.io.queries import PROTOCOL_START

    # Starts are followed by one query method; only the protocol's makes sure of every class.
    queries = methods if content.query is None else [Method.parse(content.query)]
    protocol = content.query is None or any(each.string == PROTOCOL_START for each in methods)
    asked = {each.string: demands(each, pools) for each in queries if pools.settings}
    notes = check_track(content, pools, asked, protocol=protocol)
    return [f"warning: {note}" for note in notes]


def admitted(
    method: "Method", root: Path, seconds: float, query: str | None = None
) -> "Entry | None":
    """A method's spec and frozen copy; None if it is new to the track and fails the check.

    Args:
        method: the METHOD.
        root: the track's folder.
        seconds: time limit for each row of the check.
        query: query method of the later loops, in a track that compares starts.

    Raises:
        UserError: if this isn't a method that can run on the track.
    """
    from benchmark.layout import spec_file
    from benchmark.submission.pairs import entrant

    method = method.staged(note)
    spec = entrant(examine(method, root), query)
    new = method.file is not None and not (root / spec_file(spec.record.id)).exists()
    return None if new and not passes(method, seconds) else (spec, method.frozen)


def as_expected(track: str, root: Path) -> str | None:
    """Whether a track's baselines came out as expected; None where nobody can say."""
    from benchmark.layout import result_files
    from benchmark.results import load_result
    from leaderboard.expected.compare import verdict
    from leaderboard.expected.figures import expected_of

    expected = expected_of(track)
    if expected is None:
        return None
    try:
        results = [load_result(file) for file in result_files(root)]
    except UserError:  # the page has said so
        return None
    return verdict(expected, results)


def removal(request: "Request", problems: "Sequence[Problem]") -> list[str]:
    """How to remove what failed, a command for each method."""
    import shlex

    words = ("--failed", "--track", request.track.name, "--runs", str(request.runs))
    ids = dict.fromkeys(each.experiment.method for each in problems if each.recorded)
    return [
        f"to remove what failed: {shlex.join(['nnactive-bench', 'runs', 'remove', each, *words])}"
        for each in ids
    ]


def finish(request: "Request", out: Path) -> int:
    """Run a request and build the page; returns 1 or 2 if an experiment failed."""
    from benchmark.cli.progress import shown
    from benchmark.forecast.requests import disk_note
    from benchmark.layout import result_files
    from benchmark.tracks import experiments
    from benchmark.workflow.request import history_note
    from benchmark.workflow.run import run as run_request
    from leaderboard.formatting import counted

    content, root = request.track, request.root
    count = sum(1 for _ in experiments(content, [spec.record.id for spec, _ in request.methods]))
    size = f"{counted(count, 'experiment')} on {counted(request.cores, 'core')}"
    click.echo(f"track {content.name}: {size}, in {root}")
    for line in (history_note(request), disk_note(request, keep=request.keep)):
        if line:
            click.echo(line)
    with shown() as watcher:
        problems = run_request(request, watcher, notes=note)
    status = 0
    if result_files(root) or not request.methods:  # without methods, all results were imported
        status = build_page([request.runs], out, published=content.comparable)
        line = as_expected(content.name, root)
        if line:
            click.echo(line)
    for problem in problems:
        click.echo(error_line(f"{problem.experiment}: {problem.text}"), err=True)
    for line in removal(request, problems):
        click.echo(line, err=True)
    codes = {problem.exit_code for problem in problems} | ({status} if status else set())
    return max(codes, default=0)
