"""Whether the calibration on the test set can be what it says, and fits the counts."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Final

from benchmark.consistency.counts import LARGEST_IMAGE
from benchmark.results import Counts, ExperimentResult
from nnactive.quality.calibration import Calibration, Reliability

MOST_BINS: Final = 1000
SLACK: Final = 1e-5
"""Of a voxel: a confidence on a bin's edge may be just off it."""
ROUNDED: Final = 1e-3
"""Sums of confidence have three decimals."""


def of_calibration(result: ExperimentResult) -> Iterator[str]:
    """Bins hold the test set's voxels, and as many are right and wrong as the counts say."""
    found = [(loop, loop.calibration) for loop in result.loops if loop.calibration is not None]
    for loop, bins in found:
        problem = _problem(bins, loop.counts, len(result.dataset.test_cases))
        if problem:
            yield f"loop {loop.loop}: calibration: {problem}"
    for (_, before), (loop, after) in pairwise(found):
        if sum(before.everywhere.voxels) != sum(after.everywhere.voxels):
            yield f"loop {loop.loop}: calibration: other voxels than in the previous loop"


def _problem(calibration: Calibration, counts: Counts, cases: int) -> str:
    """The first contradiction; empty if there is none."""
    every, some = calibration.everywhere, calibration.foreground
    bins = len(every.voxels)
    if not 1 <= bins <= MOST_BINS or any(
        len(column) != bins for part in (every, some) for _, column in part
    ):
        return f"columns are not of one length from 1 to {MOST_BINS}"
    for part in (every, some):
        for right, voxels in zip(part.correct, part.voxels, strict=True):
            if not 0 <= right <= voxels <= cases * LARGEST_IMAGE:
                return "a count is negative or too large, or more voxels are right than there are"
        if not _fit(part):
            return "a sum of confidence doesn't fit its bin"
    rows = zip(every.voxels, every.correct, some.voxels, some.correct, strict=True)
    # A voxel whose label is wrong is foreground in the reference or in the segmentation.
    if any(part > voxels or voxels - right != part - hit for voxels, right, part, hit in rows):
        return "foreground has voxels that all of them don't have, or other wrong ones"
    right = sum(some.correct)
    return _differs_from_counts(right, sum(some.voxels) - right, counts)


def _fit(part: Reliability) -> bool:
    """Whether the mean confidence of each bin lies between the bin's edges."""
    bins = len(part.voxels)
    # Written so that NaN, which is neither larger nor smaller, doesn't fit.
    return all(
        voxels * (number / bins - SLACK) - ROUNDED
        <= sure
        <= voxels * ((number + 1) / bins + SLACK) + ROUNDED
        for number, (voxels, sure) in enumerate(zip(part.voxels, part.confidence, strict=True))
    )


def _differs_from_counts(right: int, wrong: int, counts: Counts) -> str:
    hits, more, less = (tuple(map(sum, zip(*rows, strict=True))) for _, rows in counts)
    if right != sum(hits):
        return f"{right:,} right voxels of foreground, but the counts have {sum(hits):,}"
    fewest, most = sum(map(max, zip(more, less, strict=True))), sum(more) + sum(less)
    if not fewest <= wrong <= most:
        return f"{wrong:,} wrong voxels, but the counts have from {fewest:,} to {most:,}"
    return ""
