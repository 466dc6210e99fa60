"""Pictures of a patch on the planes through its centre: image, labels, and the method's scores."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from markupsafe import Markup

from benchmark.pictures.colours import labelled, scored
from benchmark.pictures.png import data_uri
from benchmark.pictures.raster import shaded
from benchmark.replay.scores import Planes, centre
from nnactive.anatomy.views import View, views
from nnactive.geometry import Patch, Spacing, Triple

PIXELS = 320
"""Largest number of an image's pixels on an axis; larger ones are thinned out."""
WIDTH = 210
"""Size on the page, in CSS pixels, of the largest extent of a case."""
AXES = "zyx"


@dataclass(frozen=True)
class Scene:
    """A case and what is drawn of it."""

    image: np.ndarray
    """First channel, ``(Z, Y, X)``, each value in [0, 1]."""
    label: np.ndarray
    """``(Z, Y, X)``."""
    spacing: Spacing
    chosen: Sequence[Patch]
    """All patches that the method chose."""
    before: Sequence[Patch]
    """Patches that were labelled before."""
    toward: str | None = None
    """Sides that the axes point to, as `views` takes them."""


@dataclass(frozen=True)
class Plane:
    """The panels of one plane."""

    title: str
    """Its name."""
    directions: str
    """Where it lies, and which side is where."""
    panels: tuple[Markup | None, ...]
    """Image, labels, voxel score, patch score, each an SVG element; None: no such score."""


@dataclass(frozen=True)
class _Cut:
    """A plane through a case, and which way it is looked at."""

    view: View
    at: int
    shape: Triple
    spacing: Spacing

    @property
    def extent(self) -> tuple[float, float]:
        """Width and height in mm."""
        return tuple(self.shape[n] * self.spacing[n] for n in (self.view.columns, self.view.rows))  # type: ignore[return-value]

    def box(
        self, start: Sequence[float], size: Sequence[float]
    ) -> tuple[float, float, float, float]:
        """A box in voxels as x, y, width and height in mm."""
        mm = (np.multiply(each, self.spacing).tolist() for each in (start, size, self.shape))
        y, x, height, width = self.view.box(*mm)
        return x, y, width, height


def planes(
    patch: Patch,
    key: str,
    scene: Scene,
    scores: Mapping[str, Planes],
    stride: Triple,
) -> Iterator[Plane]:
    """The three planes through a patch's centre.

    Args:
        patch: the patch.
        key: unique on the page.
        scene: its case.
        scores: as `read_scores` gives them.
        stride: of the grid that patch scores are for.
    """
    middle = centre(patch)
    shape = scene.image.shape
    for view in views(scene.toward):
        axis = view.axis
        cut = _Cut(view, middle[axis], (shape[0], shape[1], shape[2]), scene.spacing)
        grid = _grid(patch, cut, stride)
        content = {name: values.planes[axis] for name, values in scores.items()}
        ground = f"{key}-{AXES[axis]}"
        shades = shaded(_thin(np.take(scene.image, cut.at, axis)))
        colours = labelled(_thin(np.take(scene.label, cut.at, axis)))
        boxes = "".join(_boxes(patch, cut, scene))
        whole = cut.box((0, 0, 0), cut.shape)
        panels: list[Markup | None] = [
            _svg(cut, _image(cut, shades, whole, ground), boxes, "image"),
            _svg(cut, f'<use href="#{ground}"/>', _image(cut, colours, whole), boxes, "labels"),
        ]
        for name, place in (("voxel", whole), ("patch", grid)):
            drawn = None
            if name in content:
                thin = _thin(content[name]) if name == "voxel" else content[name]
                pixels = scored(thin, scores[name].low, scores[name].high)
                drawn = _svg(cut, _image(cut, pixels, place), boxes, f"{name} score")
            panels.append(drawn)
        sides = f"{AXES[axis]} = {cut.at}, {view.left} → {view.right}, {view.top} ↓ {view.bottom}"
        yield Plane(view.name, sides, tuple(panels))


def _grid(patch: Patch, cut: _Cut, stride: Triple) -> tuple[float, float, float, float]:
    """Where the patch scores lie: each at the centre of its patch."""
    counts = [(n - p) // s + 1 for n, p, s in zip(cut.shape, patch.size, stride, strict=True)]
    first = [p / 2 - s / 2 for p, s in zip(patch.size, stride, strict=True)]
    return cut.box(first, [n * s for n, s in zip(counts, stride, strict=True)])


def _thin(plane: np.ndarray) -> np.ndarray:
    """At most `PIXELS` pixels on each axis."""
    steps = [-(-n // PIXELS) for n in plane.shape]
    return plane[:: steps[0], :: steps[1]]


def _image(
    cut: _Cut, pixels: np.ndarray, box: tuple[float, float, float, float], key: str = ""
) -> str:
    x, y, width, height = box
    name = f' id="{key}"' if key else ""
    return (
        f'<image{name} x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" '
        f'preserveAspectRatio="none" href="{data_uri(cut.view.upright(pixels))}"/>'
    )


def _boxes(patch: Patch, cut: _Cut, scene: Scene) -> Iterable[str]:
    """Outlines of the patch and of others on the plane."""
    for kind, patches in (("before", scene.before), ("other", scene.chosen), ("this", [patch])):
        for each in patches:
            touched = each.start[cut.view.axis] <= cut.at < each.stop[cut.view.axis]
            if each.case == patch.case and touched and (kind == "this" or each != patch):
                x, y, width, height = cut.box(each.start, each.size)
                yield (
                    f'<rect class="{kind}" x="{x:g}" y="{y:g}" width="{width:g}" '
                    f'height="{height:g}"/>'
                )


def _svg(cut: _Cut, *content: str) -> Markup:
    """The last of the content is what the picture is called."""
    *drawn, title = content
    width, height = cut.extent
    largest = max(n * s for n, s in zip(cut.shape, cut.spacing, strict=True))
    scale = WIDTH / largest
    return Markup(  # noqa: S704  (numbers and base64 alone)
        f'<svg role="img" aria-label="{title}" viewBox="0 0 {width:g} {height:g}" '
        f'width="{width * scale:.0f}" height="{height * scale:.0f}">{"".join(drawn)}</svg>'
    )
