"""A person as oracle: the labels that were imported, resampled as any label map."""

import hashlib
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np

from nnactive.data.prepared import OUTSIDE, PreparedDataset, volume_file
from nnactive.data.unlabelled.mapping import core_of, patch_to_prepared, to_prepared
from nnactive.data.unlabelled.source import SOURCES, Source, Sources
from nnactive.errors import NnactiveError
from nnactive.geometry import Patch
from nnactive.io.files import read_model
from nnactive.oracle.drawn import Drawn, as_patch, current
from nnactive.oracle.keep import read_voxels

Import = tuple[Path, Drawn]
"""A record and its folder."""


@dataclass(frozen=True)
class PersonOracle:
    """Labels what a person has drawn by now; the rest of the patches stay open.

    It looks once, when it is first asked: all its answers are of the same moment.
    """

    dataset: PreparedDataset

    def labelled(self, patches: Iterable[Patch]) -> list[Patch]:
        """Those that have been imported."""
        return [patch for patch in patches if patch in self._imports]

    def version(self, case: str, patches: Sequence[Patch]) -> str:
        """A hash of the imports that count."""
        known = sorted(patch for patch in patches if patch.case == case and patch in self._imports)
        digest = hashlib.sha256()
        for patch in known:
            digest.update(f"{patch.start} {patch.size} {self._imports[patch][1].labels}\n".encode())
        return digest.hexdigest()

    def labels(self, case: str, patches: Sequence[Patch]) -> np.ndarray:
        """As `Oracle.labels`.

        Raises:
            UserError: labels aren't what was imported.
            NnactiveError: a patch isn't labelled, or its labels don't fill it.
        """
        for patch in patches:
            if patch not in self._imports:
                raise NnactiveError(f"{case}: the patch at {patch.start} has no labels yet")
        key = case, self.version(case, patches)
        shape = self.dataset.shape(case)
        if key not in self._made:
            # Resampling takes long; a partial label map, compressed, takes next to no room.
            made = self._make(case, sorted(patches))
            self._made[key] = zlib.compress(made.tobytes(), 1)
        stored = np.frombuffer(zlib.decompress(self._made[key]), np.uint8)
        return stored.reshape(shape).astype(np.int16)

    def _make(self, case: str, patches: Sequence[Patch]) -> np.ndarray:
        """Labels inside some patches, uint8 ``(Z, Y, X)``; they depend on no other patch."""
        source, ignore = self._sources.cases[case], len(self.dataset.info.classes)
        drawn, spacing = self._assembled(source, patches, ignore), self.dataset.info.spacing
        outside = self._outside(case)
        partial = np.full(source.stored, ignore, np.uint8)
        for patch in patches:
            if patch.size == source.stored:  # nnU-Net's way takes less memory
                inside = to_prepared(source, drawn, spacing, outside)
            else:
                inside = patch_to_prepared(source, drawn, spacing, patch, outside)
            if (inside == ignore).any():
                folder = self._imports[patch][0]
                raise NnactiveError(f"{folder}: doesn't fill its patch of {case}; import it again")
            partial[patch.slices] = inside
        return partial

    def _assembled(self, source: Source, patches: Sequence[Patch], ignore: int) -> np.ndarray:
        """What was drawn, in the file's grid, uint8 ``(Z, Y, X)``.

        Boxes reach into neighbouring patches by a voxel, where these patches' own labels count.
        """
        whole = np.full(source.grid.shape, ignore, np.uint8)
        boxes = []
        for patch in patches:
            folder, drawn = self._imports[patch]
            boxes.append((drawn.box, read_voxels(folder, drawn)))
            whole[drawn.box.slices] = boxes[-1][1]
        for patch, (box, voxels) in zip(patches, boxes, strict=True):
            core = core_of(source, patch)
            place = tuple(
                slice(a - start, b - start)
                for a, b, start in zip(core.start, core.stop, box.start, strict=True)
            )
            whole[core.slices] = voxels[place]
        return whole

    def _outside(self, case: str) -> np.ndarray | None:
        """Where the image is outside its non-zero mask; None: nowhere."""
        file = volume_file(self.dataset.folder, OUTSIDE, case)
        if str(file.relative_to(self.dataset.folder)) not in self.dataset.sums:
            return None
        return self.dataset.read(file).astype(bool)

    @cached_property
    def _sources(self) -> Sources:
        file = self.dataset.folder / SOURCES
        self.dataset.check(file)
        return read_model(file, Sources)

    @cached_property
    def _imports(self) -> dict[Patch, Import]:
        """The import that counts of each patch."""
        labels = self.dataset.folder / (self.dataset.info.labels_in or "")
        return {as_patch(drawn.patch): (folder, drawn) for folder, drawn in current(labels)}

    @cached_property
    def _made(self) -> dict[tuple[str, str], bytes]:
        return {}
