"""Whether the counts of the test set can be what they say."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from benchmark.results import Counts, DatasetRecord, ExperimentResult
from nnactive.texts import plain

LARGEST_IMAGE: Final = 2**31
"""Voxels: 1,290 on each axis, several times what any image of the benchmark has."""
Reference = tuple[tuple[int, ...], ...]


def of_counts(result: ExperimentResult) -> Iterator[str]:
    """Counts have a row for each class and a column for each test case, and fit into an image."""
    for number, loop in enumerate(result.loops):
        yield from (f"loop {number}: {each}" for each in _of_loop(loop.counts, result.dataset))


def of_reference(result: ExperimentResult) -> Iterator[str]:
    """The test set's reference doesn't change from loop to loop."""
    found = [(loop.loop, reference_voxels(loop.counts)) for loop in result.loops]
    for (_, before), (number, after) in pairwise(found):
        if before != after:
            yield f"loop {number}: a different reference (tp + fn) than in the previous loop"


def reference_voxels(counts: Counts) -> Reference:
    """Voxels of the test set's reference (tp + fn), ``[class][case]``; they depend on no model."""
    return tuple(
        tuple(map(sum, zip(hit, missed, strict=True)))
        for hit, missed in zip(counts.true_positives, counts.false_negatives, strict=True)
    )


def fingerprint(result: ExperimentResult) -> Reference | None:
    """The reference voxels that a result states; None if it has no loop."""
    return reference_voxels(result.loops[0].counts) if result.loops else None


def _of_loop(counts: Counts, dataset: DatasetRecord) -> Iterator[str]:
    classes, cases = len(dataset.classes), len(dataset.test_cases)
    if _are_fine(counts, (classes, cases)):
        return
    for name, rows in counts:
        if len(rows) != classes or any(len(row) != cases for row in rows):
            yield f"{name} are not {classes} classes x {cases} test cases"
            return
    for name, rows in counts:
        for label, row in zip(dataset.classes, rows, strict=True):
            if min(row, default=0) < 0:
                case = dataset.test_cases[row.index(min(row))]
                where = f"{plain(case, 40)}, class '{plain(label, 40)}'"
                yield f"{where}: a count of {name} is negative: {min(row):,}"
    for case, voxels in zip(dataset.test_cases, _sizes(counts), strict=False):
        if voxels > LARGEST_IMAGE:
            yield f"the test case {plain(case, 40)} has more than {LARGEST_IMAGE:,} voxels"


def _are_fine(counts: Counts, shape: tuple[int, int]) -> bool:
    """Whether nothing is wrong, which is so for most results, and quick on arrays."""
    import numpy as np

    try:
        found = np.array([rows for _, rows in counts], dtype=np.int64)
    except (OverflowError, ValueError):  # a number beyond 64 bits, rows of different length
        return False
    if found.shape != (3, *shape) or found.min(initial=0) < 0:
        return False
    hits, wrong, missed = found.astype(np.float64).sum(axis=1)
    # Whole numbers are exact up to 2^53, far beyond the limit.
    return bool((hits + np.maximum(wrong, missed) <= LARGEST_IMAGE).all())


def _sizes(counts: Counts) -> Iterator[int]:
    """Voxels that each test case has at least: a voxel is predicted as one class."""
    hits, wrong, missed = (tuple(zip(*rows, strict=True)) for _, rows in counts)
    for hit, more, less in zip(hits, wrong, missed, strict=True):
        yield sum(hit) + max(sum(more), sum(less))
