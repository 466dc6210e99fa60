"""What methods would query in a loop that a run has trained."""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark.child_errors import error_line
from benchmark.cli.contained import Contained
from benchmark.cli.options import (
    cores_option,
    data_option,
    isolation_option,
    param_option,
    runs_option,
)
from benchmark.containers.roles import Role
from nnactive.errors import NnactiveError, UserError

if TYPE_CHECKING:
    from benchmark.replay.answers import Answer, Progress
    from benchmark.replay.parent import Watcher

EXAMPLE = "example"
PREDICTIONS = ".predictions"


@click.command(
    cls=Contained,
    roles={
        "methods": Role.METHOD,
        "run": Role.RUN,
        "data": Role.DATA,
        "runs": Role.RUNS,
        "html": Role.PAGE,
    },
    gpu=True,
)
@click.argument("methods", nargs=-1, required=True, metavar="METHOD...")
@param_option
@click.option(
    "--of",
    "run",
    required=True,
    metavar="RUN",
    help="Experiment to replay: its folder, or TRACK/SETTING/METHOD/seed_S below --runs; "
    f"`{EXAMPLE}` for a tiny run that is made on first use.",
)
@click.option(
    "--loop",
    default=1,
    show_default=True,
    metavar="T",
    help="Loop whose query is replayed, from 1.",
)
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON.")
@click.option(
    "--html",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write a page with pictures of the patches, the scores and the labels.",
)
@click.option(
    "--pictures",
    type=click.IntRange(min=1),
    default=8,
    show_default=True,
    metavar="N",
    help="Patches of each method that the page shows, from its first.",
)
@click.option(
    "--keep",
    is_flag=True,
    help=f"Keep the ensemble's predictions in {PREDICTIONS} below the runs, for the next replay.",
)
@click.option("--device", default="auto", show_default=True, help="Where to predict.")
@cores_option
@data_option
@runs_option
@isolation_option
def replay(
    methods: Sequence[str],
    parameters: Sequence[str],
    run: str,
    loop: int,
    html: Path | None,
    pictures: int,
    device: str,
    cores: int | None,
    data: Path,
    runs: Path,
    *,
    keep: bool,
    as_json: bool,
) -> int:
    """Show what each METHOD would query in a loop of a run; nothing is trained.

    METHOD is path/to/file.py:Class, path/to/folder:Class, or the name of a built-in or installed
    method, optionally with parameters, and several of a value: power_bald,beta=1|5; or the id of a
    method that the run was given. The run may still be going on.
    """
    from benchmark.cli.commands.author.replay_tables import print_report
    from benchmark.replay.find import find_moment
    from benchmark.replay.replay import Options
    from benchmark.replay.replay import replay as ask
    from benchmark.replay.report import report
    from benchmark.submission.sweep import swept
    from nnactive.devices import usable_cores

    if parameters and len(methods) != 1:
        raise UserError(
            "--param needs exactly one METHOD; otherwise give each its own, as in power_bald,beta=5"
        )
    asked = swept(dict.fromkeys(methods), parameters)
    used = cores or usable_cores()
    place = _example(runs, data, used) if run == EXAMPLE else run
    moment = find_moment(str(place), loop, data=data, runs=runs)
    with tempfile.TemporaryDirectory(prefix="nnactive-replay-") as folder, _shown() as watcher:
        options = Options(
            device=device,
            cores=used,
            pictures=pictures if html else 0,
            folder=Path(folder),
            predictions=runs / PREDICTIONS,
            keep=keep,
        )
        answers = ask(moment, asked, options, watcher, lambda text: click.echo(text, err=True))
        told = report(moment, answers)
        if html:
            from benchmark.replay.page import render
            from nnactive.io.files import write_text

            write_text(html, render(moment, told, answers, pictures))
            click.echo(f"page: {html}", err=True)
    if as_json:
        click.echo(told.model_dump_json(indent=1))
    else:
        print_report(told)
    return _failures(answers)


def _example(runs: Path, data: Path, cores: int) -> Path:
    """Folder of the example run, which is made if it isn't there."""
    from benchmark.cli.progress import shown
    from benchmark.machine.checks import begin_run
    from benchmark.replay.example import FOLDER, example_folder, make_example

    found = example_folder(runs)
    if found:
        return found
    for note in begin_run(data, runs, needs_data=False):
        click.echo(note, err=True)
    click.echo(f"making a tiny run to replay, in {runs / FOLDER}; this happens once", err=True)
    with shown() as watcher:
        return make_example(runs, data, cores, watcher)


def _failures(answers: "Sequence[Answer]") -> int:
    """Report each method that failed; returns the exit code."""
    import os

    from benchmark.cli.errors import DEBUG
    from benchmark.replay.answers import NO_STATE

    for each in answers:
        if each.choice and each.choice.stateless:
            click.echo(f"note: {each.method}: {NO_STATE}", err=True)
    failed = [(each.method, each.failure) for each in answers if each.failure]
    for method, failure in failed:
        if os.environ.get(DEBUG) and failure.traceback:
            click.echo(failure.traceback, err=True)
        click.echo(error_line(f"{method}: {failure.reason}"), err=True)
    return NnactiveError.exit_code if failed else 0


@contextmanager
def _shown() -> "Iterator[Watcher]":
    """Show progress: on a terminal in one line that changes, elsewhere now and then a line."""
    import time

    from rich.console import Console
    from rich.markup import escape

    from benchmark.cli.progress import Beat

    console = Console(stderr=True)
    beat = Beat(time.monotonic())

    def line(method: str, progress: "Progress") -> None:
        if beat.due(time.monotonic()):
            click.echo(f"{method}: {progress.done} of {progress.total} images", err=True)

    if not console.is_terminal:
        yield line
        return
    with console.status("importing the methods") as status:
        yield lambda method, progress: status.update(
            escape(f"{method}: {progress.done} of {progress.total} images")
        )
