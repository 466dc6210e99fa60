"""From a score per voxel to the best patches: patch means, candidates per image, the choice."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from nnactive.errors import MethodError
from nnactive.geometry import Patch, Triple, as_triple, clip_size


@dataclass(frozen=True)
class Candidate:
    """A patch that an image puts forward, with its score."""

    score: float
    patch: Patch


def checked_score(case: str, score: object, shape: Sequence[int]) -> np.ndarray:
    """Voxel score of a method as an array ``(Z, Y, X)``.

    Args:
        case: case id, for messages.
        score: what the method returned, a tensor on any device or an array.
        shape: the image's ``(Z, Y, X)``.

    Raises:
        MethodError: if it is no array of real numbers, has another shape, or isn't finite.
    """
    array = np.asarray(score.detach().cpu() if hasattr(score, "detach") else score)
    if array.dtype.kind not in "fiub":
        raise MethodError(f"{case}: the score has type {array.dtype}, it must hold real numbers")
    if array.shape != tuple(shape):
        raise MethodError(
            f"{case}: the score has shape {array.shape}, the image has {tuple(shape)}; "
            "return one number per voxel"
        )
    broken = array.size - int(np.count_nonzero(np.isfinite(array)))
    if broken:
        raise MethodError(f"{case}: the score is NaN or infinite in {broken} voxels")
    return array


def patch_means(score: np.ndarray, size: Sequence[int], stride: Sequence[int]) -> np.ndarray:
    """Mean score of the patches at starts 0, s, 2s, ... <= n - p per axis.

    Exact for integer-valued scores (sums below 2**53), so that equal patches tie. Where no score is
    negative, no mean is, whatever rounding does (protocol section 5, "Aggregation").

    Args:
        score: finite score per voxel, ``(Z, Y, X)``.
        size: query patch size; clipped where the image is smaller.
        stride: distance between neighbouring starts.

    Returns:
        float64, one value per place on the grid of starts.
    """
    clipped = clip_size(size, score.shape)
    sums = score.astype(np.float64, copy=False)
    for axis, (extent, step) in enumerate(zip(clipped, stride, strict=True)):
        # Running sums of non-negative numbers never fall, so that no difference is negative.
        running = np.moveaxis(np.cumsum(sums, axis=axis), axis, 0)
        sliding = running[extent - 1 :: step].copy()
        sliding[1:] -= running[step - 1 : len(running) - extent : step][: len(sliding) - 1]
        sums = np.moveaxis(sliding, 0, axis)
    return np.ascontiguousarray(sums / np.prod(clipped))


def best_places(
    case: str,
    values: np.ndarray,
    shape: Sequence[int],
    size: Sequence[int],
    stride: Sequence[int],
    labelled: Iterable[Patch],
    k: int,
) -> list[Candidate]:
    """Greedy choice among the grid's places: the best that overlaps neither labelled nor chosen.

    Args:
        case: case id.
        values: score of each place on the grid of starts; ``-inf`` ranks last.
        shape: the image's ``(Z, Y, X)``.
        size: query patch size; clipped where the image is smaller.
        stride: distance between neighbouring starts.
        labelled: labelled patches; those of other cases don't matter.
        k: largest number of candidates.

    Returns:
        Candidates from the best on; equal ones by start.
    """
    clipped = clip_size(size, shape)
    free = np.ones(values.shape, dtype=bool)
    ranked = values.astype(np.float64, copy=True)
    for patch in labelled:
        if patch.case == case:
            _block(patch, clipped, stride, free, ranked)
    found: list[Candidate] = []
    while len(found) < k and free.any():
        # argmax takes the first of equal ones, the one with the lowest start.
        place = np.unravel_index(np.argmax(ranked), ranked.shape)
        if not free[place]:
            place = np.unravel_index(np.argmax(free), free.shape)
        start = as_triple(int(g) * s for g, s in zip(place, stride, strict=True))
        found.append(Candidate(float(values[place]), Patch(case, start, clipped)))
        _block(found[-1].patch, clipped, stride, free, ranked)
    return found


def best_patches(
    case: str,
    score: np.ndarray,
    size: Sequence[int],
    stride: Sequence[int],
    labelled: Iterable[Patch],
    k: int,
) -> list[Candidate]:
    """Candidates of one image by mean voxel score: `patch_means`, then `best_places`.

    ``score`` is finite, ``(Z, Y, X)``; at most ``k`` candidates, from the best on.
    """
    means = patch_means(score, size, stride)
    return best_places(case, means, score.shape, size, stride, labelled, k)


def top(candidates: Iterable[Candidate], n: int) -> list[Patch]:
    """The best ``n`` candidates of all images; equal ones by case id, then start."""
    ranked = sorted(candidates, key=lambda candidate: (-candidate.score, candidate.patch))
    return [candidate.patch for candidate in ranked[:n]]


def _block(
    patch: Patch, size: Triple, stride: Sequence[int], free: np.ndarray, ranked: np.ndarray
) -> None:
    """Take all places whose patch of ``size`` overlaps ``patch`` off the grid, in place."""
    # Start g * s overlaps if it lies in the open interval (patch.start - size, patch.stop).
    place = tuple(
        slice(max(0, (first - extent) // step + 1), -(-stop // step))
        for first, stop, extent, step in zip(patch.start, patch.stop, size, stride, strict=True)
    )
    free[place] = False
    ranked[place] = -np.inf
