"""Hidden commands that the benchmark runs in processes of their own.

Each step of the table ``benchmark/steps.py`` is one: declared files in, one output, an exit code.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

import click

from benchmark.cli.options import frozen_option, method_argument

if TYPE_CHECKING:
    from benchmark.submission.method_string import Method

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
    with _reported(out):
        from benchmark.submission.spec import load_start
        from nnactive.io.files import read_model
        from nnactive.settings import Setting
        from nnactive.steps.start import start as run
        from nnactive.steps.start import start_with

        setting = read_model(setting_file, Setting)
        read = _checked(data, *([spec] if spec else []))
        with _draft(out, inputs=read) as draft:
            if spec is None:
                run(data, setting, seed, draft)
            else:
                method_id = spec.name.removesuffix(".json")
                start_with(load_start(spec), method_id, data, setting, seed, draft)


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
    with _reported(out, loop):
        from nnactive.io.files import read_model
        from nnactive.settings import Setting
        from nnactive.steps.annotate import annotate as run

        read = _checked(data, *queries, *([previous] if previous else []))
        with _draft(out, inputs=read) as draft:
            run(data, read_model(setting_file, Setting), seed, list(queries), previous, draft)


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
    with _reported(out, loop, fold):
        from benchmark.chain.images import check_images
        from nnactive.steps.annotate import labelled_set
        from nnactive.steps.train import forget
        from nnactive.steps.twins import train_once

        read = _checked(None, train)

        def run() -> None:
            from nnactive.devices import pick_device
            from nnactive.steps.train import train_fold as run

            check_images(train)
            picked = pick_device(device)
            with _draft(out, picked, read) as draft:
                run(train, fold, draft, picked)

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
@click.option("--workers", type=int, default=1)
@out_option
@device_option
@click.argument("members", type=PATH, nargs=-1, required=True)
def evaluate(
    data: Path,
    setting_file: Path,
    train: Path,
    loop: int,
    workers: int,
    out: Path,
    device: str,
    members: Sequence[Path],
) -> None:
    """Evaluate the ensemble on the test set."""
    with _reported(out, loop):
        from nnactive.devices import pick_device
        from nnactive.io.files import read_model
        from nnactive.settings import Setting
        from nnactive.steps.evaluate import evaluate as run

        read = _checked(data, train, *members)
        picked = pick_device(device)
        with _draft(out, picked, read) as draft:
            run(
                data,
                read_model(setting_file, Setting),
                train,
                list(members),
                draft,
                picked,
                workers=workers,
                progress=lambda done, total: click.echo(f"{done} of {total} cases"),
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
@click.option("--part", metavar="K/N", help="Only this share of the images, into a shared folder.")
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
    with _reported(out, loop):
        from benchmark.submission.spec import load_method
        from nnactive.devices import CPU, pick_device
        from nnactive.io.files import read_model
        from nnactive.query.checkpoint import Part
        from nnactive.settings import Setting
        from nnactive.steps.history import past_loops
        from nnactive.steps.query import QueryInputs
        from nnactive.steps.query import query as run

        read = _checked(data, spec, *queries, train)
        method = load_method(spec)
        if method.needs:
            read |= _checked(None, *members, *past_trains, *past_members)
        inputs = QueryInputs(
            data=data,
            setting=read_model(setting_file, Setting),
            seed=seed,
            loop=loop,
            method=method,
            method_id=spec.name.removesuffix(".json"),
            queries=tuple(queries),
            train=train,
            members=tuple(members),
            past=past_loops(past_trains, past_members),
        )
        # Importing torch takes seconds; a method without predictions needs no device.
        picked = pick_device(device) if inputs.method.needs else CPU
        share = Part.parse(part) if part else None
        # A part has no output, so no cost either.
        draft_of = nullcontext(out) if share else _draft(out, picked, read)

        def tell(done: int, total: int) -> None:
            click.echo(f"{done} of {total} images")

        with draft_of as draft:
            run(inputs, draft, picked, workers=workers, progress=tell, part=share)


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
    with sealed(out, read) as draft:
        save_result(draft, collected)


@step.command()
@method_argument
@frozen_option
@click.option("--show", is_flag=True, help="With its docstring and its parameters' limits.")
@click.option("--pools", type=PATH, help="Say how it looks for patches in these pools instead.")
@out_option
def describe(method: "Method", out: Path, pools: Path | None, *, show: bool) -> None:
    """Import a METHOD, check it, and say what it is."""
    from benchmark.feasibility.demands import demands_of
    from benchmark.feasibility.pools import Pools
    from benchmark.submission.method_class import as_query
    from benchmark.submission.method_help import method_help
    from benchmark.submission.spec import describe as run
    from benchmark.submission.spec import make
    from nnactive.io.files import read_model, write_model

    if pools:
        found = as_query(make(method)[1], method.string)
        write_model(out, demands_of(found, read_model(pools, Pools)))
    else:
        write_model(out, (method_help if show else run)(method))


@step.command()
@method_argument
@frozen_option
@click.option("--answers", is_flag=True, help="Query once, and keep what was chosen.")
@out_option
def conform(method: "Method", out: Path, *, answers: bool) -> None:
    """Check a METHOD on synthetic pools: a line a row, as soon as it is judged."""
    from benchmark.conformance.child import answer, judge

    (answer if answers else judge)(method, out)


@contextmanager
def _reported(out: Path, loop: int = 0, fold: int = 0) -> Iterator[None]:
    """Write the reason beside ``out`` if the step that this command runs fails for a known one."""
    from benchmark.execution.ends import LONGEST_REASON, failure_kind
    from benchmark.layout import failure_file
    from benchmark.results import Failure
    from benchmark.steps import step_of_command
    from nnactive.errors import DamagedError, NnactiveError, RefusedError, Stopped, described
    from nnactive.io.files import write_model
    from nnactive.io.leases import LeaseLostError

    failed = failure_file(out)
    step = step_of_command(str(click.get_current_context().info_name))
    key = step.key(fold)
    try:
        yield
    except (DamagedError, LeaseLostError, RefusedError, Stopped):
        raise  # the experiment hasn't failed
    except NnactiveError as error:
        text = " ".join(str(error).split())
        kind = failure_kind(error) if step.runs_method else None
        text = text if kind is None else text[:LONGEST_REASON]
        write_model(failed, Failure(step=key, loop=loop, reason=text, kind=kind))
        raise
    except (Exception, SystemExit):
        raise
    except BaseException as error:
        if not step.runs_method:
            raise
        # A method's own, since the workflow ends a step by a signal that raises none.
        text = described(error)[:LONGEST_REASON]
        write_model(failed, Failure(step=key, loop=loop, reason=text, kind="crash"))
        raise NnactiveError(text) from error
    failed.unlink(missing_ok=True)


def _checked(data: Path | None, *paths: Path) -> dict[str, str]:
    """Check what a step reads; the digests of its inputs, and the checksum of its dataset."""
    from benchmark.chain.check import check_inputs
    from benchmark.chain.images import check_dataset

    read = {} if data is None else check_dataset(data)
    return {**check_inputs(paths, click.echo), **read}


def _draft(
    out: Path, device: str = "cpu", inputs: Mapping[str, str] | None = None
) -> AbstractContextManager[Path]:
    """Where to write; when the block ends well, seal and cost are written and ``out`` is named."""
    from benchmark.provenance import code_commit
    from nnactive.io.costs import measured

    return measured(out, device, code_commit(), inputs)


@step.command()
@click.argument("requirements", nargs=-1, required=True)
def layer(requirements: Sequence[str]) -> None:
    """Install a submission's requirements into this image, while a layer on it is built."""
    from benchmark.image.layer.install import install

    for each in install(requirements).requirements:
        click.echo(f"added {each}")
