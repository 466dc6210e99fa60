"""A small project as `annotate init` and `next` leave it, built through its files.

Two images on oblique, anisotropic grids; the prepared grid is the file's. Of round 0, ``p01`` and
``p02`` are in ``case_001`` and ``p03`` is in ``case_002``.
"""

import os
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Literal

import numpy as np
import SimpleITK

from benchmark.annotation.project.model import Project
from benchmark.annotation.project.places import Places
from benchmark.annotation.rounds.model import Round, RoundPatch, Why
from nnactive.data.prepared import array_digest
from nnactive.data.unlabelled.source import SOURCES, Box, Grid, Image, Source, Sources
from nnactive.io.files import write_model
from nnactive.io.queries import PatchRecord
from nnactive.streams import stream

WRITTEN = "2026-11-30T12:00:00Z"
SAVED = "2026-11-30T13:00:00+00:00"
"""When all files were last changed, by their dates."""
OBLIQUE = (0.8, -0.6, 0.0, 0.6, 0.8, 0.0, 0.0, 0.0, 1.0)
SHAPES = {"case_001": (10, 24, 30), "case_002": (12, 20, 22)}
BOXES = (
    ("case_001", (2, 4, 5), (4, 8, 8)),
    ("case_001", (2, 4, 18), (4, 8, 8)),
    ("case_002", (3, 6, 6), (4, 8, 8)),
)
CONTEXT = 3


@dataclass(frozen=True)
class Built:
    """A project in a folder."""

    places: Places
    project: Project
    sources: Sources

    def patch(self, patch_id: str, number: int = 0) -> RoundPatch:
        from nnactive.io.files import read_model

        found = read_model(self.places.round_file(number), Round).patch(patch_id)
        assert found is not None
        return found

    def grid(self, case: str) -> Grid:
        return self.sources.cases[case].grid

    def label_file(self, patch_id: str, ending: str = ".nii.gz", number: int = 0) -> Path:
        return self.places.round(number) / f"{patch_id}_label{ending}"

    def template(self, patch_id: str, number: int = 0) -> np.ndarray:
        """A patch's template, uint8 ``(Z, Y, X)`` of its crop."""
        patch = self.patch(patch_id, number)
        inside = drafted(self.project, number, patch.draft, patch.box)
        return surrounded(self.project, patch, inside)

    def drawn(self, patch_id: str, number: int = 0, *, classes: bool = True) -> np.ndarray:
        """A template filled by a person: a block of each class in the box."""
        patch = self.patch(patch_id, number)
        inside = np.zeros(patch.box.size, np.uint8)
        if classes:
            inside[1:3, 1:5, 1:5] = 1
            inside[1:3, 5:7, 5:7] = 2
        return surrounded(self.project, patch, inside)

    def save(self, file: Path, array: np.ndarray, case: str, start: Iterable[int]) -> Path:
        """Write an array of a case whose first voxel is its image's ``start`` (z, y, x)."""
        image = placed(self.grid(case), array, start)
        SimpleITK.WriteImage(image, str(file), useCompression=True)
        date(file)
        return file

    def draw(self, patch_id: str, ending: str = ".nii.gz", number: int = 0) -> Path:
        """Save a patch as a person does, over its template."""
        patch = self.patch(patch_id, number)
        return self.save(
            self.label_file(patch_id, ending, number),
            self.drawn(patch_id, number),
            patch.patch.case,
            patch.crop.start,
        )


def build(
    root: Path,
    *,
    rounds: int = 1,
    view: Literal["crop", "image"] = "crop",
    draft: Literal["none", "prediction"] = "prediction",
) -> Built:
    """A project with some rounds written: patches of later ones lie where those of round 0 do,
    three slices up."""
    project = Project(
        name="mine",
        folder="images",
        images=tuple(Image(id=case, files=(f"{case}.nii.gz",)) for case in SHAPES),
        channels={"CT": "ct"},
        classes=("liver", "tumour"),
        patch_mm=(12, 8, 8),
        budget=3,
        start="random",
        method="clasp_pe",
        view=view,
        draft=draft,
    )
    places = Places(root)
    sources = Sources(cases={case: _source(case, shape) for case, shape in SHAPES.items()})
    built = Built(places, project, sources)
    write_model(places.project, project)
    write_model(places.prepared(project) / SOURCES, sources)
    for number in range(rounds):
        _write_round(built, number)
    return built


def date(file: Path, saved: str = SAVED) -> None:
    """Give a file a date of change."""
    seconds = datetime.fromisoformat(saved).timestamp()
    os.utime(file, (seconds, seconds))


def placed(grid: Grid, array: np.ndarray, start: Iterable[int] = (0, 0, 0)) -> SimpleITK.Image:
    """An array as an image whose first voxel is voxel ``start`` (z, y, x) of a grid."""
    image = SimpleITK.GetImageFromArray(array)
    image.SetSpacing(grid.spacing[::-1])
    image.SetDirection(grid.direction)
    image.SetOrigin(grid.origin)
    corner = image.TransformContinuousIndexToPhysicalPoint([float(n) for n in tuple(start)[::-1]])
    image.SetOrigin(corner)
    return image


def drafted(project: Project, number: int, draft: str, box: Box) -> np.ndarray:
    """What a template of a round holds inside a box."""
    inside = np.zeros(box.size, np.uint8)
    if draft == "prediction":
        inside[0:2, 2:6, 2:6] = 1
    return inside


def surrounded(project: Project, patch: RoundPatch, inside: np.ndarray) -> np.ndarray:
    """A crop with labels in the box, the ignore value elsewhere; uint8 ``(Z, Y, X)``."""
    crop = np.full(patch.crop.size, project.ignore, np.uint8)
    corner = np.subtract(patch.box.start, patch.crop.start)
    crop[tuple(slice(a, a + n) for a, n in zip(corner, patch.box.size, strict=True))] = inside
    return crop


def _source(case: str, shape: tuple[int, int, int]) -> Source:
    at = float(len(case) * 10 + shape[0])
    grid = Grid(shape=shape, spacing=(3.0, 1.0, 1.0), origin=(at, -at, 7.5), direction=OBLIQUE)
    return Source(
        image=Image(id=case, files=(f"{case}.nii.gz",)),
        grid=grid,
        transpose=(0, 1, 2),
        crop_start=(0, 0, 0),
        crop_size=shape,
        stored=shape,
        scale=(1.0,),
        offset=(0.0,),
    )


def _write_round(built: Built, number: int) -> None:
    project, draft = built.project, built.project.draft if number else "none"
    patches = []
    for rank, (case, start, size) in enumerate(BOXES, 1):
        z, y, x = start
        box = Box(start=(z + number, y, x), size=size)
        inside = drafted(project, number, draft, box)
        patches.append(
            RoundPatch(
                id=f"p{rank:02d}",
                patch=PatchRecord(case=case, start=box.start, size=size),
                box=box,
                crop=_crop(box, SHAPES[case], project.view),
                template=array_digest(inside),
                draft=draft,
                why=Why(by="random", rank=rank),
            )
        )
    made = Round(number=number, written=WRITTEN, view=project.view, patches=tuple(patches))
    write_model(built.places.round_file(number), made)
    folder = built.places.round(number)
    folder.mkdir(parents=True)
    for case, shape in SHAPES.items():
        image = stream("tests", "image", case).integers(-900, 900, shape).astype(np.int16)
        mine = [patch for patch in patches if patch.patch.case == case]
        if project.view == "image":
            built.save(folder / f"{case}_image.nii.gz", image, case, (0, 0, 0))
            whole = np.full(shape, project.ignore, np.uint8)
            for patch in mine:
                whole[patch.box.slices] = drafted(project, number, draft, patch.box)
            built.save(folder / f"{case}_label.nii.gz", whole, case, (0, 0, 0))
            continue
        for patch in mine:
            crop = image[patch.crop.slices]
            built.save(folder / f"{patch.id}_image.nii.gz", crop, case, patch.crop.start)
            file = folder / f"{patch.id}_label.nii.gz"
            built.save(file, built.template(patch.id, number), case, patch.crop.start)
    for file in folder.iterdir():
        date(file, WRITTEN)


def _crop(box: Box, shape: tuple[int, int, int], view: str) -> Box:
    if view == "image":
        return Box(start=(0, 0, 0), size=shape)
    low = [max(a - CONTEXT, 0) for a in box.start]
    high = [min(b + CONTEXT, n) for b, n in zip(box.stop, shape, strict=True)]
    return Box(start=tuple(low), size=tuple(b - a for a, b in zip(low, high, strict=True)))
