"""Labels that are there before anything is chosen: whole images, or boxes of them."""

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import numpy as np

from nnactive.data.progress import Progress, tracked
from nnactive.data.raw.files.formats import files_of
from nnactive.data.raw.files.volumes import Volume
from nnactive.data.raw.foreign_labels import ForeignLabelsError
from nnactive.data.raw.grids import check_geometry
from nnactive.data.raw.images import volume_of
from nnactive.data.raw.loading import mapped_label
from nnactive.data.unlabelled.mapping import box_of, known_in
from nnactive.data.unlabelled.read import read_file
from nnactive.data.unlabelled.source import Grid, Source, Sources
from nnactive.errors import UserError
from nnactive.geometry import Patch, Triple, as_triple
from nnactive.io.queries import PatchRecord, record
from nnactive.oracle.drawn import GIVEN, as_patch, folder_of, history
from nnactive.oracle.keep import Drawing, keep, keep_source

MOST: Final = 256
"""Boxes that one image's labels may need."""
TIME: Final = "%Y-%m-%dT%H:%M:%SZ"


@dataclass(frozen=True)
class GivenLabels:
    """Label files that are there from the start."""

    labels: Path
    """The labels folder."""
    files: Mapping[str, Path]
    """By case id: in the image's grid; the ignore value where nothing is known."""
    classes: int
    """Number of classes, background included, which is also the ignore value."""

    def keep(self, folder: Path, sources: Sources, progress: Progress) -> tuple[PatchRecord, ...]:
        """Keep all of them as imports; what an earlier attempt has kept stays.

        Args:
            folder: the images' folder, for messages.
            sources: of all cases.
            progress: receives every finished case.

        Returns:
            What is labelled, in voxels of the prepared images, sorted.

        Raises:
            UserError: a file can't be read, isn't in its image's grid, has a value that is no class
                or labels no box; names the file.
        """
        if not self.files:
            self._drop_others(set())
            return ()
        if unknown := sorted(set(self.files) - set(sources.cases)):
            raise UserError(
                f"{self.files[unknown[0]]}: labels '{unknown[0]}', which is no image here; known "
                f"are {', '.join(list(sources.cases)[:3])} ..."
            )
        found: list[Patch] = []
        names: set[str] = set()
        for case in tracked(progress, "labels", sorted(self.files), len(self.files)):
            source = sources.cases[case]
            label = self._read(case, folder / source.image.files[0], source.grid)
            patches = self._patches(case, source, label)
            kept = keep_source(self.labels, self.files[case])
            for number, patch in enumerate(patches, 1):
                name = case if len(patches) == 1 else f"{case}@{number}"
                names.add(name)
                self._keep(name, patch, source, label, kept)
            found += patches
        self._drop_others(names)
        return record(sorted(found))

    def _read(self, case: str, image: Path, grid: Grid) -> np.ndarray:
        """Classes, and the ignore value: uint8 ``(Z, Y, X)``."""
        file = self.files[case]
        if not file.is_file():
            raise UserError(f"{file}: no such file; correct the path of the labels")
        if len(files_of(file)) > 1:
            raise UserError(f"{file}: its voxels lie in a second file; save it as .nii.gz or .mha")
        label = volume_of(read_file(file, case))
        voxels = np.broadcast_to(np.uint8(0), grid.shape)
        where = Volume(voxels, grid.spacing, grid.origin, grid.direction)
        check_geometry(file, label, image, where)
        try:
            return mapped_label(file, label.array, {n: n for n in range(1, self.classes + 1)})
        except ForeignLabelsError as error:
            raise UserError(
                f"{file}: has the values {error.listed}, but classes are 0 to {self.classes - 1}, "
                f"and {self.classes} is what nobody has labelled; correct the file"
            ) from None

    def _patches(self, case: str, source: Source, label: np.ndarray) -> list[Patch]:
        known = label != self.classes
        if known.all():
            return [Patch(case, (0, 0, 0), source.stored)]
        patches = [Patch(case, *box) for box in boxes_in(known_in(source, known))]
        file = self.files[case]
        if not patches:
            raise UserError(
                f"{file}: labels no box of at least a voxel of the resampled image; label more of "
                "it, or leave the file out"
            )
        if len(patches) > MOST:
            raise UserError(
                f"{file}: what is labelled takes more than {MOST} boxes; label boxes of the image, "
                f"and give all else the value {self.classes}"
            )
        return patches

    def _keep(self, name: str, patch: Patch, source: Source, label: np.ndarray, kept: Path) -> None:
        folder = folder_of(self.labels, GIVEN, name)
        before = [(as_patch(d.patch), d.sha256) for d in history(folder) if d.how == GIVEN]
        if before[-1:] == [(patch, _digest(kept))]:
            return
        box = box_of(source, patch)
        drawing = Drawing(
            patch=record([patch])[0],
            box=box,
            grid=source.grid,
            voxels=label[box.slices],
            classes=self.classes,
            how="given",
            source=kept,
            imported=datetime.now(UTC).strftime(TIME),
        )
        keep(self.labels, GIVEN, name, drawing)

    def _drop_others(self, names: set[str]) -> None:
        """Remove what an attempt has kept of files that were others then; their copies stay."""
        for folder in (self.labels / GIVEN).glob("*"):
            if folder.name not in names and all(d.how == GIVEN for d in history(folder)):
                shutil.rmtree(folder)


def boxes_in(mask: np.ndarray) -> Iterator[tuple[Triple, Triple]]:
    """Boxes, as start and size, that fill a mask and don't overlap; at most one more than `MOST`.

    Each begins at the first voxel that is left, and reaches as far as it can along the last axis,
    then the one before, then the first.

    Args:
        mask: bool ``(Z, Y, X)``; what is given out is set to False.
    """
    for _ in range(MOST + 1):
        first = int(mask.argmax())
        z, y, x = (int(n) for n in np.unravel_index(first, mask.shape))
        if not mask[z, y, x]:
            return
        width = _run(mask[z, y, x:])
        height = _run(np.all(mask[z, y:, x : x + width], axis=1))
        depth = _run(np.all(mask[z:, y : y + height, x : x + width], axis=(1, 2)))
        mask[z : z + depth, y : y + height, x : x + width] = False
        yield (z, y, x), as_triple((depth, height, width))


def _run(line: np.ndarray) -> int:
    """How many entries are True before the first that isn't."""
    return len(line) if line.all() else int(line.argmin())


def _digest(kept: Path) -> str:
    return kept.name.split(".")[0]
