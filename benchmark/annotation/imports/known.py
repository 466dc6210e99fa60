"""What an import knows of a project: its rounds, the grids of its images, what was imported."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

from benchmark.annotation.imports.files.place import lie_of
from benchmark.annotation.project.model import Project
from benchmark.annotation.project.places import Places, round_name
from benchmark.annotation.rounds.colours import IGNORED
from benchmark.annotation.rounds.formats import suffix_for
from benchmark.annotation.rounds.model import Round, RoundPatch, rounds_of
from benchmark.annotation.rounds.names import image_name, label_name, stem_of
from nnactive.data.unlabelled.source import SOURCES, Box, Grid, Sources
from nnactive.io.files import read_model
from nnactive.oracle.drawn import Drawn, folder_of, history

OUTSIDE: Final = (IGNORED.lower(), "ignored", "ignore", "outside")
"""Names of the segment outside the patch: ours, and what people make of it."""


@dataclass(frozen=True)
class Known:
    """A project as an import sees it."""

    places: Places
    project: Project

    @cached_property
    def rounds(self) -> list[Round]:
        """All that have been written."""
        return rounds_of(self.places)

    @cached_property
    def sources(self) -> Sources:
        """Grids of the images."""
        return read_model(self.places.prepared(self.project) / SOURCES, Sources)

    @cached_property
    def names(self) -> dict[str, int]:
        """Label by segment name, in small letters."""
        outside = dict.fromkeys(OUTSIDE, self.project.ignore)
        return outside | {name.lower(): n for n, name in enumerate(self.project.classes, 1)}

    @property
    def classes_text(self) -> str:
        """The project's label values: ``0 background, 1 liver``."""
        return ", ".join(f"{n} {name}" for n, name in enumerate(self.project.all_classes))

    def grid(self, case: str) -> Grid:
        """The grid of an image."""
        return self.sources.cases[case].grid

    def whole(self, case: str) -> Box:
        """All voxels of an image."""
        return Box(start=(0, 0, 0), size=self.grid(case).shape)

    def folder(self, number: int) -> Path:
        """What a person works in."""
        return self.places.round(number)

    def history(self, number: int, patch: RoundPatch) -> list[Drawn]:
        """Imports of a patch so far."""
        return history(folder_of(self.places.labels, round_name(number), patch.id))

    def said(self, number: int, patch_id: str) -> str:
        """A patch as options name it: ``p07``, of an earlier round ``round_01/p07``."""
        last = self.rounds[-1].number
        return patch_id if number == last else f"{round_name(number)}/{patch_id}"

    def newest_first(self) -> Iterator[tuple[Round, RoundPatch]]:
        """All patches, those of the newest round first."""
        for each in reversed(self.rounds):
            for patch in each.patches:
                yield each, patch

    def at(self, file: Grid) -> tuple[Round, RoundPatch] | None:
        """The patch whose crop has a file's grid, of the newest round if several have."""
        for each, patch in self.newest_first():
            lie = lie_of(self.grid(patch.patch.case), file)
            if lie is not None and lie.is_at(patch.crop) and not lie.turned:
                return each, patch
        return None

    def image_at(self, file: Grid) -> str | None:
        """The only image that has a file's grid; None: no image has it, or several."""
        found = [
            case
            for case in self.sources.cases
            if (lie := lie_of(self.grid(case), file)) and lie.is_at(self.whole(case))
        ]
        return found[0] if len(found) == 1 else None

    def label_name(self, stem: str, case: str) -> str:
        """Name of a label file of an image or one of its patches, as templates have it."""
        return label_name(stem, suffix_for(self.grid(case)))

    def label_file(self, number: Round, patch: RoundPatch) -> str:
        """Name of a patch's template, which in a round of whole images is that of its image."""
        case = patch.patch.case
        return self.label_name(stem_of(number.view, patch.id, case), case)

    def image_file(self, number: Round, patch: RoundPatch) -> Path:
        """The image beside a patch's template."""
        stem = stem_of(number.view, patch.id, patch.patch.case)
        name = image_name(stem, 0, suffix_for(self.grid(patch.patch.case)))
        return self.folder(number.number) / name
