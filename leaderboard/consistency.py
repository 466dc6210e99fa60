"""Whether a result with valid fields is consistent."""

import re
from collections.abc import Iterable, Iterator, Mapping
from itertools import pairwise
from typing import TYPE_CHECKING

from benchmark.layout import JOINT
from benchmark.results import (
    Counts,
    DatasetRecord,
    ExperimentResult,
    LoopResult,
    MethodRecord,
    PatchColumns,
)
from leaderboard.formatting import plain

if TYPE_CHECKING:
    from nnactive.methods.base import Method as AnyMethod

LARGEST_COUNT = 2**53
"""Above it a voxel count is no longer exact as a float."""
LONGEST = 1e9
"""Seconds of all steps of an experiment: more than 30 years."""
LARGEST_MEMORY = 1e6
"""GiB of a step."""
LAST_YEAR = 2099
"""Latest year of a result; a later one would remain the page's date for ever."""
SHA256 = re.compile(r"[0-9a-f]{64}")


def inconsistency(result: ExperimentResult) -> str | None:
    """First contradiction in a result; None if there is none."""
    return next(_contradictions(result), None)


def _contradictions(result: ExperimentResult) -> Iterator[str]:
    done, wanted = len(result.loops), result.setting.loops
    yield from _of_names(result)
    yield from _of_method(result.method)
    if result.finished and int(result.finished[:4]) > LAST_YEAR:
        yield f"finished in the year {result.finished[:4]}, which is in the future"
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
    yield from _of_growth(result.loops)
    yield from _of_costs(result.loops)


def _of_names(result: ExperimentResult) -> Iterator[str]:
    names = {"track": result.track, "method": result.method.id}
    for what, name in names.items():
        if not plain(name):
            yield f"the {what} has no name"
    if result.dataset.name != result.setting.dataset:
        yield (
            f"run on the dataset '{plain(result.dataset.name, 40)}', but the setting's is "
            f"'{plain(result.setting.dataset, 40)}'"
        )


def _of_method(method: MethodRecord) -> Iterator[str]:
    """A built-in method is in the registry, a submitted one carries its hash."""
    from nnactive.methods import BUILTIN, STARTS

    if method.start is not None or method.query is not None:
        yield from _of_start(method)
        method = method.model_copy(update={"id": method.start or ""})
    builtin: Mapping[str, type[AnyMethod]] = STARTS if method.start is not None else BUILTIN
    base, name = method.id.partition(",")[0], plain(method.id, 60)
    if method.origin == "submission":
        source = method.source_hash
        if not (SHA256.fullmatch(source) and base.endswith(f"-{source[:8]}")):
            yield f"the submission '{name}' does not have its source hash in its id"
    elif base not in builtin:
        yield f"'{name}' is not a built-in method of this release"
    elif method.start is None and builtin[base].oracle != method.oracle:
        uses = "uses" if builtin[base].oracle else "does not use"
        yield f"'{name}' {uses} ground truth, but claims otherwise"


def _of_start(method: MethodRecord) -> Iterator[str]:
    """A method that names its start is named after it and a built-in query method."""
    from nnactive.methods import BUILTIN, STARTS

    name, (start, query) = plain(method.id, 60), (method.start or "", method.query or "")
    base, later = start.partition(",")[0], query.partition(",")[0]
    if method.id != f"{start}{JOINT}{query}" or later not in BUILTIN:
        yield f"'{name}' is not a start followed by a built-in query method"
        return
    first = STARTS.get(base)
    uses = BUILTIN[later].oracle or (first is not None and first.oracle)
    if uses != method.oracle:
        yield f"'{name}' {'uses' if uses else 'does not use'} ground truth, but claims otherwise"


def _of_budget(result: ExperimentResult) -> Iterator[str]:
    """Exactly as many patches as the setting requires (protocol section 5)."""
    start, more = result.setting.starting_budget, result.setting.query_size
    for number, loop in enumerate(result.loops):
        if loop.patches.lengths != {more if number else start}:
            yield f"loop {number}: not {more if number else start} patches, as the setting requires"
        if loop.labelled_patches != start + number * more:
            yield (
                f"loop {number}: {loop.labelled_patches} labelled patches, but the setting "
                f"requires {start + number * more}"
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
    if _exceeds(dataset.pool_boundary, dataset.pool_foreground):
        yield "pool_boundary has more voxels than pool_foreground"


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
        elif _exceeds(numbers, whole):
            yield f"{name} has more voxels than the pool"
        if not _are_counts(numbers or ()):
            yield "a count is negative or too large"
    rows = (row for column in columns for row in column)
    if not all(map(_are_counts, (*rows, (loop.labelled_patches, loop.labelled_voxels)))):
        yield "a count is negative or too large"
    if sum(loop.labelled_foreground) > loop.labelled_voxels:
        yield "labelled_foreground has more voxels than labelled_voxels"
    if _exceeds(loop.labelled_boundary, loop.labelled_foreground):
        yield "labelled_boundary has more voxels than labelled_foreground"
    yield from _of_patches(loop.patches)


def _of_patches(patches: PatchColumns) -> Iterator[str]:
    if min((min(axis, default=0) for axis in patches.start), default=0) < 0:
        yield "a patch starts before its image"
    if min((min(axis, default=1) for axis in patches.size), default=1) < 1:
        yield "a patch has no voxels"


def _of_growth(loops: Iterable[LoopResult]) -> Iterator[str]:
    """What is labelled stays labelled, and the reference of the test set does not change."""
    for before, after in pairwise(loops):
        labelled = {
            "labelled_voxels": ((before.labelled_voxels,), (after.labelled_voxels,)),
            "labelled_foreground": (before.labelled_foreground, after.labelled_foreground),
            "labelled_boundary": (before.labelled_boundary, after.labelled_boundary),
        }
        for name, (earlier, later) in labelled.items():
            if _exceeds(earlier, later):
                yield f"loop {after.loop}: {name} is lower than in the previous loop"
        if reference_voxels(before.counts) != reference_voxels(after.counts):
            yield f"loop {after.loop}: a different reference (tp + fn) than in the previous loop"


def _of_costs(loops: Iterable[LoopResult]) -> Iterator[str]:
    costs = [cost for loop in loops for cost in loop.costs.values()]
    # Written so that NaN, which is neither larger nor smaller, is refused.
    if not sum(cost.seconds for cost in costs) <= LONGEST:
        yield f"the durations are not finite or exceed {LONGEST:,.0f} s in total"
    memories = [m for cost in costs for m in (cost.peak_memory_gib, cost.device_memory_gib or 0)]
    if not all(memory <= LARGEST_MEMORY for memory in memories):
        yield f"a memory is not finite or exceeds {LARGEST_MEMORY:,.0f} GiB"


def reference_voxels(counts: Counts) -> tuple[tuple[int, ...], ...]:
    """Voxels of the test set's reference (tp + fn), ``[class][case]``; they depend on no model."""
    return tuple(
        tuple(map(sum, zip(hit, missed, strict=True)))
        for hit, missed in zip(counts.true_positives, counts.false_negatives, strict=True)
    )


def _exceeds(part: tuple[int, ...] | None, whole: tuple[int, ...] | None) -> bool:
    return any(some > all_ for some, all_ in zip(part or (), whole or (), strict=False))


def _columns(counts: Counts) -> tuple[tuple[tuple[int, ...], ...], ...]:
    return counts.true_positives, counts.false_positives, counts.false_negatives


def _are_counts(numbers: tuple[int, ...]) -> bool:
    return not numbers or (min(numbers) >= 0 and max(numbers) <= LARGEST_COUNT)
