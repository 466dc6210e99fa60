"""Query patch and budget for a dataset by the papers' guideline (protocol section 8).

Lüth et al. 2026, App. F: per class, the median over cases of the bounding box of its largest
connected component; then the median over classes, per axis. Per loop, 50 patches for each class, or
100 if it has high variance; five loops of equal size, the first being the starting budget.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nnactive.errors import UserError
from nnactive.geometry import Spacing, Triple, as_triple

PATCHES = 50
"""Patches per class and loop."""
PATCHES_HIGH_VARIANCE = 100
"""Likewise for a class of high variance, such as tumours."""
LOOPS = 5


@dataclass(frozen=True)
class ClassGuide:
    """Measurements of one foreground class, and what follows from them."""

    name: str
    cases: int
    """Number of cases that contain the class."""
    box: tuple[float, float, float]
    """Median bounding box over these cases, (z, y, x), in voxels of the resampled image."""
    spread: tuple[float, float]
    """Quartiles over cases of the box's volume, relative to its median: how much sizes vary."""
    decides: bool
    """Whether this class counts for the query patch."""
    patches: int
    """Patches per loop."""


@dataclass(frozen=True)
class Guide:
    """The guideline's numbers for one dataset, and the measurements behind them."""

    cases: int
    spacing: Spacing
    """mm, (z, y, x), of the resampled image."""
    classes: tuple[ClassGuide, ...]
    patch: Triple
    """Query patch in voxels, (z, y, x)."""
    patches_per_loop: int
    """Size of the starting budget and of each query."""
    loops: int = LOOPS

    @property
    def budget(self) -> int:
        """Total number of patches."""
        return self.loops * self.patches_per_loop


def derive(
    names: Sequence[str],
    boxes: Sequence[np.ndarray],
    spacing: Spacing,
    high_variance: Sequence[str] = (),
    only: Sequence[str] = (),
) -> Guide:
    """Derive query patch and budget from the bounding boxes of all cases.

    Args:
        names: foreground classes in label order.
        boxes: for each case ``(F, 3)``, (z, y, x) in voxels of the resampled image, NaN for
            classes that it lacks.
        spacing: mm, (z, y, x), of that image.
        high_variance: classes that get 100 patches per loop, such as tumours.
        only: classes that determine the query patch; all if empty.

    Raises:
        UserError: a class name is unknown, or no case contains a class.
    """
    for name in (*high_variance, *only):
        if name not in names:
            raise UserError(f"no foreground class '{name}'; choose from: {', '.join(names)}")
    deciding = set(only) or set(names)
    stacked = np.stack(boxes)
    classes = []
    for number, name in enumerate(names):
        sizes = stacked[~np.isnan(stacked[:, number, 0]), number]
        if not len(sizes):
            raise UserError(f"class '{name}': occurs in no label map; remove it from the dataset")
        volumes = sizes.prod(axis=1)
        low, high = np.quantile(volumes, (0.25, 0.75)) / np.median(volumes)
        z, y, x = (float(n) for n in np.median(sizes, axis=0))
        classes.append(
            ClassGuide(
                name=name,
                cases=len(sizes),
                box=(z, y, x),
                spread=(float(low), float(high)),
                decides=name in deciding,
                patches=PATCHES_HIGH_VARIANCE if name in high_variance else PATCHES,
            )
        )
    return Guide(
        cases=len(boxes),
        spacing=spacing,
        classes=tuple(classes),
        patch=_rounded(np.median([c.box for c in classes if c.decides], axis=0)),
        patches_per_loop=sum(c.patches for c in classes),
    )


def _rounded(sizes: np.ndarray) -> Triple:
    """Round to whole voxels, halves up, at least one."""
    return as_triple(max(1, math.floor(size + 0.5)) for size in sizes)
