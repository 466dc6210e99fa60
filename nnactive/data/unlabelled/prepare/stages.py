"""The stages of preparing unlabelled images; each can be resumed."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import SimpleITK

from nnactive.anatomy.axes import towards
from nnactive.data.prepare.job import Stages, case_errors
from nnactive.data.prepare.sizes import CaseSize, check_cases, resampled_size, untransposed
from nnactive.data.prepare.stages import Target
from nnactive.data.prepared import IMAGES, OUTSIDE, CaseInfo, array_digest, volume_file
from nnactive.data.raw.layout import Found
from nnactive.data.unlabelled.prepare.request import Request
from nnactive.data.unlabelled.read import read_channels, read_grid
from nnactive.data.unlabelled.source import Grid, Image, Source
from nnactive.geometry import Spacing, Triple, as_triple
from nnactive.io.files import read_model, write_model
from nnactive.io.models import Frozen
from nnactive.nnunet.planning import target_geometry
from nnactive.nnunet.preprocess import intensities, normalise, resample_image, shape_after_crop
from nnactive.nnunet.store import read_volume, write_volume

CROPS = "crops"
"""Folder, in the scratch folder, of what was cropped."""


class Crop(Frozen):
    """What an image lost before it was resampled."""

    grid: Grid
    start: Triple
    """First voxel of the non-zero box, in the file's axes."""
    size: Triple
    stored: Triple
    """Shape of the resampled image, in its axes."""


@dataclass(frozen=True)
class Images:
    """The images of one preparation."""

    request: Request
    job: Stages
    found: tuple[Found, ...]

    @property
    def by_case(self) -> dict[str, tuple[Image, Found]]:
        """Image and files by case id."""
        images = {image.id: image for image in self.request.images}
        return {found.id: (images[found.id], found) for found in self.found}


def header_sizes(request: Request) -> list[CaseSize]:
    """Sizes of the images at the target spacing, from their headers alone.

    Raises:
        UserError: a header is wrong, or nnU-Net can't choose a spacing.
    """
    grids = {image: read_grid(request.folder, image) for image in request.images}
    shapes = [(grid.spacing, grid.shape) for grid in grids.values()]
    wanted = untransposed(*_geometry(request, shapes))
    return [
        _size(request, image, grid.shape, grid.spacing, grid.shape, wanted)
        for image, grid in grids.items()
    ]


def find_target(images: Images) -> Target:
    """Determine the target spacing, the one asked for or nnU-Net's choice, and the transposition.

    Raises:
        UserError: a file is wrong, or an image doesn't fit in memory at that spacing.
    """
    request, by_case = images.request, images.by_case
    if request.spacing is not None:
        return _geometry(request, [])

    def measure(case: str) -> tuple[Spacing, Triple, Triple]:
        image, found = by_case[case]
        with case_errors(found, images.job.out):
            array, grid = _load(request, image)
            return grid.spacing, as_triple(shape_after_crop(array)), grid.shape

    measured = images.job.each("measure", measure, request.cases)
    target = _geometry(request, [(spacing, cropped) for spacing, cropped, _ in measured])
    wanted = untransposed(*target)
    sizes = [
        _size(request, by_case[case][0], raw, spacing, cropped, wanted)
        for case, (spacing, cropped, raw) in zip(request.cases, measured, strict=True)
    ]
    check_cases(sizes, len(request.channels))
    return target


def resample_all(images: Images, target: Target, patch: Triple) -> None:
    """Resample every image into the scratch folder, and note what was cropped.

    Args:
        images: the images.
        target: their spacing and transposition.
        patch: the query patch or anything like it, by which the volumes are cut into blocks.
    """
    request, job, by_case = images.request, images.job, images.by_case
    spacing, transpose = target

    def work(case: str) -> None:
        done = volume_file(job.scratch, IMAGES, case)
        if done.is_file():
            return
        image, found = by_case[case]
        with case_errors(found, job.out):
            array, grid = _load(request, image)
            cropped = resample_image(array, grid.spacing, spacing, transpose)
        stored = as_triple(cropped.image.shape[1:])
        outside = volume_file(job.out, OUTSIDE, case)
        outside.unlink(missing_ok=True)
        if cropped.outside is not None:
            write_volume(outside, cropped.outside.astype(np.uint8), patch)
        crop = Crop(grid=grid, start=cropped.start, size=cropped.size, stored=stored)
        write_model(crop_file(job, case), crop)
        # Last, because its presence marks the case as done.
        write_volume(done, cropped.image, patch)

    job.each(
        "resample",
        work,
        request.cases,
        of=target,
        there=lambda case: volume_file(job.scratch, IMAGES, case).is_file(),
    )


def crop_file(job: Stages, case: str) -> Path:
    """File that notes what was cropped from a case's image."""
    return job.scratch / CROPS / f"{case}.json"


@dataclass(frozen=True)
class Stored:
    """One case as it is stored."""

    info: CaseInfo
    source: Source
    digest: str


def store_all(images: Images, target: Target, plans: dict[str, Any]) -> list[Stored]:
    """Normalise and store every image."""
    job, by_case = images.job, images.by_case
    _, transpose = target
    patch = plans["configurations"]["3d_fullres"]["patch_size"]

    def work(case: str) -> Stored:
        path = volume_file(job.out, IMAGES, case)
        resampled = read_volume(volume_file(job.scratch, IMAGES, case))
        if not path.is_file():
            write_volume(path, normalise(resampled, plans), patch)
        scale, offset = intensities(resampled, plans)
        crop = read_model(crop_file(job, case), Crop)
        source = Source(
            image=by_case[case][0],
            grid=crop.grid,
            transpose=transpose,
            crop_start=crop.start,
            crop_size=crop.size,
            stored=crop.stored,
            scale=scale,
            offset=offset,
        )
        toward = towards(crop.grid.direction, transpose)
        info = CaseInfo(id=case, shape=crop.stored, toward=toward)
        return Stored(info, source, array_digest(read_volume(path)))

    return job.each(
        "normalise",
        work,
        images.request.cases,
        of=(plans, target),
        there=lambda case: volume_file(job.out, IMAGES, case).is_file(),
    )


def _load(request: Request, image: Image) -> tuple[np.ndarray, Grid]:
    """Float32 ``(C, Z, Y, X)`` and its grid."""
    channels = read_channels(request.folder, image)
    arrays = [SimpleITK.GetArrayViewFromImage(channel) for channel in channels]
    return np.stack(arrays, dtype=np.float32, casting="unsafe"), read_grid(request.folder, image)


def _geometry(request: Request, measured: list[tuple[Spacing, Triple]]) -> Target:
    if request.spacing is not None:
        measured = [(request.spacing, (1, 1, 1))]
    spacings, shapes = [spacing for spacing, _ in measured], [shape for _, shape in measured]
    return target_geometry(request.nnunet_name, request.description, spacings, shapes)


def _size(
    request: Request, image: Image, raw: Triple, spacing: Spacing, cropped: Triple, wanted: Spacing
) -> CaseSize:
    file = request.folder / image.files[0]
    return CaseSize(file, raw, spacing, resampled_size(cropped, spacing, wanted), wanted)
