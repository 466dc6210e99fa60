"""Hidden commands that the benchmark runs in processes of their own.

Each step of the table ``benchmark/steps.py`` is one: declared files in, one output, an exit code.
"""

import os
from collections.abc import Sequence
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark.cli.commands.step_frame import checked, checked_pool, draft, reported
from benchmark.cli.options import frozen_option, method_argument
from nnactive.errors import NnactiveError

if TYPE_CHECKING:
    from benchmark.layout import Experiment
    from benchmark.submission.method_string import Method
    from nnactive.settings import Setting

PATH = click.Path(path_type=Path)
DEVICE = "auto"

data_option = click.option("--data", type=PATH, required=True)
setting_option = click.option("--setting", "setting_file", type=PATH, required=True)
seed_option = click.option("--seed", type=int, required=True)
loop_option = click.option("--loop", type=int, required=True)
train_option = click.option("--train", type=PATH, required=True)
out_option = click.option("--out", type=PATH, required=True)
device_option = click.option("--device", default=DEVICE, show_default=True)


@click.group(hidden=True)
def step() -> None:
    """Single steps of a run, as the workflow runs them."""


@step.command()
@click.argument("name")
@data_option
@click.option("--workers", type=int, default=1)
@out_option
def prepare(name: str, data: Path, workers: int, out: Path) -> None:  # noqa: ARG001
    """Generate and prepare a dataset."""
    from benchmark.cli.commands.data import prepare_dataset

    prepare_dataset(name, None, data, workers)


@step.command()
@data_option
@setting_option
@click.option("--method", "spec", type=PATH, help="Start method; by default the protocol's.")
@seed_option
@out_option
def start(data: Path, setting_file: Path, spec: Path | None, seed: int, out: Path) -> None:
    """Choose the patches of loop 0."""
    with reported(out):
        from benchmark.boxed.apart import apart
        from benchmark.boxed.start import StartAsk, run_start
        from benchmark.firewall.ways import best_way
        from nnactive.io.costs import Used
        from nnactive.io.files import read_model
        from nnactive.settings import Setting
        from nnactive.steps.start import start as run

        setting, used = read_model(setting_file, Setting), Used()
        paths = [spec] if spec else []
        read = apart(partial(checked, data, *paths))
        with draft(out, inputs=read, used=used) as unfinished:
            if spec is None:
                run(data, setting, seed, unfinished)
            else:
                ask = StartAsk(data, setting, spec, seed, partial(checked_pool, data, *paths))
                run_start(ask, unfinished, used, best_way())


@step.command()
@data_option
@setting_option
@seed_option
@loop_option
@click.option("--previous", type=PATH, default=None)
@out_option
@click.argument("queries", type=PATH, nargs=-1, required=True)
def annotate(
    data: Path,
    setting_file: Path,
    seed: int,
    loop: int,
    previous: Path | None,
    out: Path,
    queries: Sequence[Path],
) -> None:
    """Label the chosen patches; write the training folder."""
    with reported(out, loop):
        from nnactive.io.files import read_model
        from nnactive.settings import Setting
        from nnactive.steps.annotate import annotate as run

        read = checked(data, *queries, *([previous] if previous else []))
        with draft(out, inputs=read) as unfinished:
            run(data, read_model(setting_file, Setting), seed, list(queries), previous, unfinished)


@step.command()
@train_option
@click.option("--fold", type=int, required=True)
@loop_option
@click.option("--kept", type=PATH, help="Members that experiments with the same patches share.")
@out_option
@device_option
def train_fold(
    train: Path, fold: int, loop: int, kept: Path | None, out: Path, device: str
) -> None:
    """Train one member of the ensemble, or take it from an experiment with the same patches."""
    with reported(out, loop, fold):
        from benchmark.chain.images import check_images
        from nnactive.steps.annotate import labelled_set
        from nnactive.steps.train import forget
        from nnactive.steps.twins import train_once

        read = checked(None, train)

        def run() -> None:
            from nnactive.devices import pick_device
            from nnactive.steps.train import train_fold as run

            check_images(train)
            picked = pick_device(device)
            with draft(out, picked, read) as unfinished:
                run(train, fold, unfinished, picked)

        name = labelled_set(train)
        if kept is None or name is None:
            run()
        elif train_once(kept / name[:16] / out.name, out, run, read):
            click.echo("taken from an experiment with the same patches")
        forget(out)


@step.command()
@data_option
@setting_option
@train_option
@loop_option
@click.option("--pictured", type=PATH, help="Names the cases whose predictions are kept.")
@click.option("--workers", type=int, default=1)
@out_option
@device_option
@click.argument("members", type=PATH, nargs=-1, required=True)
def evaluate(
    data: Path,
    setting_file: Path,
    train: Path,
    loop: int,
    pictured: Path | None,
    workers: int,
    out: Path,
    device: str,
    members: Sequence[Path],
) -> None:
    """Evaluate the ensemble on the test set."""
    with reported(out, loop):
        from benchmark.pictures.kept import kept_beside
        from nnactive.devices import pick_device
        from nnactive.io.files import read_model
        from nnactive.settings import Setting
        from nnactive.steps.evaluate import evaluate as run

        read = checked(data, train, *members)
        picked = pick_device(device)
        kept = kept_beside(out, pictured) if pictured else {}
        with draft(out, picked, read) as unfinished:
            run(
                data,
                read_model(setting_file, Setting),
                train,
                list(members),
                unfinished,
                picked,
                workers=workers,
                progress=lambda done, total: click.echo(f"{done} of {total} cases"),
                kept=kept,
            )


@step.command()
@data_option
@setting_option
@click.option("--method", "spec", type=PATH, required=True)
@seed_option
@loop_option
@train_option
@click.option("--query", "queries", type=PATH, multiple=True, required=True)
@click.option("--past-train", "past_trains", type=PATH, multiple=True)
@click.option("--past-member", "past_members", type=PATH, multiple=True)
@click.option("--workers", type=int, default=1)
@click.option("--part", metavar="K/N", help="Only this part of the images, into a shared folder.")
@out_option
@device_option
@click.argument("members", type=PATH, nargs=-1)
def query(
    data: Path,
    setting_file: Path,
    spec: Path,
    seed: int,
    loop: int,
    train: Path,
    queries: Sequence[Path],
    past_trains: Sequence[Path],
    past_members: Sequence[Path],
    workers: int,
    part: str | None,
    out: Path,
    device: str,
    members: Sequence[Path],
) -> None:
    """Let a method choose the next patches.

    To split a query over machines that share the folders, run it with --part 1/N ... N/N, in any
    order or at once, then without --part: that completes the rest and writes the output.
    """
    with reported(out, loop):
        from benchmark.boxed.apart import apart
        from benchmark.boxed.query import QueryAsk, run_query
        from benchmark.firewall.ways import best_way
        from benchmark.submission.spec import MethodSpec
        from nnactive.io.costs import Used
        from nnactive.io.files import read_model
        from nnactive.query.checkpoint import Part
        from nnactive.steps.history import past_loops

        paths = (spec, *queries, train)
        read = apart(partial(checked, data, *paths))
        if read_model(spec, MethodSpec).later.needs_network:
            trained = (*members, *past_trains, *past_members)
            read |= checked(None, *trained)
            paths += trained
        ask = QueryAsk(
            data=data,
            setting_file=setting_file,
            spec_file=spec,
            seed=seed,
            loop=loop,
            train=train,
            queries=tuple(queries),
            members=tuple(members),
            past=past_loops(past_trains, past_members),
            device=device,
            workers=workers,
            part=Part.parse(part) if part else None,
            progress=lambda done, total: click.echo(f"{done} of {total} images"),
            recheck=partial(checked_pool, data, *paths),
        )
        used = Used()
        # A part has no output, so no cost either.
        with nullcontext(out) if part else draft(out, inputs=read, used=used) as unfinished:
            run_query(ask, unfinished, used, best_way())


@step.command()
@setting_option
@click.option("--method", required=True)
@seed_option
@loop_option
@click.option("--start", type=PATH, required=True)
@out_option
def take(setting_file: Path, method: str, seed: int, loop: int, start: Path, out: Path) -> None:
    """Take a loop's patches from another track's run."""
    with reported(out, loop):
        from benchmark.layout import Experiment
        from benchmark.taken.take import Wanted
        from benchmark.taken.take import take as run
        from nnactive.io.files import read_model
        from nnactive.settings import Setting

        setting, read = read_model(setting_file, Setting), checked(None, start)
        wanted = Wanted(setting, Experiment(setting.name, method, seed), loop)
        with draft(out, inputs=read) as unfinished:
            read.update(run(wanted, start, unfinished))


@step.command()
@data_option
@click.option("--track", "track_file", type=PATH, required=True)
@click.option("--setting", required=True)
@click.option("--method", required=True)
@seed_option
@out_option
def result(data: Path, track_file: Path, setting: str, method: str, seed: int, out: Path) -> None:
    """Collect the result of a finished experiment."""
    from benchmark import layout
    from benchmark.chain.whole import check_experiment
    from benchmark.collect import collect
    from benchmark.layout import Experiment
    from benchmark.results import save_result
    from benchmark.tracks import Track
    from nnactive.io.files import read_model
    from nnactive.io.seals import sealed
    from nnactive.settings import Setting

    track = read_model(track_file, Track)
    experiment = Experiment(setting, method, seed)
    rules = read_model(track_file.parent / layout.setting_file(setting), Setting)
    read = check_experiment(rules, experiment, data, click.echo)
    collected = collect(track_file.parent, track, experiment, data)
    with sealed(out, read) as unfinished:
        save_result(unfinished, collected)
    if collected.status == "complete":
        _montages(track_file.parent, rules, experiment, data)


def _montages(root: Path, setting: "Setting", experiment: "Experiment", data: Path) -> None:
    """Pictures of what was queried; without them a result is as good."""
    from benchmark.thumbnails.montage import save_montages

    try:
        save_montages(root, setting, experiment, data)
    except (NnactiveError, OSError, ValueError, KeyError) as error:
        click.echo(f"note: no pictures of the queries: {error}")


@step.command()
@method_argument
@frozen_option
@click.option("--show", is_flag=True, help="With its docstring and its parameters' limits.")
@click.option("--pools", type=PATH, help="Instead, report how it searches these pools for patches.")
@out_option
def describe(method: "Method", out: Path, pools: Path | None, *, show: bool) -> None:
    """Import a METHOD in a box, check it, and say what it is."""
    from benchmark.boxed.describing import answer_of
    from benchmark.boxed.question import BoxedError
    from benchmark.cli.errors import DEBUG
    from nnactive.io.files import write_model

    try:
        write_model(out, answer_of(method, show=show, questions=pools))
    except BoxedError as error:
        if os.environ.get(DEBUG):
            click.echo(error.trace, err=True)
        raise


@step.command()
@method_argument
@frozen_option
@click.option("--answers", is_flag=True, help="Query once and store the choice.")
@out_option
def conform(method: "Method", out: Path, *, answers: bool) -> None:
    """Check a METHOD on synthetic pools in a box: a line a row, as soon as it is judged."""
    from benchmark.conformance.boxed.conforming import conform as run

    run(method, out, answers=answers)


@step.command()
@click.argument("requirements", nargs=-1, required=True)
def layer(requirements: Sequence[str]) -> None:
    """Install a submission's requirements into this image, while a layer on it is built."""
    from benchmark.image.layer.install import install

    for each in install(requirements).requirements:
        click.echo(f"added {each}")
