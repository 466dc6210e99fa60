"""Where in the body the loops went: patches of all cases, projected onto a mean image."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.pictures.colours import blend
from benchmark.pictures.marks import lettered
from benchmark.pictures.raster import fitted, outline, shaded, squared, stretched
from benchmark.pictures.scenes import shades
from benchmark.show.page import Figure, Picture, Section
from nnactive.anatomy.views import View, views
from nnactive.data.prepared import PreparedDataset
from nnactive.data.progress import Progress
from nnactive.geometry import Patch
from nnactive.nnunet.store import read_box

PIXELS = 240
"""Side of a picture."""
MOST = 12
"""Images that the mean is of."""
DIM = 0.7
"""Brightest shade of the mean image, so that outlines stand out."""
TINT = 0.55
"""Opacity where most patches lie."""
EDGE = 0.45
"""Opacity of outlines."""
DOT = 4
"""Side of the mark at a patch's centre, in pixels."""
FIRST = (205, 214, 224)
"""Colour of the starting budget."""
LATER = ("#4aa8ff", "#38c172", "#f2c230", "#ff7a3d", "#e64980")
"""Colours of the later loops, from the first to the last."""

Colour = tuple[int, int, int]


@dataclass(frozen=True)
class Overview:
    """Pictures of all loops together and of each."""

    section: Section
    rows: tuple[tuple[str, list[np.ndarray]], ...]
    """The same for a sheet: title and the three planes."""


def loop_colours(loops: Sequence[int]) -> list[tuple[int, Colour]]:
    """A colour for each loop, in order."""
    last = max(*loops, 2)
    return [(loop, FIRST if loop == 0 else blend(LATER, (loop - 1) / (last - 1))) for loop in loops]


def overview(
    dataset: PreparedDataset, queries: Mapping[int, Sequence[Patch]], progress: Progress
) -> Overview:
    """Where the patches of each loop lie, from the edge of an image (0) to the other (1).

    Args:
        dataset: the prepared dataset.
        queries: patches by loop.
        progress: called after each image that the mean is of.
    """
    cases = sorted({patch.case for patches in queries.values() for patch in patches})
    some = [cases[n * len(cases) // min(MOST, len(cases))] for n in range(min(MOST, len(cases)))]
    grounds = _grounds(dataset, some, progress)
    colours = dict(loop_colours(list(queries)))
    wanted = [("all loops", list(queries))] if len(queries) > 1 else []
    wanted += [(f"loop {loop}" if loop else "starting budget", [loop]) for loop in queries]
    figures, rows = [], []
    for title, loops in wanted:
        marked = [(patch, colours[loop]) for loop in loops for patch in queries[loop]]
        drawn = [_drawn(dataset, ground, n, marked) for n, ground in enumerate(grounds)]
        pictures = [
            Picture(pixels, f"{title}, projected onto a {view.name} plane", view.name)
            for view, pixels in zip(views(None), drawn, strict=True)
        ]
        figures.append(Figure(title.capitalize(), "", pictures))
        rows.append((title, drawn))
    text = (
        f"Patches of all images, projected onto the mean of {len(some)} images; positions are "
        "relative to each image's edges. The more patches, the stronger the colour; a dot marks "
        "each patch's centre."
    )
    return Overview(Section("Where the loops went", text, figures), tuple(rows))


def _grounds(
    dataset: PreparedDataset, cases: Sequence[str], progress: Progress
) -> list[np.ndarray]:
    """Mean projections on the three planes, each as a picture of the mean image's proportions."""
    spacing = dataset.info.spacing
    extents = np.zeros((3, 2))
    for case in cases:
        mm = np.multiply(dataset.shape(case), spacing)
        extents += [(mm[view.rows], mm[view.columns]) for view in views(dataset.toward(case))]
    sizes = [fitted(extent.tolist(), PIXELS)[:2] for extent in extents / len(cases)]
    sums = [np.zeros(size) for size in sizes]
    for done, case in enumerate(cases, 1):
        shape = dataset.shape(case)
        whole = read_box(dataset.image_file(case), (0, *map(slice, shape)))
        # At most as many voxels an axis as the picture has pixels: a large image takes no copy.
        steps = (-(-n // PIXELS) for n in shape)
        image = shades(dataset, whole[tuple(slice(step // 2, None, step) for step in steps)])
        for n, view in enumerate(views(dataset.toward(case))):
            sums[n] += stretched(view.upright(image.mean(axis=view.axis)), *sizes[n])
        progress("overview", done, len(cases))
    return [_spread(total) for total in sums]


def _spread(total: np.ndarray) -> np.ndarray:
    """Shades from 0 to `DIM`."""
    low, high = np.percentile(total, (0.5, 99.5))
    shades: np.ndarray = DIM * np.clip((total - low) / max(high - low, 1e-9), 0, 1)
    return shades


def _drawn(
    dataset: PreparedDataset,
    ground: np.ndarray,
    plane: int,
    marked: Sequence[tuple[Patch, Colour]],
) -> np.ndarray:
    """Patches on one plane: the more of them, the stronger the tint; a dot at each centre."""
    boxes = [(_place(dataset, patch, plane, ground), colour) for patch, colour in marked]
    weight, mixed = np.zeros(ground.shape), np.zeros((*ground.shape, 3))
    for (top, left, height, width), colour in boxes:
        inside = (slice(round(top), round(top + height)), slice(round(left), round(left + width)))
        weight[inside] += 1
        mixed[inside] += colour
    opacity = (TINT * weight / max(weight.max(), 1))[..., None]
    tint = mixed / np.maximum(weight, 1)[..., None]
    shade = ((1 - opacity) * shaded(ground) + opacity * tint).round().astype(np.uint8)
    edges = shade.copy()
    for box, colour in boxes:
        outline(edges, box, colour)
    shade = ((1 - EDGE) * shade + EDGE * edges).round().astype(np.uint8)
    for (top, left, height, width), colour in boxes:
        centre = (top + height / 2 - DOT / 2, left + width / 2 - DOT / 2)
        rows, columns = (slice(max(0, round(at)), round(at) + DOT) for at in centre)
        shade[rows, columns] = colour
    return lettered(squared(shade, PIXELS), views(None)[plane])


def _place(
    dataset: PreparedDataset, patch: Patch, plane: int, shade: np.ndarray
) -> tuple[float, float, float, float]:
    """A patch's box in pixels of a picture that the whole image would fill."""
    view: View = views(dataset.toward(patch.case))[plane]
    shape = dataset.shape(patch.case)
    start, size = (np.divide(each, shape).tolist() for each in (patch.start, patch.size))
    top, left, height, width = view.box(start, size, (1, 1, 1))
    rows, columns = shade.shape[:2]
    return top * rows, left * columns, height * rows, width * columns
