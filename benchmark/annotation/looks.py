"""Where to look for a class, in a person's words: an intensity range, a box, a point.

``CLASS:intensity=LOW..HIGH`` in the first channel's units, for all images; for one image
``CLASS:CASE=z0:z1,y0:y1,x0:x1`` or ``CLASS:CASE=z,y,x`` in voxels of its file, counted from 0 and
without the last of a range, or a point in mm, ``CLASS:CASE=lps:x,y,z`` or ``CLASS:CASE=ras:x,y,z``.
"""

import math
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Final, NoReturn

from benchmark.annotation.labelled import listed
from benchmark.annotation.project.model import Project
from nnactive.data.unlabelled.source import Box, Grid, Source
from nnactive.errors import UserError
from nnactive.geometry import as_triple

INTENSITY: Final = "intensity"
FORMS: Final = (
    "write CLASS:intensity=40..120, CLASS:CASE=z0:z1,y0:y1,x0:x1, CLASS:CASE=z,y,x (voxels), or "
    "CLASS:CASE=ras:x,y,z (mm; lps: as well)"
)
NUMBER: Final = r"[-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?"


@dataclass(frozen=True)
class Look:
    """One place to look for a class at."""

    text: str
    """As it was written."""
    label: int
    case: str | None = None
    """None: all images."""
    low: float = -math.inf
    high: float = math.inf
    """Intensities, both included."""
    box: Box | None = None
    """In the image's own grid; a point is one voxel."""


def parse_look(text: str, project: Project, sources: Mapping[str, Source]) -> Look:
    """One value of ``--look``.

    Args:
        text: the value.
        project: knows the classes.
        sources: of each case.

    Raises:
        UserError: what is wrong with it, and how it is written.
    """
    name, where, value = named(text, project, sources)
    label = project.all_classes.index(name)
    if where == INTENSITY:
        low, high = _range(text, value)
        return Look(text, label, low=low, high=high)
    return Look(text, label, where, box=_box(text, value, sources[where].grid))


def named(text: str, project: Project, cases: Collection[str]) -> tuple[str, str, str]:
    """Class, image or `INTENSITY`, and place of one value of ``--look``.

    Args:
        text: the value.
        project: knows the classes.
        cases: ids of the images.

    Raises:
        UserError: there is no such class or image.
    """
    head, equals, value = text.partition("=")
    name, colon, where = (part.strip() for part in head.partition(":"))
    if not (equals and colon and where):
        _refuse(text, "names no place")
    if name not in project.classes:
        _refuse(text, f"no class '{name}'", f"choose from {', '.join(project.classes)}")
    if where != INTENSITY and where not in cases:
        _refuse(text, f"no image '{where}'", f"there are {listed(sorted(cases))}")
    return name, where, value.strip()


def _range(text: str, value: str) -> tuple[float, float]:
    found = re.fullmatch(rf"({NUMBER})?\s*\.\.\s*({NUMBER})?", value)
    if found is None or not any(found.groups()):
        _refuse(text, f"'{value}' isn't a range of intensities")
    low, high = float(found[1] or -math.inf), float(found[2] or math.inf)
    if low > high:
        _refuse(text, "its range is empty", "write it as LOW..HIGH")
    return low, high


def _box(text: str, value: str, grid: Grid) -> Box:
    """The voxels that a box or a point names, all inside the image."""
    if value[:4] in {"lps:", "ras:"}:
        start = voxel_at(grid, _point(text, value[4:]), ras=value.startswith("ras:"))
        size = (1, 1, 1)
    else:
        parts = [part.strip() for part in value.split(",")]
        found = [re.fullmatch(r"(\d+)(?:\s*:\s*(\d+))?", part) for part in parts]
        if len(found) != 3 or None in found:  # noqa: PLR2004
            _refuse(text, f"'{value}' is neither a box nor a point")
        ranges = [(int(each[1]), int(each[2] or int(each[1]) + 1)) for each in found if each]
        start = as_triple(low for low, _ in ranges)
        size = as_triple(high - low for low, high in ranges)
    stop = [a + n for a, n in zip(start, size, strict=True)]
    if min(size) < 1:
        _refuse(text, "its box is empty", "write z0:z1,y0:y1,x0:x1 without the last of each range")
    if min(start) < 0 or any(b > n for b, n in zip(stop, grid.shape, strict=True)):
        z, y, x = grid.shape
        _refuse(
            text, f"outside the image of {z} x {y} x {x} voxels", "correct it (z, y, x, from 0)"
        )
    return Box(start=start, size=size)


def _point(text: str, value: str) -> tuple[float, float, float]:
    parts = [part.strip() for part in value.split(",")]
    if len(parts) != 3 or not all(re.fullmatch(NUMBER, part) for part in parts):  # noqa: PLR2004
        _refuse(text, f"'{value}' isn't a point in mm")
    x, y, z = map(float, parts)
    return x, y, z


def voxel_at(grid: Grid, point: tuple[float, float, float], *, ras: bool) -> tuple[int, int, int]:
    """The voxel (z, y, x) whose centre is nearest to a point; it may lie outside the image.

    Args:
        grid: of the image.
        point: (x, y, z) in mm.
        ras: whether its axes point right, anterior, superior; otherwise left, posterior, superior.
    """
    import numpy as np

    x, y, z = point
    at = np.array([-x, -y, z] if ras else [x, y, z])
    axes = np.array(grid.direction).reshape(3, 3) * np.array(grid.spacing[::-1])
    found = np.rint(np.linalg.solve(axes, at - np.array(grid.origin)))
    return as_triple(found[::-1])


def _refuse(text: str, cause: str, way_out: str = FORMS) -> NoReturn:
    raise UserError(f"--look {text}: {cause}; {way_out}")
