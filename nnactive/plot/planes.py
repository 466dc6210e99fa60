"""Patches and scores on the three planes through a point of an image."""

from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from nnactive.errors import UserError
from nnactive.geometry import Patch, Triple, as_triple
from nnactive.plot.pyplot import new_axes
from nnactive.pool.view import PoolView
from nnactive.query.selection import checked_score

if TYPE_CHECKING:
    from torch import Tensor

NAMES = ("z", "y", "x")
PLANES = ((0, 1, 2), (1, 0, 2), (2, 0, 1))
"""For each plane its fixed axis, the axis along its rows' numbers, and that along its columns."""
RANGE = (1, 99)
"""Percentiles of intensity that are black and white."""
SIDE = 2.4
CHOSEN, LABELLED = "yellow", "cyan"


def query(
    pool: PoolView,
    patches: Sequence[Patch],
    *,
    labels: Callable[[str], np.ndarray] | None = None,
    most: int = 8,
    channel: int = 0,
) -> np.ndarray:
    """Draw patches, one a row, on the z, y and x planes through their centres.

    Labelled patches that a plane cuts are drawn dashed.

    Args:
        pool: the pool.
        patches: for example ``e.chosen(2)``.
        labels: gives a case's label map ``(Z, Y, X)``, whose outlines are drawn; for example
            ``pool.oracle.label`` of a pool that was opened with ``oracle=True``.
        most: number of patches to draw, from the first.
        channel: the image's.

    Returns:
        The axes, ``(patches drawn, 3)``.

    Raises:
        UserError: if there is no patch, or no matplotlib.
    """
    shown = list(patches)[:most]
    if not shown:
        raise UserError("no patches to draw")
    axes = new_axes(len(shown), len(PLANES), SIDE)
    for row, patch in zip(axes, shown, strict=True):
        centre = as_triple(a + s // 2 for a, s in zip(patch.start, patch.size, strict=True))
        image = pool.image(patch.case)[channel]
        label = None if labels is None else labels(patch.case)
        _draw(row, pool, image, centre)
        for ax, plane in zip(row, PLANES, strict=True):
            if label is not None:
                _classes(ax, np.take(label, centre[plane[0]], axis=plane[0]))
            _outline(ax, plane, centre, pool.labelled_in(patch.case), LABELLED, "--")
            _outline(ax, plane, centre, [patch], CHOSEN, "-")
        row[0].set_ylabel(patch.case)
    return axes


def score(
    pool: PoolView,
    case: str,
    values: "Tensor | np.ndarray",
    *,
    patches: Iterable[Patch] = (),
    at: Triple | None = None,
    channel: int = 0,
) -> np.ndarray:
    """Draw a voxel score below the image, on the planes through a voxel.

    Args:
        pool: the pool.
        case: case id.
        values: score of each voxel, ``(Z, Y, X)``; for example
            ``method.score(pool.predict(case))``.
        patches: patches to outline where a plane cuts them; those of other cases are ignored.
        at: the voxel; None: that with the highest score.
        channel: the image's.

    Returns:
        The axes, ``(2, 3)``.

    Raises:
        MethodError: if the score isn't finite or has another shape than the image.
        UserError: if there is no matplotlib.
    """
    array = checked_score(case, values, pool.shape(case))
    voxel = at or as_triple(np.unravel_index(int(array.argmax()), array.shape))
    axes = new_axes(2, len(PLANES), SIDE)
    _draw(axes[0], pool, pool.image(case)[channel], voxel)
    _draw(axes[1], pool, array, voxel, cmap="magma", span=(array.min(), array.max()))
    axes[1, -1].figure.colorbar(axes[1, -1].images[0], ax=axes[1].tolist(), shrink=0.8)
    own = [patch for patch in patches if patch.case == case]
    for row in axes:
        for ax, plane in zip(row, PLANES, strict=True):
            _outline(ax, plane, voxel, own, CHOSEN, "-")
    axes[0, 0].set_ylabel(case)
    axes[1, 0].set_ylabel("score")
    return axes


def _draw(
    row: Sequence[Any],
    pool: PoolView,
    volume: np.ndarray,
    voxel: Triple,
    cmap: str = "gray",
    span: tuple[float, float] | None = None,
) -> None:
    """Draw the three planes of a volume ``(Z, Y, X)``, with voxels as wide as they are in mm."""
    low, high = np.percentile(volume, RANGE) if span is None else span
    for ax, (fixed, along_rows, along_columns) in zip(row, PLANES, strict=True):
        ax.imshow(
            np.take(volume, voxel[fixed], axis=fixed),
            cmap=cmap,
            vmin=low,
            vmax=high,
            aspect=pool.spacing[along_rows] / pool.spacing[along_columns],
            origin="lower" if along_rows == 0 else "upper",
        )
        ax.set_title(f"{NAMES[fixed]} = {voxel[fixed]}", fontsize="small")
        ax.set_xticks([])
        ax.set_yticks([])
        ax.autoscale(enable=False)


def _classes(ax: Any, cut: np.ndarray) -> None:
    """Draw the outlines of a plane's foreground classes, each in a colour of its own."""
    for value in np.unique(cut[cut > 0]).tolist():
        # With a margin, as a class at the image's edge has an outline there, too.
        mask = np.pad(cut == value, 1)
        rows, columns = (np.arange(-1, n - 1) for n in mask.shape)
        ax.contour(columns, rows, mask, [0.5], colors=[f"C{value - 1}"], linewidths=0.9)


def _outline(
    ax: Any,
    plane: Triple,
    voxel: Triple,
    patches: Iterable[Patch],
    colour: str,
    style: str,
) -> None:
    """Draw the edges of the patches that a plane cuts."""
    from matplotlib.patches import Rectangle

    fixed, rows, columns = plane
    for patch in patches:
        if patch.start[fixed] <= voxel[fixed] < patch.stop[fixed]:
            corner = (patch.start[columns] - 0.5, patch.start[rows] - 0.5)
            size = (patch.size[columns], patch.size[rows])
            ax.add_patch(
                Rectangle(corner, *size, fill=False, edgecolor=colour, linestyle=style, lw=1.5)
            )
