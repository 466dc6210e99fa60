"""Whether a result that has all its fields agrees with itself."""

import math
from collections.abc import Iterator

from benchmark.results import Counts, DatasetRecord, ExperimentResult, LoopResult

LARGEST_COUNT = 2**53
"""Above it a voxel count is no longer exact as a float."""


def inconsistency(result: ExperimentResult) -> str | None:
    """First contradiction inside a result; None if there is none."""
    return next(_contradictions(result), None)


def _contradictions(result: ExperimentResult) -> Iterator[str]:
    done, wanted = len(result.loops), result.setting.loops
    if (result.status == "failed") != (result.failure is not None):
        yield "status and failure contradict each other"
    if [loop.loop for loop in result.loops] != list(range(done)):
        yield "the loops are not numbered 0, 1, 2, ..."
    if done > wanted or (result.status == "complete" and done < wanted):
        yield f"{result.status}, but has {done} of {wanted} loops"
    yield from _of_budget(result)
    yield from _of_dataset(result.dataset)
    for loop in result.loops:
        for problem in _of_loop(loop, result.dataset):
            yield f"loop {loop.loop}: {problem}"


def _of_budget(result: ExperimentResult) -> Iterator[str]:
    """Exactly as many patches as the setting says (protocol section 5)."""
    start, more = result.setting.starting_budget, result.setting.query_size
    for number, loop in enumerate(result.loops):
        if loop.patches.lengths != {more if number else start}:
            yield f"loop {number}: not {more if number else start} patches, as the setting says"
        if loop.labelled_patches != start + number * more:
            yield (
                f"loop {number}: {loop.labelled_patches} labelled patches, but by the setting "
                f"{start + number * more}"
            )


def _of_dataset(dataset: DatasetRecord) -> Iterator[str]:
    if not dataset.classes or not dataset.test_cases:
        yield "the dataset has no foreground class or no test case"
    whole = {"pool_foreground": dataset.pool_foreground, "pool_boundary": dataset.pool_boundary}
    for name, numbers in whole.items():
        if numbers is not None and len(numbers) != len(dataset.classes):
            yield f"{name} does not have {len(dataset.classes)} classes"
        if not _are_counts(numbers or ()):
            yield f"{name}: a count is negative or too large"


def _of_loop(loop: LoopResult, dataset: DatasetRecord) -> Iterator[str]:
    classes, cases = len(dataset.classes), len(dataset.test_cases)
    columns = _columns(loop.counts)
    if any(len(c) != classes or any(len(row) != cases for row in c) for c in columns):
        yield f"the counts are not {classes} classes x {cases} test cases"
    labelled = {
        "labelled_foreground": (loop.labelled_foreground, dataset.pool_foreground),
        "labelled_boundary": (loop.labelled_boundary, dataset.pool_boundary),
    }
    for name, (numbers, whole) in labelled.items():
        if numbers is not None and len(numbers) != classes:
            yield f"{name} does not have {classes} classes"
        elif any(part > all_ for part, all_ in zip(numbers or (), whole or (), strict=False)):
            yield f"{name} has more voxels than the pool"
        if not _are_counts(numbers or ()):
            yield "a count is negative or too large"
    rows = (row for column in columns for row in column)
    if not all(map(_are_counts, (*rows, (loop.labelled_patches, loop.labelled_voxels)))):
        yield "a count is negative or too large"
    for cost in loop.costs.values():
        memory = (cost.peak_memory_gib, cost.device_memory_gib or 0)
        if not all(map(math.isfinite, (cost.seconds, *memory))):
            yield "a duration or memory is not finite"


def _columns(counts: Counts) -> tuple[tuple[tuple[int, ...], ...], ...]:
    return counts.true_positives, counts.false_positives, counts.false_negatives


def _are_counts(numbers: tuple[int, ...]) -> bool:
    return not numbers or (min(numbers) >= 0 and max(numbers) <= LARGEST_COUNT)
