"""The scores that a method gave around its patches, on three planes through each one's centre."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nnactive.geometry import Patch, Triple
from nnactive.io.files import atomic_path

if TYPE_CHECKING:
    from nnactive.methods import PoolView, QueryMethod

AXES = 3


@dataclass(frozen=True)
class Planes:
    """Planes of one score through a patch's centre, perpendicular to z, y and x."""

    planes: tuple[np.ndarray, ...]
    """float32, each with the other two axes, in their order."""
    low: float
    """Lowest finite score in the image."""
    high: float
    """Highest finite one."""


def file_of(folder: Path, number: int) -> Path:
    """File of the scores around the ``number``-th patch."""
    return folder / f"{number:04d}.npz"


def write_scores(
    method: "QueryMethod", pool: "PoolView", patches: Sequence[Patch], folder: Path
) -> None:
    """Write the scores around each patch; nothing for a method that scores no voxels.

    The method's parts run once more on the images of these patches. A patch of several strata's
    scores is shown with those by which it was put forward.

    Args:
        method: the method, as new.
        pool: the pool that it queried.
        patches: what it chose.
        folder: where to write, one file a patch.
    """
    from nnactive.methods import QueryMethod

    if type(method).score is QueryMethod.score:
        return
    for case in dict.fromkeys(patch.case for patch in patches):
        inside = {number: patch for number, patch in enumerate(patches) if patch.case == case}
        for number, content in _recorded(method, pool, case, inside).items():
            _write(file_of(folder, number), content)


def _recorded(
    method: Any, pool: "PoolView", case: str, patches: Mapping[int, Patch]
) -> dict[int, dict[str, Planes]]:
    """Run a method's `candidates` on an image; the scores around each patch, by its number."""
    patch_score, best_of_image = method.patch_score, method.best_of_image
    latest: list[np.ndarray] = []
    content: dict[int, dict[str, Planes]] = {}

    def keep_patch_scores(means: np.ndarray, *others: Any, **named: Any) -> Any:
        values = patch_score(means, *others, **named)
        latest[:] = [np.array(values, dtype=np.float32)]
        return values

    def keep(score: Any, *others: Any, **named: Any) -> Any:
        latest.clear()
        array = score.detach().cpu().float().numpy() if hasattr(score, "detach") else score
        voxels = np.array(array, dtype=np.float32)  # before the method can change it
        candidates = best_of_image(score, *others, **named)
        starts = {each.patch.start for each in candidates}
        for number, patch in patches.items():
            if patch.start in starts:
                content[number] = _around(patch, voxels, latest, pool.stride)
            elif number not in content:  # chosen in another way, without patch scores
                content[number] = _around(patch, voxels, [], pool.stride)
        return candidates

    method.patch_score, method.best_of_image = keep_patch_scores, keep
    try:
        method.candidates(pool, case)
    except Exception:  # noqa: BLE001  (a method that queries in a way of its own needs no candidates)
        content.clear()
    finally:
        del method.patch_score, method.best_of_image
    return content


def _around(
    patch: Patch, voxels: np.ndarray, patch_scores: Sequence[np.ndarray], stride: Triple
) -> dict[str, Planes]:
    """Planes of the voxel scores ``(Z, Y, X)`` and of the patch scores, if there are any."""
    found = {"voxel": _planes(voxels, centre(patch))}
    for values in patch_scores:
        # The nearest grid position; a patch that the grid put forward is on it.
        at = [round(a / s) for a, s in zip(patch.start, stride, strict=True)]
        found["patch"] = _planes(values, np.minimum(at, np.subtract(values.shape, 1)).tolist())
    return found


def _write(file: Path, content: Mapping[str, Planes]) -> None:
    arrays: dict[str, Any] = {}
    for name, planes in content.items():
        arrays |= {f"{name}_{axis}": plane for axis, plane in enumerate(planes.planes)}
        arrays[f"{name}_range"] = np.array([planes.low, planes.high])
    with atomic_path(file) as draft:
        np.savez(draft, **arrays)


def read_scores(file: Path) -> dict[str, Planes]:
    """The ``voxel`` and ``patch`` scores around a patch, as far as there are any."""
    if not file.is_file():
        return {}
    with np.load(file) as content:
        return {
            name: Planes(
                tuple(content[f"{name}_{axis}"] for axis in range(AXES)),
                *(float(value) for value in content[f"{name}_range"]),
            )
            for name in ("voxel", "patch")
            if f"{name}_range" in content
        }


def centre(patch: Patch) -> Triple:
    """The voxel at the middle of a patch."""
    z, y, x = (a + n // 2 for a, n in zip(patch.start, patch.size, strict=True))
    return z, y, x


def _planes(values: np.ndarray, at: Sequence[int]) -> Planes:
    finite = values[np.isfinite(values)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 0.0)
    planes = tuple(np.take(values, at[axis], axis=axis) for axis in range(AXES))
    return Planes(planes, low, high)
