"""All label files of a project, and the ones that a person names: read, each for its patches."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from benchmark.annotation.imports.decide import Candidate
from benchmark.annotation.imports.files.names import look, wrong_case
from benchmark.annotation.imports.files.read import Labels, read_labels
from benchmark.annotation.imports.files.wrong import WrongLabelsError
from benchmark.annotation.imports.fit import Aim, box_in, outside
from benchmark.annotation.imports.known import Known
from benchmark.annotation.imports.report import Line
from benchmark.annotation.imports.strays import explained, named
from benchmark.annotation.project.places import round_name
from benchmark.annotation.rounds.model import Round, RoundPatch

Key = tuple[int, str]
"""Number of the round, id of the patch."""


@dataclass
class Gathered:
    """What the files have, by patch."""

    known: Known
    candidates: dict[Key, list[Candidate]] = field(default_factory=dict)
    refused: list[Line] = field(default_factory=list)

    def folder(self, number: Round) -> None:
        """Read the label files in a round's folder."""
        found = look(self.known.folder(number.number), number)
        for patch in number.patches:
            for file in found.patches.get(patch.id, ()):
                self._read(file, [Aim(number, patch, of_case=False)])
        for case, files in found.cases.items():
            aims = [Aim(number, p, of_case=True) for p in number.patches if p.patch.case == case]
            for file in files:
                self._read(file, aims)
        for file in found.strays:
            if cause := explained(self.known, number, file):
                self.refuse(file, cause, number)

    def file(self, file: Path, case: str | None = None) -> None:
        """Read a file that the person named, for the image or patch that it is called after.

        Args:
            file: anywhere.
            case: of the image that it is of, if that was said.
        """
        try:
            labels = self._labels(file)
            aims = named(self.known, labels, case)
        except WrongLabelsError as wrong:
            self.refuse(file, str(wrong))
            return
        self._fit(labels, aims, explicit=True)

    def refuse(
        self, file: Path, cause: str, number: Round | None = None, patch: RoundPatch | None = None
    ) -> None:
        """Note that a file isn't taken."""
        root = self.known.places.root
        shown = file.relative_to(root) if file.is_relative_to(root) else file
        self.refused.append(
            Line(
                round_name(number.number) if number else "",
                patch.id if patch else None,
                patch.patch.case if patch else None,
                "refused",
                f"{shown}: {cause}",
            )
        )

    def _labels(self, file: Path) -> Labels:
        if better := wrong_case(file.name):
            raise WrongLabelsError(f"has capital letters in its ending; rename it to {better}")
        return read_labels(file, self.known.names)

    def _read(self, file: Path, aims: Sequence[Aim]) -> None:
        only = aims[0].patch if len(aims) == 1 else None
        try:
            labels = self._labels(file)
        except WrongLabelsError as wrong:
            self.refuse(file, str(wrong), aims[0].round, only)
            return
        self._fit(labels, aims, explicit=False)

    def _fit(self, labels: Labels, aims: Sequence[Aim], *, explicit: bool) -> None:
        """What a file has in the box of each patch that it is for."""
        told: set[str] = set()
        for aim in aims:
            try:
                box = box_in(self.known, labels, aim)
            except WrongLabelsError as wrong:
                if str(wrong) not in told:
                    self.refuse(labels.file, str(wrong), aim.round, aim.patch)
                told.add(str(wrong))
                continue
            if box is not None:
                spare = self._outside(labels, aim)
                found = Candidate(
                    labels.file, box, labels.sha256, labels.saved, spare, explicit=explicit
                )
                self.candidates.setdefault((aim.round.number, aim.patch.id), []).append(found)

    def _outside(self, labels: Labels, aim: Aim) -> int:
        """Voxels that are left out; of a segmentation of a whole image that is as it should be."""
        if aim.of_case and aim.round.view == "crop":
            return 0
        case = aim.patch.patch.case
        of_image = aim.round.view == "image"
        boxes = [
            each.box
            for each in aim.round.patches
            if each == aim.patch or (of_image and each.patch.case == case)
        ]
        return outside(self.known, labels, boxes, case)


def gather(known: Known, files: Iterable[Path], images: Mapping[str, Path]) -> Gathered:
    """Read what there is to import.

    Args:
        known: the project.
        files: only these, if there are any.
        images: also these, by case id.
    """
    found = Gathered(known)
    chosen = list(files)
    for file in chosen:
        found.file(file)
    for case, file in images.items():
        found.file(file, case)
    if not chosen and not images:
        for each in known.rounds:
            found.folder(each)
    return found
