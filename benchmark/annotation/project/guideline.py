"""Query patch and budget by the papers' guideline, from what is known before anything is labelled.

The guideline (`nnactive.data.own.guide`) measures label maps, and there may be none: then sizes
that a person gives take their place. All sizes are in mm, in the axes of the images' files.
"""

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from benchmark.annotation.project.model import Millimetres
from nnactive.data.own.guide import PATCHES, PATCHES_HIGH_VARIANCE, derive
from nnactive.geometry import Spacing
from nnactive.io.formatting import numbers

SHARE: Final = 6
"""Without any size, the patch is this part of the median image on each axis."""
ONE_MM: Final = (1.0, 1.0, 1.0)


def patch_of_boxes(boxes: Mapping[str, Millimetres]) -> tuple[Millimetres, str]:
    """The query patch from a typical size of each class's structures; the rule in words."""
    sizes = [np.array([size], float) for size in boxes.values()]
    rows = [np.concatenate(sizes)]
    guide = derive(tuple(boxes), rows, ONE_MM)
    patch = _median([each.box for each in guide.classes])
    if len(boxes) == 1:
        return patch, f"the size of {next(iter(boxes))}, by --box"
    return patch, f"the median over {', '.join(boxes)}, by --box"


def patch_of_labels(
    names: Sequence[str], measured: Sequence[np.ndarray]
) -> tuple[Millimetres, str] | None:
    """The query patch from complete label maps; None: no class occurs in them.

    Args:
        names: foreground classes in label order.
        measured: of each label map ``(F, 3)``, extents (z, y, x) in mm of each class's largest
            structure; NaN for classes that it lacks.
    """
    if not measured:
        return None
    there = ~np.isnan(np.stack(measured)[:, :, 0]).all(axis=0)
    known = [name for name, is_there in zip(names, there, strict=True) if is_there]
    if not known:
        return None
    guide = derive(known, [each[there] for each in measured], ONE_MM)
    lacking = [name for name in names if name not in known]
    count = f"{len(measured)} complete label {'map' if len(measured) == 1 else 'maps'}"
    more = f"; not in them: {', '.join(lacking)}" if lacking else ""
    return (
        _median([each.box for each in guide.classes]),
        f"the guideline: median structure of each class, then over classes, in {count}{more}",
    )


def patch_of_images(extents: Sequence[Spacing]) -> tuple[Millimetres, str]:
    """A guess where no size is known; extents of the images in mm, (z, y, x)."""
    z, y, x = (max(float(size), 1e-3) / SHARE for size in np.median(extents, axis=0))
    return (_rounded(z), _rounded(y), _rounded(x)), (
        f"a guess: a {_ORDINALS[SHARE]} of the median image on each axis"
    )


def guideline_budget(names: Sequence[str], high_variance: Sequence[str]) -> tuple[int, str]:
    """Patches a round by the guideline, and the rule in words."""
    high = [name for name in names if name in high_variance]
    plain = len(names) - len(high)
    parts = [f"{PATCHES} for each of {plain} classes" if plain > 1 else f"{PATCHES} for a class"]
    parts = parts if plain else []
    parts += [f"{PATCHES_HIGH_VARIANCE} for {name}" for name in high]
    return (
        plain * PATCHES + len(high) * PATCHES_HIGH_VARIANCE,
        f"the guideline: {' and '.join(parts)}",
    )


def shown(sizes: Sequence[float]) -> str:
    """Sizes as they are given in options and shown.

    >>> shown((40.0, 62.5, 62.5))
    '40,62.5,62.5'
    """
    return numbers(sizes, ",")


_ORDINALS: Final = {6: "sixth"}


def _median(boxes: Sequence[Sequence[float]]) -> Millimetres:
    z, y, x = (float(size) for size in np.median(boxes, axis=0))
    return _rounded(z), _rounded(y), _rounded(x)


def _rounded(size: float) -> float:
    """To three digits that matter: 0.1 % of a structure is nothing."""
    return float(f"{size:.3g}")
