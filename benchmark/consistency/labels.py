"""Whether what is labelled, and what the pool holds, can be what they say."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from benchmark.results import DatasetRecord, ExperimentResult, LoopResult
from nnactive.texts import plain

LARGEST_COUNT: Final = 2**53
"""Above it a voxel count is no longer exact as a float."""
Numbers = tuple[int, ...] | None


def of_dataset(result: ExperimentResult) -> Iterator[str]:
    """A dataset is the setting's, and has classes, test cases and a pool that fit each other."""
    dataset, wanted = result.dataset, result.setting.dataset
    if dataset.name != wanted:
        yield (
            f"run on the dataset '{plain(dataset.name, 40)}', but the setting's is "
            f"'{plain(wanted, 40)}'"
        )
    if not dataset.classes or not dataset.test_cases:
        yield "the dataset has no foreground class or no test case"
    whole = {"pool_foreground": dataset.pool_foreground, "pool_boundary": dataset.pool_boundary}
    for name, numbers in whole.items():
        yield from _of_numbers(name, numbers, len(dataset.classes))
    if exceeds(dataset.pool_boundary, dataset.pool_foreground):
        yield "pool_boundary has more voxels than pool_foreground"


def of_labels(result: ExperimentResult) -> Iterator[str]:
    """Labelled foreground and boundary grow, and stay below what contains them."""
    for number, loop in enumerate(result.loops):
        if result.setting.annotator is None:  # one who errs may draw more than there is
            yield from (f"loop {number}: {each}" for each in _beyond(loop, result.dataset))
        yield from (f"loop {number}: {each}" for each in _of_loop(loop, result.dataset))
    for before, after in pairwise(result.loops):
        labelled = {
            "labelled_voxels": ((before.labelled_voxels,), (after.labelled_voxels,)),
            "labelled_foreground": (before.labelled_foreground, after.labelled_foreground),
            "labelled_boundary": (before.labelled_boundary, after.labelled_boundary),
        }
        for name, (earlier, later) in labelled.items():
            if exceeds(earlier, later):
                yield f"loop {after.loop}: {name} is lower than in the previous loop"


def _beyond(loop: LoopResult, dataset: DatasetRecord) -> Iterator[str]:
    if exceeds(loop.labelled_foreground, dataset.pool_foreground):
        yield "labelled_foreground has more voxels than the pool"
    if exceeds(loop.labelled_boundary, dataset.pool_boundary):
        yield "labelled_boundary has more voxels than the pool"


def _of_loop(loop: LoopResult, dataset: DatasetRecord) -> Iterator[str]:
    yield from _of_numbers("labelled_foreground", loop.labelled_foreground, len(dataset.classes))
    yield from _of_numbers("labelled_boundary", loop.labelled_boundary, len(dataset.classes))
    if not are_counts((loop.labelled_patches, loop.labelled_voxels)):
        yield "labelled patches or voxels: a count is negative or too large"
    if sum(loop.labelled_foreground) > loop.labelled_voxels:
        yield "labelled_foreground has more voxels than labelled_voxels"
    if exceeds(loop.labelled_boundary, loop.labelled_foreground):
        yield "labelled_boundary has more voxels than labelled_foreground"


def _of_numbers(name: str, numbers: Numbers, classes: int) -> Iterator[str]:
    if numbers is not None and len(numbers) != classes:
        yield f"{name} does not have {classes} classes"
    if not are_counts(numbers or ()):
        yield f"{name}: a count is negative or too large"


def exceeds(part: Numbers, whole: Numbers) -> bool:
    """Whether a class has more voxels than what contains it; no if either isn't known."""
    return any(some > all_ for some, all_ in zip(part or (), whole or (), strict=False))


def are_counts(numbers: tuple[int, ...]) -> bool:
    """Whether numbers are neither negative nor too large for a count of voxels."""
    return not numbers or (min(numbers) >= 0 and max(numbers) <= LARGEST_COUNT)
