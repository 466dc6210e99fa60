"""The command that says what a run will cost before it starts."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from benchmark.cli.commands.study.power import power
from benchmark.cli.commands.study.subset import subset
from benchmark.cli.options import (
    cores_option,
    data_option,
    dataset_option,
    folds_option,
    regime_option,
    runs_option,
    seed_option,
)

if TYPE_CHECKING:
    from benchmark.forecast.forecast import Cost, Forecast
    from benchmark.forecast.graph import Entered
    from benchmark.forecast.inputs import Inputs
    from benchmark.steps import Resources
    from benchmark.tracks import Track

CORES_PER_GPU = 8
"""Assumed for GPUs that this machine doesn't have."""


@dataclass(frozen=True)
class Where:
    """The machine to forecast for."""

    resources: "Resources"
    device: str
    """Name of its GPUs, or of its processor where it has none."""
    here: bool
    """Whether it is this machine."""


@click.command("plan")
@click.argument("name", metavar="TRACK")
@click.option(
    "--method",
    "texts",
    multiple=True,
    metavar="METHOD",
    help="Plan for this METHOD instead of the track's own; repeatable.",
)
@click.option(
    "--gpus",
    type=click.IntRange(min=0),
    metavar="N",
    help="Plan for N GPUs; by default this machine's.",
)
@folds_option
@click.option(
    "--calibrate",
    is_flag=True,
    help="First time a few iterations and one prediction of each network on this machine.",
)
@click.option("--json", "as_json", is_flag=True, help="Print JSON.")
@cores_option
@dataset_option
@regime_option
@seed_option
@data_option
@runs_option
def plan_track(
    name: str,
    texts: Sequence[str],
    gpus: int | None,
    cores: int | None,
    folds: str,
    dataset: str | None,
    regime: str | None,
    seeds: tuple[int, ...],
    data: Path,
    runs: Path,
    *,
    calibrate: bool,
    as_json: bool,
) -> None:
    """Say what a run of TRACK will cost: time, GPU-hours, disk and memory.

    TRACK may be the path of a YAML file. What is finished in the runs folder isn't counted.
    `nnactive-bench plan power TRACK` helps to choose the number of seeds, `nnactive-bench plan
    subset` the settings that predict the ranking of the full study.
    """
    from benchmark.cycles.find import check_runs
    from benchmark.tracks import load_track

    content = load_track(name).part(dataset, regime, seeds)
    check_runs(runs / content.name, content.name, content.settings)
    where = machine(content, gpus, cores)
    if calibrate:
        measure(content, where, data, runs)
    inputs, forecast = prepared(content, where, data, runs, folds)
    root = runs / content.name
    costs = studies(forecast, entered(content, texts, root), root)
    if as_json:
        print_json(content, where, inputs, costs)
    else:
        print_plan(content, where, inputs, costs)


class TrackOrCommand(click.Group):
    """A group whose name, without one of its commands behind it, is a command itself."""

    def __init__(self, own: click.Command) -> None:
        """Take the command that the name is."""
        super().__init__(own.name, help=own.help)
        self.own = own

    def make_context(
        self,
        info_name: str | None,
        args: list[str],
        parent: click.Context | None = None,
        **extra: Any,
    ) -> click.Context:
        """The context of the group, or of the command itself."""
        if args and args[0] in self.commands:
            return super().make_context(info_name, args, parent, **extra)
        return self.own.make_context(info_name, args, parent, **extra)


plan = TrackOrCommand(plan_track)
plan.add_command(power)
plan.add_command(subset)


def machine(content: "Track", gpus: int | None, cores: int | None) -> Where:
    """The machine that the options describe: this one, or one with other GPUs."""
    from benchmark.machine.gpus import usable_gpus
    from benchmark.provenance import cpu_name
    from benchmark.steps import Resources
    from benchmark.workflow.plan import threads_per_training
    from nnactive.devices import usable_cores

    there = usable_gpus()
    count = len(there) if gpus is None else gpus
    here = count <= len(there)
    most = usable_cores()
    cores = cores or (most if here else max(most, CORES_PER_GPU * count))
    threads = threads_per_training(content.settings, cores, count)
    names = [gpu.name or "GPU" for gpu in there]
    device = (names[0] if here else "A100") if count else cpu_name()
    return Where(Resources(cores, threads, tuple(map(str, range(count)))), device, here)


def measure(content: "Track", where: Where, data: Path, runs: Path) -> None:
    """Calibrate every network of the track on this machine.

    Raises:
        UserError: if the plan is for another machine.
    """
    from benchmark.forecast.calibration.run import Machine, calibrate
    from benchmark.machine.gpus import usable_gpus
    from benchmark.workflow.datasets import dataset_folder
    from nnactive.errors import UserError

    resources = where.resources
    if not where.here:
        raise UserError(
            f"--calibrate measures this machine, which has fewer than {len(resources.gpus)} "
            "GPUs; leave out --gpus, or calibrate where they are"
        )
    memory = usable_gpus()[0].memory if resources.gpus else None
    calibrate(
        content,
        {name: dataset_folder(name, data, runs) for name in content.datasets},
        runs,
        Machine(
            gpu=bool(resources.gpus),
            device=where.device,
            device_gib=memory / 2**30 if memory else None,
            cores=resources.cores,
            threads=resources.train_threads,
        ),
        tell=lambda line: click.echo(line, err=True),
    )


def prepared(
    content: "Track", where: Where, data: Path, runs: Path, folds_per_gpu: str
) -> "tuple[Inputs, Forecast]":
    """What the forecast is based on, and the forecast.

    Raises:
        UserError: if ``folds_per_gpu`` is neither a number nor auto.
    """
    from benchmark.forecast.forecast import Forecast
    from benchmark.forecast.inputs import folds_per_gpu as best
    from benchmark.forecast.inputs import gather
    from benchmark.forecast.requests import AUTO, number
    from benchmark.workflow.datasets import dataset_folder

    def read(side_by_side: int) -> "Inputs":
        return gather(
            content,
            lambda name: dataset_folder(name, data, runs),
            runs,
            where.resources,
            device=where.device,
            side_by_side=side_by_side,
        )

    count = best(read(1), content) if folds_per_gpu == AUTO else number(folds_per_gpu)
    inputs = read(count)
    return inputs, Forecast(content, inputs.durations, where.resources, generated=inputs.generated)


def entered(content: "Track", texts: Sequence[str], root: Path) -> "list[Entered]":
    """The methods to plan for."""
    from benchmark.cli.commands.author.methods import examine
    from benchmark.forecast.requests import entered_as
    from benchmark.submission.pairs import entrant
    from benchmark.submission.sweep import swept

    return [
        entered_as(entrant(examine(method.staged(), root), content.query))
        for method in swept(texts or content.methods)
    ]


def studies(forecast: "Forecast", methods: "list[Entered]", root: Path) -> "dict[str, Cost]":
    """What the methods cost in all, what is left of it, and what one more would cost."""
    from benchmark.forecast.graph import Entered, below
    from benchmark.layout import JOINT

    whole = forecast.cost(methods)
    left = forecast.cost(methods, below(root)) if root.is_dir() else whole
    found = {"all": whole}
    if left.jobs != whole.jobs:
        found["left"] = left
    query = forecast.track.query
    new = [Entered("new" if query is None else f"new{JOINT}{query}")]
    if query is None:
        found["new_method"] = forecast.cost(new, stored_starts=True)
    found["new_method_and_loop_0" if query is None else "new_start"] = forecast.cost(new)
    return found


def print_plan(content: "Track", where: Where, inputs: "Inputs", costs: "dict[str, Cost]") -> None:
    """Print the costs as tables, and where the figures come from."""
    from benchmark.cli.commands.study.plan_tables import (
        machine_words,
        remarks,
        steps_table,
        studies_table,
    )
    from benchmark.cli.tables import print_table

    main = costs.get("left", costs["all"])
    gpus = len(where.resources.gpus)
    click.echo(
        f"{content.name}, on {machine_words(where.resources, where.device)}\n"
        f"finished: {main.finished:,} of {main.experiments:,} experiments\n"
    )
    print_table(studies_table(costs, gpu=bool(gpus)))
    if main.jobs:
        click.echo()
        print_table(steps_table(main, gpu=bool(gpus)))
    click.echo()
    for remark in remarks(main, inputs, gpu=bool(gpus)):
        click.echo(remark)


def print_json(content: "Track", where: Where, inputs: "Inputs", costs: "dict[str, Cost]") -> None:
    """Print the costs as JSON."""
    import json

    from benchmark.cli.commands.study.plan_tables import as_data

    resources = where.resources
    made = {
        "track": content.name,
        "gpus": len(resources.gpus),
        "cores": resources.cores,
        "device": where.device,
        "folds_per_gpu": inputs.durations.side_by_side,
        "estimated_datasets": list(inputs.estimated),
        "costs": {name: as_data(cost, gpu=bool(resources.gpus)) for name, cost in costs.items()},
    }
    click.echo(json.dumps(made, indent=1))
