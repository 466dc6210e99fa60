"""What an experiment cost: time, memory, labelled patches and voxels."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from benchmark.steps import QUERY, TRAIN_FOLD, Step
from leaderboard.metrics.metric import CostMetric
from leaderboard.read.facts import Facts, LoopFacts
from leaderboard.undefined import UndefinedMetricError

HOUR = 3600
_MEAN = "mean over seeds and settings"


def seconds(result: Facts, step: Step) -> float:
    """Seconds of all jobs of a step in an experiment.

    Raises:
        UndefinedMetricError: None was recorded.
    """
    found = [of_step(step, loop.jobs, loop.seconds) for loop in result.loops]
    return sum(_recorded(step, found))


def peak_gib(result: Facts, step: Step) -> float:
    """Largest memory of a job of a step in GiB, the accelerator's excluded.

    Raises:
        UndefinedMetricError: None was recorded.
    """
    return max(_recorded(step, [of_step(step, loop.jobs, loop.peaks) for loop in result.loops]))


def of_step(step: Step, jobs: tuple[str, ...], costs: Sequence[float]) -> list[float]:
    """The costs, one a job, of the jobs of a step."""
    return [costs[place] for place in _places(step, jobs)]


@lru_cache(maxsize=1024)
def _places(step: Step, jobs: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(place for place, job in enumerate(jobs) if step.owns(job))


def _recorded(step: Step, loops: Iterable[Iterable[float]]) -> list[float]:
    costs = [cost for loop in loops for cost in loop]
    if not costs:
        raise UndefinedMetricError(f"no cost of a {step.name} step was recorded")
    return costs


def boundaries(result: Facts) -> list[tuple[int, ...]]:
    """Labelled boundary voxels by loop and class.

    Raises:
        UndefinedMetricError: A loop lacks the count.
    """
    counted = [loop.labelled_boundary for loop in result.loops]
    known = [labelled for labelled in counted if labelled is not None]
    if len(known) < len(counted):
        raise UndefinedMetricError("the labelled boundary voxels were not counted")
    return known


def _last(result: Facts) -> LoopFacts:
    return result.loops[-1]


QUERY_SECONDS = CostMetric(
    name="query_seconds",
    title="Querying",
    unit="s",
    help=f"Total querying time of an experiment, {_MEAN}.",
    higher_is_better=False,
    order=90,
    cost=lambda result, _: seconds(result, QUERY),
)
QUERY_PEAK_GIB = CostMetric(
    name="query_peak_gib",
    title="Query memory",
    unit="GiB",
    help=f"Peak memory of the query process, excluding GPU memory; {_MEAN}.",
    higher_is_better=False,
    order=100,
    cost=lambda result, _: peak_gib(result, QUERY),
)
TRAINING_HOURS = CostMetric(
    name="training_hours",
    title="Training",
    unit="h",
    help=f"Total training time of an experiment, including the shared loop 0; {_MEAN}.",
    higher_is_better=False,
    order=110,
    cost=lambda result, _: seconds(result, TRAIN_FOLD) / HOUR,
)
PATCHES = CostMetric(
    name="patches",
    title="Patches",
    unit="patches",
    help=f"Labelled patches after the final loop; {_MEAN}.",
    higher_is_better=False,
    order=120,
    cost=lambda result, _: _last(result).labelled_patches,
)
VOXELS = CostMetric(
    name="voxels",
    title="Voxels",
    unit="voxels",
    help=f"Labelled voxels after the final loop; {_MEAN}.",
    higher_is_better=False,
    order=130,
    cost=lambda result, _: _last(result).labelled_voxels,
)
FOREGROUND = CostMetric(
    name="foreground",
    title="Foreground",
    unit="voxels",
    help=f"Labelled foreground voxels after the final loop; {_MEAN}.",
    higher_is_better=False,
    order=140,
    cost=lambda result, _: sum(_last(result).labelled_foreground),
)
EFFORT = CostMetric(
    name="effort",
    title="Effort",
    unit="voxels",
    help="Annotation effort: labelled foreground voxels next to another label in their patch, "
    f"after the final loop; {_MEAN} (protocol section 6, ours).",
    higher_is_better=False,
    order=150,
    cost=lambda result, _: sum(boundaries(result)[-1]),
)
