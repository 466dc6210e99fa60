"""Whether times, costs and isolation can be what they say."""

from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Final, TypeVar

from benchmark.results import ExperimentResult, MethodRecord

Loop = TypeVar("Loop")
LONGEST: Final = 1e9
"""Seconds of all steps of an experiment: more than 30 years."""
LARGEST_MEMORY: Final = 1e6
"""GiB of a step."""
LAST_YEAR: Final = 2099
"""Latest year of a result; a later one would remain the page's date for ever."""


def of_times(result: ExperimentResult) -> Iterator[str]:
    """Started before finished, and not in the far future."""
    started, finished = result.started, result.finished
    if finished and int(finished[:4]) > LAST_YEAR:
        yield f"finished in the year {finished[:4]}, which is in the future"
    if started and finished and datetime.fromisoformat(finished) < datetime.fromisoformat(started):
        yield f"finished at {finished}, but started at {started}"


def of_costs(result: ExperimentResult) -> Iterator[str]:
    """Durations and memory are finite and possible."""
    costs = [cost for loop in result.loops for cost in loop.costs.values()]
    # Written so that NaN, which is neither larger nor smaller, is refused.
    if not sum(cost.seconds for cost in costs) <= LONGEST:
        yield f"the durations are not finite or exceed {LONGEST:,.0f} s in total"
    memories = [m for cost in costs for m in (cost.peak_memory_gib, cost.device_memory_gib or 0)]
    if not all(memory <= LARGEST_MEMORY for memory in memories):
        yield f"a memory is not finite or exceeds {LARGEST_MEMORY:,.0f} GiB"


def of_isolation(result: ExperimentResult) -> Iterator[str]:
    """A submission's code is never run as the benchmark's own."""
    if result.method.origin == "submission":
        for loop in own_loops(result.loops, result.method):
            if loop.isolation == "trusted":
                yield f"loop {loop.loop}: a submission ran as the benchmark's own code (trusted)"


def own_loops(loops: Sequence[Loop], method: MethodRecord) -> Sequence[Loop]:
    """The loops whose patches the method chose: the first one of a start, otherwise the others."""
    return loops[1:] if method.start is None else loops[:1]
