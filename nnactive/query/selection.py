"""From patch scores to patches: candidates of each image, then the choice over the pool."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from nnactive.errors import MethodError
from nnactive.geometry import Patch, as_triple, clip_size
from nnactive.query.grid import Grid
from nnactive.query.patch_means import patch_means


@dataclass(frozen=True)
class Candidate:
    """A patch that an image puts forward, with its score."""

    score: float
    patch: Patch
    stratum: int = 0
    """The foreground class that it represents; 0 for none."""

    def __post_init__(self) -> None:
        if not self.score < np.inf:  # refuses NaN, too: its comparisons are false
            raise MethodError(
                f"{self.patch.case}: a candidate's score is {self.score}; "
                "it must be finite, or -inf to rank last"
            )


def checked_score(case: str, score: object, shape: Sequence[int]) -> np.ndarray:
    """Voxel score of a method as an array ``(Z, Y, X)``.

    Args:
        case: case id, for messages.
        score: what the method returned: a tensor on any device, or an array.
        shape: the image's ``(Z, Y, X)``.

    Raises:
        MethodError: if it isn't an array of real numbers, has another shape, or isn't finite.
    """
    array = plain_array(score)
    if array.dtype.kind not in "fiub":
        raise MethodError(f"{case}: the score has type {array.dtype}, it must be real numbers")
    if array.shape != tuple(shape):
        raise MethodError(
            f"{case}: the score has shape {array.shape}, the image has {tuple(shape)}; "
            "return one number per voxel"
        )
    invalid = sum(plane.size - int(np.count_nonzero(np.isfinite(plane))) for plane in array)
    if invalid:
        raise MethodError(f"{case}: the score is NaN or infinite in {invalid} voxels")
    return array


def plain_array(values: object) -> np.ndarray:
    """What a method returned, a tensor on any device or an array, as an array."""
    if hasattr(values, "detach"):
        tensor = values.detach().cpu()
        # NumPy has no bfloat16.
        values = tensor.float() if str(tensor.dtype) == "torch.bfloat16" else tensor
    return np.asarray(values)


def best_places(
    case: str,
    values: np.ndarray,
    shape: Sequence[int],
    size: Sequence[int],
    stride: Sequence[int],
    labelled: Iterable[Patch],
    k: int,
) -> list[Candidate]:
    """Greedily choose the best grid positions that overlap nothing labelled or chosen before.

    Args:
        case: case id.
        values: score of each grid position; ``-inf`` ranks last.
        shape: the image's ``(Z, Y, X)``.
        size: query patch size; clipped to the image.
        stride: distance between neighbouring starts.
        labelled: labelled patches; those of other cases are ignored.
        k: largest number of candidates.

    Returns:
        Candidates, best first; ties by start.

    Raises:
        MethodError: if ``values`` isn't one number per position, or holds NaN or ``inf``.
    """
    clipped = clip_size(size, shape)
    expected = tuple((n - p) // s + 1 for n, p, s in zip(shape, clipped, stride, strict=True))
    if not isinstance(values, np.ndarray) or values.dtype.kind not in "fiu":
        what = getattr(values, "dtype", type(values).__name__)
        raise MethodError(
            f"{case}: the patch scores are {what}; they must be an array of real numbers"
        )
    if values.shape != expected:
        raise MethodError(
            f"{case}: the patch scores have shape {values.shape}, the grid has {expected}"
        )
    grid = Grid(values)
    if not grid.highest < np.inf:  # refuses NaN, too: its comparisons are false
        raise MethodError(f"{case}: a patch score is NaN or inf; use -inf to rank a patch last")
    for patch in labelled:
        if patch.case == case:
            grid.take(_neighbours(patch, clipped, stride))
    found: list[Candidate] = []
    while len(found) < k and (best := grid.best()) is not None:
        start = as_triple(index * step for index, step in zip(best, stride, strict=True))
        found.append(Candidate(float(values[best]), Patch(case, start, clipped)))
        grid.take(_neighbours(found[-1].patch, clipped, stride))
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

    ``score`` is finite, ``(Z, Y, X)``; at most ``k`` candidates, best first.
    """
    means = patch_means(score, size, stride)
    return best_places(case, means, score.shape, size, stride, labelled, k)


def ranked(candidates: Iterable[Candidate]) -> list[Candidate]:
    """Candidates of all images, best first; ties by case id, then start."""
    return sorted(candidates, key=lambda candidate: (-candidate.score, candidate.patch))


def top(candidates: Iterable[Candidate], n: int) -> list[Patch]:
    """The best ``n`` candidates of all images; ties by case id, then start."""
    return [candidate.patch for candidate in ranked(candidates)[:n]]


def _neighbours(patch: Patch, size: Sequence[int], stride: Sequence[int]) -> tuple[slice, ...]:
    """Box of grid positions whose patch of ``size`` overlaps ``patch``."""
    # Start g * s overlaps if it lies in the open interval (patch.start - size, patch.stop).
    return tuple(
        slice(max(0, (first - extent) // step + 1), -(-stop // step))
        for first, stop, extent, step in zip(patch.start, patch.stop, size, stride, strict=True)
    )
