"""The jobs that a study still needs, and which of them come after which."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Final

from benchmark import layout
from benchmark.jobs import Job, experiment_jobs
from benchmark.layout import Experiment
from benchmark.steps import Per
from benchmark.tracks import Track, experiments
from nnactive.settings import Setting, TakenQueries

NOWHERE: Final = Path("DATA")
ANY: Final = Experiment("any", "any", 0)
Exists = Callable[[Path], bool]
"""Whether an output, given relative to the track's folder, is there."""


@dataclass(frozen=True)
class Entered:
    """A method of the study, as far as its cost depends on it."""

    id: str
    networks: bool = True
    """Whether its queries predict with the ensemble."""
    looks_back: bool = False
    """Whether its queries need the ensembles of all earlier loops."""


@dataclass(frozen=True)
class Node:
    """One job that isn't done."""

    job: Job
    entered: Entered
    after: tuple[int, ...]
    """Jobs that it waits for, by their index."""


@dataclass(frozen=True)
class Graph:
    """What is left of a study."""

    nodes: tuple[Node, ...]
    """By setting, method, seed, loop and step."""
    finished: int
    """Experiments that need nothing more ..."""
    experiments: int
    """... of so many."""


def nothing(_output: Path) -> bool:
    """As if no output existed."""
    return False


def below(root: Path) -> Exists:
    """Whether outputs exist in a track's folder."""
    return (lambda output: (root / output).exists()) if root.is_dir() else nothing


def study(
    track: Track,
    entered: Iterable[Entered],
    exists: Exists = nothing,
    *,
    stored_starts: bool = False,
) -> Graph:
    """The jobs left of some methods on a track; jobs that experiments share are there once.

    Args:
        track: settings and seeds.
        entered: the methods.
        exists: which outputs are there.
        stored_starts: leave out loop 0, as if another method had run before.
    """
    made = _Study(exists, stored_starts=stored_starts)
    by_id = {each.id: each for each in entered}
    settings = {setting.name: setting for setting in track.settings}
    total = finished = 0
    for experiment in experiments(track, tuple(by_id)):
        total += 1
        count = made.add(settings[experiment.setting], by_id[experiment.method], experiment)
        finished += not count
    return Graph(tuple(made.nodes), finished, total)


class _Study:
    def __init__(self, exists: Exists, *, stored_starts: bool) -> None:
        self.exists, self.stored_starts = exists, stored_starts
        self.nodes: list[Node] = []
        self.shared: dict[tuple[object, ...], int | None] = {}

    def add(self, setting: Setting, entered: Entered, experiment: Experiment) -> int:
        """Add what is left of an experiment; returns its number of jobs, shared ones included."""
        if self.exists(layout.result_file(experiment)):
            return 0
        later = {
            loop
            for loop in range(setting.loops)
            if (loop or not self.stored_starts) and not self._is_over(setting, experiment, loop)
        }
        numbers: list[int | None] = []
        for job, after in _template(
            setting.loops,
            setting.training.folds,
            entered.networks,
            entered.looks_back,
            setting.queries,
        ):
            waits = tuple(n for i in after if (n := numbers[i]) is not None)
            numbers.append(self._number(job, setting, entered, experiment, waits, later))
        return sum(number is not None for number in numbers)

    def _is_over(self, setting: Setting, experiment: Experiment, loop: int) -> bool:
        """Whether nothing reads the loop any more: its networks may be gone, and aren't missed."""
        if self.exists is nothing:
            return False
        last = loop + 1 == setting.loops
        following = last or self.exists(layout.query_file(experiment, loop + 1))
        return following and self.exists(layout.evaluation_file(experiment, loop))

    def _number(
        self,
        model: Job,
        setting: Setting,
        entered: Entered,
        experiment: Experiment,
        waits: tuple[int, ...],
        later: set[int],
    ) -> int | None:
        per, target = model.step.per, model.target
        if per is not Per.EXPERIMENT and target.loop not in later:
            return None
        key: tuple[object, ...] | None = None
        if per is not Per.EXPERIMENT and not target.loop:
            first = layout.first_loop_of(experiment.method)
            key = (model.step.name, target.fold, setting.name, first, experiment.seed)
            if key in self.shared:
                return self.shared[key]
        job = Job(model.step, replace(target, setting=setting, experiment=experiment))
        # Paths take most of the time, so none is made where nothing can be there.
        looked_for = per is not Per.EXPERIMENT and self.exists is not nothing
        there = looked_for and self.exists(job.output)
        number = None if there else len(self.nodes)
        if not there:
            self.nodes.append(Node(job, entered, waits))
        if key is not None:
            self.shared[key] = number
        return number


@cache
def _template(
    loops: int,
    folds: int,
    networks: bool,  # noqa: FBT001
    looks_back: bool,  # noqa: FBT001
    queries: TakenQueries | None,
) -> tuple[tuple[Job, tuple[int, ...]], ...]:
    """The jobs of any experiment of so many loops, each with those whose outputs it reads."""
    return tuple(_with_inputs(loops, folds, Entered("any", networks, looks_back), queries))


def _with_inputs(
    loops: int, folds: int, entered: Entered, queries: TakenQueries | None
) -> Iterator[tuple[Job, tuple[int, ...]]]:
    setting = Setting(
        name=ANY.setting,
        dataset="any",
        regime="any",
        patch_size=(1, 1, 1),
        starting_budget=1,
        query_size=1,
        loops=loops,
        queries=queries,
    )
    training = setting.training.model_copy(update={"folds": folds})
    setting = setting.model_copy(update={"training": training})
    made: dict[Path, int] = {}
    for number, job in enumerate(experiment_jobs(NOWHERE, setting, ANY)):
        target = replace(job.target, looks_back=entered.looks_back, needs_network=entered.networks)
        read = [path for each in job.step.inputs.values() for path in _paths(each(target))]
        yield Job(job.step, target), tuple(sorted({made[path] for path in read if path in made}))
        made[job.output] = number


def _paths(found: Path | list[Path]) -> list[Path]:
    return found if isinstance(found, list) else [found]
