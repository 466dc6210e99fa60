"""Query patch and budget for a dataset by the papers' guidelines (protocol section 8).

Lüth et al. 2026, App. F: per class the median, over cases, of the bounding box of its largest
connected component; then the median over classes, per axis. 50 patches a class and loop, 100 for
classes of high variance; five loops, of which the first spends as much as each other one.
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
"""Likewise for a class of high variance, as tumours are."""
LOOPS = 5


@dataclass(frozen=True)
class ClassGuide:
    """What was measured of one foreground class, and what follows for it."""

    name: str
    cases: int
    """Cases that hold the class."""
    box: tuple[float, float, float]
    """Median over these cases, (z, y, x), in voxels of the resampled image."""
    spread: tuple[float, float]
    """Quartiles over cases of the box's volume divided by its median: how much sizes vary."""
    decides: bool
    """Whether the query patch follows from this class, among others."""
    patches: int
    """Patches per loop."""


@dataclass(frozen=True)
class Guide:
    """The guideline's numbers for one dataset, and what they were derived from."""

    cases: int
    spacing: Spacing
    """mm, (z, y, x), at which sizes are given."""
    classes: tuple[ClassGuide, ...]
    patch: Triple
    """Query patch in voxels, (z, y, x)."""
    patches_per_loop: int
    """Starting budget, and size of each query."""
    loops: int = LOOPS

    @property
    def budget(self) -> int:
        """Patches in all."""
        return self.loops * self.patches_per_loop


def derive(
    names: Sequence[str],
    boxes: Sequence[np.ndarray],
    spacing: Spacing,
    high_variance: Sequence[str] = (),
    only: Sequence[str] = (),
) -> Guide:
    """Query patch and budget from the boxes of all cases.

    Args:
        names: foreground classes in label order.
        boxes: for each case ``(F, 3)``, (z, y, x) in voxels of the resampled image, NaN where it
            lacks the class.
        spacing: mm, (z, y, x), of that image.
        high_variance: classes that get 100 patches a loop, such as tumours.
        only: classes that alone decide the query patch; all where empty.

    Raises:
        UserError: an unknown class name, or a class that no case has.
    """
    for name in (*high_variance, *only):
        if name not in names:
            raise UserError(f"no foreground class '{name}'; there are: {', '.join(names)}")
    deciding = set(only) or set(names)
    stacked = np.stack(boxes)
    classes = []
    for number, name in enumerate(names):
        sizes = stacked[~np.isnan(stacked[:, number, 0]), number]
        if not len(sizes):
            raise UserError(f"class '{name}': in no label map; leave it out of the dataset")
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
    """Whole voxels, halves upwards, at least one."""
    return as_triple(max(1, math.floor(size + 0.5)) for size in sizes)
