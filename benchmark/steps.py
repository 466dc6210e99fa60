"""The steps of a run, in one table that the workflow, the commands, results and the docs read.

To add a step, add an entry to ``STEPS`` and the command of the same name to
``benchmark/cli/commands/steps.py``, which calls the step's function in ``nnactive/steps/``; a path
that it needs belongs in ``benchmark/layout.py``. A step that runs once per loop is requested by the
result; others need a step that reads their output.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from pathlib import Path
from types import MappingProxyType
from typing import Final, Self

from benchmark import layout
from benchmark.layout import Experiment
from nnactive.data.prepared import INFO
from nnactive.io.queries import PROTOCOL_START
from nnactive.settings import Setting


class Per(Enum):
    """What a step runs once for."""

    DATASET = "dataset"
    FIRST_LOOP = "loop 0, shared by all methods with the same start"
    LATER_LOOP = "loop from loop 1 on"
    LOOP = "loop"
    FOLD = "fold of a loop"
    EXPERIMENT = "experiment"


@dataclass(frozen=True)
class Target:
    """What one job of a step is for; a step reads only the fields that concern it."""

    data: Path
    """Folder of the prepared dataset."""
    setting: Setting
    experiment: Experiment
    loop: int = 0
    fold: int = 0
    looks_back: bool = False
    """Whether the experiment's method needs the ensembles of all earlier loops."""
    needs_network: bool = True
    """Whether the experiment's method needs the ensemble of the loop before."""


@dataclass(frozen=True)
class Resources:
    """What the jobs of a run share."""

    cores: int
    train_threads: int
    """Threads of one training."""
    gpus: tuple[str, ...]


Input = Callable[[Target], Path | list[Path]]
"""Files that a job reads, relative to the track's folder."""


def _one_core(_shared: Resources) -> int:
    return 1


def _always(_setting: Setting) -> bool:
    return True


@dataclass(frozen=True, eq=False)
class Step:
    """One entry of the table."""

    name: str
    """Name of its rule; with a hyphen for an underscore, of its command."""
    per: Per
    title: str
    """For people."""
    reads: str
    writes: str
    """For the docs; empty if the output's name is enough."""
    inputs: Mapping[str, Input]
    output: Callable[[Target], Path]
    arguments: str
    """Arguments of its command; placeholders are the inputs and those of `benchmark.jobs`. A
    placeholder's format is an option that goes before each of its values."""
    is_folder: bool = False
    """Whether the output is a folder."""
    has_cost: bool = True
    """Whether it writes a cost; its key in a result is that of its job."""
    gpu: bool = False
    """Whether it uses a GPU where there is one."""
    threads: Callable[[Resources], int] = _one_core
    """Cores that it occupies."""
    numeric_threads: str = "1"
    """Threads of its numeric libraries; ``{threads}`` are the cores that it occupies."""
    runs_method: bool = False
    """Whether it runs a method's code, whose end is the experiment's."""
    applies: Callable[[Setting], bool] = _always
    """Whether the loops of a setting have it."""
    retries: int = 2

    @property
    def command(self) -> str:
        """Name of its command."""
        return self.name.replace("_", "-")

    def key(self, fold: int = 0) -> str:
        """Name of one of its jobs in costs and failures."""
        return f"{self.name}_{fold}" if self.per is Per.FOLD else self.name

    def owns(self, key: str) -> bool:
        """Whether a key in a result's costs is one of this step's."""
        if self.per is not Per.FOLD:
            return self.has_cost and key == self.name
        name, _, fold = key.rpartition("_")
        return self.has_cost and name == self.name and fold.isdecimal()


def _members(target: Target, loop: int) -> list[Path]:
    folds = range(target.setting.training.folds)
    return [layout.member_file(target.experiment, loop, fold) for fold in folds]


def _queries(target: Target, loops: int) -> list[Path]:
    return [layout.query_file(target.experiment, loop) for loop in range(loops)]


def _chosen_elsewhere(target: Target) -> list[Path]:
    """Loop 0 and the loop's own file in the track that chose the queries."""
    if target.setting.queries is None:
        return []
    track = target.setting.queries.track
    return [*layout.query_files_elsewhere(track, target.experiment, target.loop)]


def _past(target: Target) -> range:
    """The loops before the previous one, for a method that looks back."""
    return range(target.loop - 1) if target.looks_back else range(0)


def _start_method(target: Target) -> Path | list[Path]:
    start = layout.start_of(target.experiment.method)
    return [] if start == PROTOCOL_START else layout.spec_file(start)


def _previous_train(target: Target) -> Path | list[Path]:
    return layout.train_folder(target.experiment, target.loop - 1) if target.loop else []


def _loop_outputs(target: Target) -> list[Path]:
    """Outputs of every step of a loop, of all loops: a result reads the costs of all."""
    loops = [replace(target, loop=loop) for loop in range(target.setting.loops)]
    return [step.output(loop) for loop in loops for step in STEPS if step.per is Per.LOOP]


PREPARED: Final[Mapping[str, Input]] = MappingProxyType(
    {"prepared": lambda target: target.data / INFO}
)
ON_DATA: Final[Mapping[str, Input]] = MappingProxyType(
    {**PREPARED, "setting": lambda target: layout.setting_file(target.setting.name)}
)

PREPARE: Final = Step(
    name="prepare",
    per=Per.DATASET,
    title="prepare",
    reads="raw folder",
    writes="images, pool labels, test labels, plans",
    inputs={},
    output=lambda target: target.data / INFO,
    arguments="{dataset} --data {datasets} --workers {threads} --out {output}",
    has_cost=False,
    threads=lambda shared: shared.cores,
)
START_STEP: Final = Step(
    name="start",
    per=Per.FIRST_LOOP,
    title="starting budget",
    reads="pool labels",
    writes="starting budget, for all methods",
    inputs={**ON_DATA, "method": _start_method},
    output=lambda target: layout.query_file(target.experiment, 0),
    arguments="--data {data} --setting {setting} {method:--method} --seed {seed} --out {output}",
    runs_method=True,
)
QUERY: Final = Step(
    name="query",
    per=Per.LATER_LOOP,
    title="query",
    reads="images, members of loop T-1",
    writes="the method's choice",
    inputs={
        **ON_DATA,
        "method": lambda target: layout.spec_file(target.experiment.method),
        "queries": lambda target: _queries(target, target.loop),
        "train": lambda target: layout.train_folder(target.experiment, target.loop - 1),
        "members": lambda target: _members(target, target.loop - 1) if target.needs_network else [],
        "past_train": lambda target: [
            layout.train_folder(target.experiment, loop) for loop in _past(target)
        ],
        "past_members": lambda target: [
            member for loop in _past(target) for member in _members(target, loop)
        ],
    },
    output=lambda target: layout.query_file(target.experiment, target.loop),
    arguments="--data {data} --setting {setting} --method {method} --seed {seed} --loop {loop}"
    " --train {train} {past_train:--past-train} {past_members:--past-member}"
    " --workers {threads} --out {output} {queries:--query} {members}",
    gpu=True,
    # While the GPU predicts one image, a second core selects from the one before.
    threads=lambda shared: 2 if shared.gpus else 1,
    runs_method=True,
    applies=lambda setting: setting.queries is None,
)
TAKE: Final = Step(
    name="take",
    per=Per.LATER_LOOP,
    title="take queries",
    reads="another track's loop_T.json",
    writes="in place of a query: the patches chosen there",
    inputs={
        "setting": lambda target: layout.setting_file(target.setting.name),
        "start": lambda target: layout.query_file(target.experiment, 0),
        "taken": _chosen_elsewhere,
    },
    output=lambda target: layout.query_file(target.experiment, target.loop),
    arguments="--setting {setting} --method {method_id} --seed {seed} --loop {loop}"
    " --start {start} --out {output}",
    applies=lambda setting: setting.queries is not None,
)
ANNOTATE: Final = Step(
    name="annotate",
    per=Per.LOOP,
    title="annotate",
    reads="loop files, pool labels",
    writes="partial labels, folds, links to images",
    inputs={
        **ON_DATA,
        "queries": lambda target: _queries(target, target.loop + 1),
        "previous": _previous_train,
    },
    output=lambda target: layout.train_folder(target.experiment, target.loop),
    is_folder=True,
    arguments="--data {data} --setting {setting} --seed {seed} --loop {loop}"
    " {previous:--previous} --out {output} {queries}",
)
TRAIN_FOLD: Final = Step(
    name="train_fold",
    per=Per.FOLD,
    title="train",
    reads="train/",
    writes="one ensemble member",
    inputs={"train": lambda target: layout.train_folder(target.experiment, target.loop)},
    output=lambda target: layout.member_file(target.experiment, target.loop, target.fold),
    arguments="--train {train} --fold {fold} --loop {loop} --kept {kept} --out {output}",
    gpu=True,
    threads=lambda shared: shared.train_threads,
    numeric_threads="{threads}",
)
EVALUATE: Final = Step(
    name="evaluate",
    per=Per.LOOP,
    title="evaluate",
    reads="members, test set",
    writes="voxel counts and surfaces by class and case, calibration",
    inputs={
        **ON_DATA,
        "train": lambda target: layout.train_folder(target.experiment, target.loop),
        "members": lambda target: _members(target, target.loop),
    },
    output=lambda target: layout.evaluation_file(target.experiment, target.loop),
    arguments="--data {data} --setting {setting} --train {train} --loop {loop}"
    " --pictured {pictured} --workers {threads} --out {output} {members}",
    gpu=True,
    # While the GPU predicts one case, a second core reads the next and counts the one before.
    threads=lambda shared: 2 if shared.gpus else shared.train_threads,
)
RESULT: Final = Step(
    name="result",
    per=Per.EXPERIMENT,
    title="result",
    reads="all of these",
    writes="",
    inputs={
        **PREPARED,
        "track": lambda _target: layout.track_file(),
        "loops": _loop_outputs,
    },
    output=lambda target: layout.result_file(target.experiment),
    arguments="--data {data} --track {track} --setting {setting_name} --method {method_id}"
    " --seed {seed} --out {output}",
    has_cost=False,
)
STEPS: Final = (PREPARE, START_STEP, QUERY, TAKE, ANNOTATE, TRAIN_FOLD, EVALUATE, RESULT)
"""In the order in which a loop runs them."""


def step_of_command(command: str) -> Step:
    """The step that a command runs."""
    return next(step for step in STEPS if step.command == command)


def pattern(step: Step, *, loop: str = "{loop}", fold: str = "{fold}") -> Path:
    """The output of a step with placeholders for setting, method and numbers.

    >>> str(pattern(ANNOTATE))
    '{setting}/{method}/seed_{seed}/loop_{loop}/train'
    """
    target = Target(
        data=Path("DATA/NAME"),
        setting=_ANY_SETTING,
        experiment=Experiment("{setting}", "{method}", _Placeholder("{seed}")),
        loop=_Placeholder(loop),
        fold=_Placeholder(fold),
    )
    output = step.output(target)
    if step.per is Per.FIRST_LOOP:
        # Of any start: by default the folder is that of the protocol's.
        output = Path(target.experiment.setting, target.experiment.method, *output.parts[2:])
    return output


_ANY_SETTING = Setting(
    name="any", dataset="any", regime="any", patch_size=(1, 1, 1), starting_budget=1, query_size=1
)
"""Outputs depend on the experiment alone, which names its setting."""


class _Placeholder(int):
    """A number in a path pattern: formats as a text, whatever the format."""

    text: str

    def __new__(cls, text: str) -> Self:
        self = super().__new__(cls, 1)  # a later loop, for functions that ask
        self.text = text
        return self

    def __format__(self, _spec: str) -> str:
        return self.text


def overview() -> str:
    """The table as the docs show it: step, what it reads, its output, what is in there."""
    lines = []
    above = len(pattern(RESULT).parts) - 1
    for step in STEPS:
        output = pattern(step, loop="T", fold="F")
        shown = output if step.per is Per.DATASET else Path(*output.parts[above:])
        place = f"{shown}/" if step.is_folder else f"{shown}"
        line = f"{step.name:<12} {step.reads:<27} -> {place:<24} {step.writes}"
        lines.append(line.rstrip())
    return "\n".join(lines)
