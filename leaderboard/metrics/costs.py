"""What an experiment cost: time, memory, labelled patches and voxels."""

from benchmark.results import ExperimentResult, LoopResult
from benchmark.steps import QUERY, TRAIN_FOLD, Step
from leaderboard.metrics.metric import CostMetric
from leaderboard.undefined import UndefinedMetricError
from nnactive.io.costs import Cost

HOUR = 3600
_MEAN = "mean over seeds and settings"


def seconds(result: ExperimentResult, step: Step) -> float:
    """Seconds of all jobs of a step in an experiment.

    Raises:
        UndefinedMetricError: None was recorded.
    """
    return sum(cost.seconds for cost in _costs(result, step))


def peak_gib(result: ExperimentResult, step: Step) -> float:
    """Largest memory of a job of a step in GiB, the accelerator's excluded.

    Raises:
        UndefinedMetricError: None was recorded.
    """
    return max(cost.peak_memory_gib for cost in _costs(result, step))


def _costs(result: ExperimentResult, step: Step) -> list[Cost]:
    costs = [cost for loop in result.loops for key, cost in loop.costs.items() if step.owns(key)]
    if not costs:
        raise UndefinedMetricError(f"no cost of a {step.name} step was recorded")
    return costs


def boundaries(result: ExperimentResult) -> list[tuple[int, ...]]:
    """Labelled boundary voxels by loop and class.

    Raises:
        UndefinedMetricError: A loop lacks the count.
    """
    counted = [loop.labelled_boundary for loop in result.loops]
    known = [labelled for labelled in counted if labelled is not None]
    if len(known) < len(counted):
        raise UndefinedMetricError("the labelled boundary voxels were not counted")
    return known


def _last(result: ExperimentResult) -> LoopResult:
    return result.loops[-1]


QUERY_SECONDS = CostMetric(
    name="query_seconds",
    title="Querying",
    unit="s",
    help=f"Time of all queries of an experiment, {_MEAN}.",
    higher_is_better=False,
    order=90,
    cost=lambda result: seconds(result, QUERY),
)
QUERY_PEAK_GIB = CostMetric(
    name="query_peak_gib",
    title="Query memory",
    unit="GiB",
    help=f"Peak memory of the query process, accelerator memory excluded; {_MEAN}.",
    higher_is_better=False,
    order=100,
    cost=lambda result: peak_gib(result, QUERY),
)
TRAINING_HOURS = CostMetric(
    name="training_hours",
    title="Training",
    unit="h",
    help=f"Time of all trainings of an experiment, the shared loop 0 included; {_MEAN}.",
    higher_is_better=False,
    order=110,
    cost=lambda result: seconds(result, TRAIN_FOLD) / HOUR,
)
PATCHES = CostMetric(
    name="patches",
    title="Patches",
    unit="patches",
    help=f"Labelled patches after the final loop; {_MEAN}.",
    higher_is_better=False,
    order=120,
    cost=lambda result: _last(result).labelled_patches,
)
VOXELS = CostMetric(
    name="voxels",
    title="Voxels",
    unit="voxels",
    help=f"Labelled voxels after the final loop; {_MEAN}.",
    higher_is_better=False,
    order=130,
    cost=lambda result: _last(result).labelled_voxels,
)
FOREGROUND = CostMetric(
    name="foreground",
    title="Foreground",
    unit="voxels",
    help=f"Labelled foreground voxels after the final loop; {_MEAN}.",
    higher_is_better=False,
    order=140,
    cost=lambda result: sum(_last(result).labelled_foreground),
)
EFFORT = CostMetric(
    name="effort",
    title="Effort",
    unit="voxels",
    help="Annotation effort: labelled foreground voxels next to another label in their patch, "
    f"after the final loop; {_MEAN} (protocol section 6, ours).",
    higher_is_better=False,
    order=150,
    cost=lambda result: sum(boundaries(result)[-1]),
)
