"""Options and arguments that several commands share."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, fields
from functools import wraps
from pathlib import Path
from typing import Any

import click

from nnactive.io.formatting import DATA

Command = Callable[..., Any]

data_option = click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="NNACTIVE_DATA",
    default=DATA,
    show_default=True,
    help="Folder of the prepared datasets (or NNACTIVE_DATA).",
)
raw_option = click.option(
    "--raw",
    type=click.Path(path_type=Path, file_okay=False),
    default=None,
    help="Folder of the raw dataset, unless it was downloaded or is generated.",
)
runs_option = click.option(
    "--runs",
    type=click.Path(path_type=Path, file_okay=False),
    envvar="NNACTIVE_RUNS",
    default=Path("runs"),
    show_default=True,
    help="Folder of the runs (or NNACTIVE_RUNS).",
)
dataset_option = click.option(
    "--dataset", default=None, metavar="NAME", help="Only the track's settings with this dataset."
)
regime_option = click.option(
    "--regime",
    default=None,
    metavar="NAME",
    help="Only the track's settings with this label regime.",
)
seed_option = click.option(
    "--seed",
    "seeds",
    type=int,
    multiple=True,
    metavar="N",
    help="Only this seed of the track; repeatable.",
)
cores_option = click.option(
    "--cores",
    type=click.IntRange(min=1),
    default=None,
    metavar="N",
    help="Number of cores to use; by default all.",
)
out_option = click.option(
    "--out",
    type=click.Path(path_type=Path, dir_okay=False),
    envvar="NNACTIVE_OUT",
    default=Path("leaderboard.html"),
    show_default=True,
    help="The page to write (or NNACTIVE_OUT).",
)
param_option = click.option(
    "--param",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="Set a parameter of the method; repeatable.",
)
seconds_option = click.option(
    "--seconds",
    type=click.FloatRange(min=0, min_open=True),
    default=60,
    show_default=True,
    metavar="SECONDS",
    help="Time limit for each check of the method.",
)


frozen_option = click.option(
    "--frozen",
    type=click.Path(path_type=Path),
    help="Frozen copy of METHOD's files to use instead.",
)
"""For commands with `method_argument` that other commands run in processes of their own."""


def method_argument(command: Command) -> Command:
    """Add the argument METHOD and ``--param``; the command gets one `Method`, ``method``."""

    @click.argument("method")
    @param_option
    @wraps(command)
    def parsed(
        *args: Any,
        method: str,
        parameters: tuple[str, ...],
        frozen: Path | None = None,
        **others: Any,
    ) -> Any:
        from benchmark.submission.method_string import Method

        return command(*args, method=Method.parse(method, parameters, frozen), **others)

    return parsed


profile_option = click.option(
    "--profile",
    metavar="NAME",
    help="Submit to a cluster: a profile's name or file (nnactive-bench profile list).",
)
shard_option = click.option(
    "--shard",
    "cut",
    type=click.Choice(["experiment", "loop", "component"]),
    default="experiment",
    show_default=True,
    help="What one cluster job works on; a component is all methods of a setting and seed.",
)
container_option = click.option(
    "--container",
    metavar="IMAGE",
    help="Run every job of the cluster in this image (Apptainer, unless the profile says Docker).",
)
keep_option = click.option(
    "--keep",
    is_flag=True,
    help="Keep all networks; by default, used ones are deleted if all take over 20 GiB.",
)
keep_predictions_option = click.option(
    "--keep-predictions",
    "pictured",
    multiple=True,
    metavar="CASE",
    help="Keep each loop's prediction for this test case for `show predictions`; repeatable.",
)
folds_option = click.option(
    "--folds-per-gpu",
    "folds",
    default="auto",
    show_default=True,
    metavar="K",
    help="Trainings per GPU; auto: as many as fit and pay off, if calibrated, else 1.",
)


def isolation_option(command: Command) -> Command:
    """Add ``--isolation`` to a command that runs methods; tells the user if there is none."""

    @click.option(
        "--isolation",
        type=click.Choice(["auto", "bubblewrap", "landlock", "none"]),
        envvar="NNACTIVE_ISOLATION",
        default="auto",
        show_default=True,
        help="How methods are isolated from labels (or NNACTIVE_ISOLATION); auto: strongest here.",
    )
    @wraps(command)
    def isolated(*args: Any, isolation: str, **others: Any) -> Any:
        with isolation_wished(isolation):
            return command(*args, **others)

    return isolated


@contextmanager
def isolation_wished(isolation: str) -> Iterator[None]:
    """Have this isolation in the block; tells the user if there is none.

    Raises:
        UserError: this machine can't give it.
    """
    from benchmark.firewall.ways import remarks, wished

    with wished(isolation):
        if line := remarks():
            click.echo(line, err=True)
        yield


@dataclass(frozen=True)
class RunOptions:
    """How a track is run: which part of it, on what, from where and to where."""

    seconds: float
    """Time limit for each row of a method's check."""
    dataset: str | None
    regime: str | None
    seeds: tuple[int, ...]
    """Of the track's; empty: all."""
    cores: int | None
    data: Path
    runs: Path
    out: Path
    profile: str | None
    """Where it is submitted to; None: it runs here."""
    cut: str
    """What a shard is."""
    container: str | None
    keep: bool
    """Whether networks are kept that nothing needs any more."""
    folds: str
    """Trainings that share a GPU."""
    pictured: tuple[str, ...]
    """Test cases whose predictions are kept."""


def run_options(command: Command) -> Command:
    """Add the options of a run; the command gets one `RunOptions`, ``options``."""

    @seconds_option
    @dataset_option
    @regime_option
    @seed_option
    @cores_option
    @data_option
    @runs_option
    @out_option
    @profile_option
    @shard_option
    @container_option
    @keep_option
    @keep_predictions_option
    @folds_option
    @isolation_option
    @wraps(command)
    def collected(*args: Any, **given: Any) -> Any:
        options = RunOptions(**{field.name: given.pop(field.name) for field in fields(RunOptions)})
        return command(*args, options=options, **given)

    return collected
