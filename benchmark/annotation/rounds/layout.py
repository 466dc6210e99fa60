"""Which patch gets which id, what of its image is to be labelled, and what of it is shown."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from benchmark.annotation.rounds.names import patch_ids
from nnactive.data.unlabelled import mapping
from nnactive.data.unlabelled.source import Box, Grid, Sources
from nnactive.geometry import Patch, as_triple


@dataclass(frozen=True)
class Planned:
    """One patch of a round before its files are written."""

    id: str
    patch: Patch
    box: Box
    """What is to be labelled, in the file's grid."""
    crop: Box
    """What is shown, in the file's grid."""
    rank: int
    """In the order of choice, from 1."""


def planned(
    sources: Sources, patches: Sequence[Patch], context_mm: float | None
) -> tuple[Planned, ...]:
    """A round's patches by image and place, so that each image is opened once.

    Args:
        sources: of the prepared dataset.
        patches: in the order of their choice.
        context_mm: what crops show around their boxes, on each side; None: whole images.
    """
    ranks = {patch: rank for rank, patch in enumerate(patches, 1)}
    ordered = sorted(ranks)
    found = []
    for name, patch in zip(patch_ids(len(ordered)), ordered, strict=True):
        source = sources.cases[patch.case]
        box = mapping.box_of(source, patch)
        crop = whole(source.grid) if context_mm is None else grown(source.grid, box, context_mm)
        found.append(Planned(name, patch, box, crop, ranks[patch]))
    return tuple(found)


def whole(grid: Grid) -> Box:
    """All of an image."""
    return Box(start=(0, 0, 0), size=grid.shape)


def grown(grid: Grid, box: Box, context_mm: float) -> Box:
    """A box with the voxels around it up to a distance in mm, cut at the image's edges."""
    start, size = [], []
    for first, stop, extent, mm in zip(box.start, box.stop, grid.shape, grid.spacing, strict=True):
        more = math.ceil(context_mm / mm)
        begin = max(0, first - more)
        start.append(begin)
        size.append(min(extent, stop + more) - begin)
    return Box(start=as_triple(start), size=as_triple(size))


def within(outer: Box, inner: Box) -> Box:
    """A box in the coordinates of one that holds it."""
    start = as_triple(a - b for a, b in zip(inner.start, outer.start, strict=True))
    return Box(start=start, size=inner.size)
