"""What a query saw in one image: voxel score and patch score, and what it chose."""

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from benchmark import layout
from benchmark.pictures.colours import SCALE, hexadecimal, scored
from benchmark.pictures.marks import lettered, sheet
from benchmark.pictures.raster import fitted, outline, shaded, squared, stretched
from benchmark.pictures.scenes import shades
from benchmark.replay.find import Moment, moment_of
from benchmark.show.page import Key, Page, Section
from benchmark.show.planes import plane_figure
from benchmark.show.subject import Subject
from benchmark.submission.spec import MethodSpec, load_method
from nnactive.anatomy.views import View, views
from nnactive.errors import UserError
from nnactive.geometry import Patch, Spacing, Triple, as_triple, clip_size
from nnactive.io.files import read_model
from nnactive.methods import QueryMethod
from nnactive.query.patch_means import patch_means
from nnactive.query.selection import checked_score

PIXELS = 260
"""Side of a picture."""
CHOSEN = (255, 43, 214)
"""Outline of chosen patches: in no colour of a score."""
LABELLED = (255, 255, 255)
"""Outline of patches that were labelled before."""
PANELS = ("image", "voxel score", "patch score")


@dataclass(frozen=True)
class Scores:
    """What a method scores in one image."""

    voxels: np.ndarray
    """``(Z, Y, X)``."""
    patches: np.ndarray
    """Mean over the patch at each start of the grid."""
    size: Triple
    """Of a patch in this image."""
    stride: Triple


def uncertainty_page(subject: Subject, case: str, loop: int, device: str) -> Page:
    """The page, and one sheet.

    Args:
        subject: the experiment.
        case: of the pool.
        loop: whose query is shown, from 1.
        device: where to predict.

    Raises:
        UserError: if there is no such pool case or loop, the ensemble before it is gone, or the
            method scores no voxels or isn't a built-in one.
    """
    subject.pool_case(case)
    method = _scoring(subject, loop)
    moment = moment_of(subject.root, subject.experiment, loop, subject.dataset.folder)
    scores = _scores(subject, method, moment, case, device)
    chosen = [patch for patch in subject.patches(loop) or () if patch.case == case]
    before = [
        patch
        for earlier in range(loop)
        for patch in subject.patches(earlier) or ()
        if patch.case == case
    ]
    image = shades(subject.dataset, subject.dataset.image(case)[0])
    planes = [
        _Plane(view, subject.dataset.info.spacing, _voxel(scores, chosen), chosen, before)
        for view in views(subject.dataset.toward(case))
    ]
    rows = [(plane, plane.panels(image, scores)) for plane in planes]
    return Page(
        title=f"Uncertainty in {case}",
        lead=f"{subject.name}: the scores that the query of loop {loop} ranked by, and the "
        f"{len(chosen)} {'patch' if len(chosen) == 1 else 'patches'} that it chose in this image.",
        notes=[_said(scores, method), *subject.notes([case])],
        keys=[
            Key("chosen by this query", [hexadecimal(CHOSEN)], line=True),
            Key("labelled before", [hexadecimal(LABELLED)], line=True),
            Key("score, from the lowest to the highest in the image", SCALE),
        ],
        sections=[
            Section(
                "Planes through the first chosen patch"
                if chosen
                else "Planes through the highest patch score",
                "",
                [
                    plane_figure(plane.view, plane.at, case, row, PANELS, PANELS)
                    for plane, row in rows
                ],
            )
        ],
        sheets={"uncertainty": sheet([(plane.view.name, row) for plane, row in rows], PANELS)},
    )


def _scoring(subject: Subject, loop: int) -> QueryMethod:
    """The experiment's method, which scores voxels."""
    file = subject.root / layout.spec_file(subject.experiment.method)
    spec = read_model(file, MethodSpec).later
    name = spec.record.id
    if spec.record.origin != "builtin":
        # Its code runs in a box only.
        raise UserError(
            f"{name}: a submitted method; nnactive-bench replay {name} --of "
            f"{subject.root / layout.result_file(subject.experiment).parent} --loop {loop} --html "
            "FILE runs it in a box and draws its scores"
        )
    method = load_method(file)
    if type(method).score is QueryMethod.score:
        raise UserError(
            f"{name}: doesn't score voxels, so there is no uncertainty to show; `show queries` "
            "draws what it chose"
        )
    return method


def _scores(
    subject: Subject, method: QueryMethod, moment: Moment, case: str, device: str
) -> Scores:
    from nnactive.nnunet.training_folder import stand_in
    from nnactive.steps.query import open_pool

    inputs = moment.inputs(method, subject.experiment.method)
    with tempfile.TemporaryDirectory(prefix="nnactive-show-") as scratch:
        description = subject.dataset.dataset_json_file
        train = stand_in(inputs.train, Path(scratch) / "train", dataset_json_file=description)
        pool = open_pool(replace(inputs, train=train), device).view()
        shape = pool.shape(case)
        voxels = checked_score(case, method.score(pool.predict(case)), shape)
        means = patch_means(voxels, pool.patch_size, pool.stride)
        return Scores(voxels, means, clip_size(pool.patch_size, shape), pool.stride)


def _voxel(scores: Scores, chosen: Sequence[Patch]) -> Triple:
    """The voxel that the planes go through."""
    start = np.multiply(
        np.unravel_index(scores.patches.argmax(), scores.patches.shape), scores.stride
    )
    first = chosen[0].start if chosen else as_triple(start)
    return as_triple(a + n // 2 for a, n in zip(first, scores.size, strict=True))


def _said(scores: Scores, method: QueryMethod) -> str:
    spans = ", ".join(
        f"{name} {values.min():.3g} to {values.max():.3g}"
        for name, values in (("voxel score", scores.voxels), ("patch score", scores.patches))
    )
    return (
        f"Voxel score: that of {method.name}, from the ensemble before the loop. Patch score: its "
        "mean over the patch, drawn at the patch's centre, before any noise and class quotas. "
        f"In this image: {spans}."
    )


@dataclass(frozen=True)
class _Plane:
    """One plane through the case."""

    view: View
    spacing: Spacing
    voxel: Triple
    chosen: Sequence[Patch]
    before: Sequence[Patch]

    @property
    def at(self) -> int:
        """Where on its axis the plane lies."""
        return self.voxel[self.view.axis]

    def panels(self, image: np.ndarray, scores: Scores) -> list[np.ndarray]:
        """Image, voxel score and patch score, each with outlines."""
        shape = image.shape
        extent = np.multiply(shape, self.spacing).tolist()
        height, width, scale = fitted([extent[self.view.rows], extent[self.view.columns]], PIXELS)

        def cut(volume: np.ndarray, at: int) -> np.ndarray:
            return self.view.upright(np.take(volume, at, self.view.axis))

        low, high = float(scores.voxels.min()), float(scores.voxels.max())
        drawn = [
            shaded(stretched(cut(image, self.at), height, width)),
            scored(stretched(cut(scores.voxels, self.at), height, width), low, high)[..., :3],
            self._patch_scores(scores, shape, (height, width), scale),
        ]
        for shade in drawn:
            for patches, colour in ((self.before, LABELLED), (self.chosen, CHOSEN)):
                for patch in patches:
                    if patch.start[self.view.axis] <= self.at < patch.stop[self.view.axis]:
                        outline(shade, self._box(patch.start, patch.size, shape, scale), colour, 2)
        return [lettered(squared(shade, PIXELS), self.view) for shade in drawn]

    def _patch_scores(
        self, scores: Scores, shape: Sequence[int], pixels: tuple[int, int], scale: float
    ) -> np.ndarray:
        """Patch scores, each at the centre of its patch; where no patch has its centre, black."""
        axis = self.view.axis
        nearest = round((self.at - scores.size[axis] // 2) / scores.stride[axis])
        at = min(max(nearest, 0), scores.patches.shape[axis] - 1)
        plane = self.view.upright(np.take(scores.patches, at, axis))
        first = [(n - s) / 2 for n, s in zip(scores.size, scores.stride, strict=True)]
        whole = np.multiply(scores.patches.shape, scores.stride).tolist()
        top, left, height, width = self._box(first, whole, shape, scale)
        colours = scored(plane, float(scores.patches.min()), float(scores.patches.max()))[..., :3]
        shown = stretched(colours, max(1, round(height)), max(1, round(width)))
        shade = np.zeros((*pixels, 3), np.uint8)
        rows, columns = (
            np.arange(max(0, round(at)), min(limit, round(at) + n))
            for at, n, limit in zip((top, left), shown.shape, pixels, strict=False)
        )
        shade[np.ix_(rows, columns)] = shown[np.ix_(rows - round(top), columns - round(left))]
        return shade

    def _box(
        self, start: Sequence[float], size: Sequence[float], shape: Sequence[int], scale: float
    ) -> tuple[float, float, float, float]:
        """A box of voxels in pixels."""
        mm = (np.multiply(each, self.spacing).tolist() for each in (start, size, shape))
        top, left, height, width = (n * scale for n in self.view.box(*mm))
        return top, left, height, width
