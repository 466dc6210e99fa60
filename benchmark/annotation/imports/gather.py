"""All label files of a project, and the ones that a person names: read, each for its patches."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from benchmark.annotation.imports.decide import Candidate, Inside
from benchmark.annotation.imports.files.names import look, wrong_case
from benchmark.annotation.imports.files.read import WAIT, Labels, read_labels
from benchmark.annotation.imports.files.wrong import WrongLabelsError
from benchmark.annotation.imports.fit import Aim, box_in, outside
from benchmark.annotation.imports.known import Known
from benchmark.annotation.imports.looked import (
    Had,
    Look,
    as_read,
    is_same,
    read_looked,
    relative,
)
from benchmark.annotation.imports.report import Line
from benchmark.annotation.imports.strays import explained, named
from benchmark.annotation.project.places import round_name
from benchmark.annotation.rounds.model import Round, RoundPatch
from nnactive.data.prepared import array_digest
from nnactive.data.progress import Progress, tracked

Key = tuple[int, str]
"""Number of the round, id of the patch."""


@dataclass
class Gathered:
    """What the files have, by patch."""

    known: Known
    candidates: dict[Key, list[Candidate]] = field(default_factory=dict)
    refused: list[Line] = field(default_factory=list)
    jobs: list[tuple[Path, Sequence[Aim]]] = field(default_factory=list)
    """Files that were found, with what they are for."""
    strays: list[tuple[Round, Path]] = field(default_factory=list)
    """Files of other names, with the round in whose folder they are."""
    unread: list[tuple[Round, RoundPatch, Path]] = field(default_factory=list)
    """Files of formats that aren't read, with the patch that they are called after."""
    looked: dict[str, Look] = field(default_factory=dict)
    """What was read before, and now."""

    def folder(self, number: Round, only: Collection[str] | None = None) -> None:
        """Find the label files in a round's folder.

        Args:
            number: the round.
            only: ids of the patches whose files are to be read; None: all files.
        """
        found = look(self.known.folder(number.number), number)
        patches = [each for each in number.patches if only is None or each.id in only]
        for patch in patches:
            for file in found.patches.get(patch.id, ()):
                self.jobs.append((file, [Aim(number, patch, of_case=False)]))
        for case, files in found.cases.items():
            aims = [Aim(number, each, of_case=True) for each in patches if each.patch.case == case]
            for file in files if aims else ():
                self.jobs.append((file, aims))
        for patch in patches:
            called = (patch.id, patch.patch.case)
            unread = (file for name in called for file in found.unread.get(name, ()))
            self.unread += ((number, patch, file) for file in unread)
        if only is None:
            self.strays += [(number, file) for file in found.strays]

    def explain_strays(self) -> None:
        """Refuse the files of other names that are meant to be imported.

        To be called once all others are kept: a copy of one of these isn't.
        """
        for number, file in self.strays:
            if cause := explained(self.known, number, file):
                self.refuse(file, cause, number)

    def refuse_unread(self) -> None:
        """Refuse files of formats that aren't read, of patches that nothing else is known of."""
        told: set[Path] = set()
        for number, patch, file in self.unread:
            read = self.candidates.get((number.number, patch.id), ())
            is_open = not self.known.history(number.number, patch)
            if is_open and all(each.labels == patch.template for each in read) and file not in told:
                told.add(file)
                right = self.known.label_file(number, patch)
                self.refuse(
                    file, f"isn't of a format that is read; save it as {right}", number, patch
                )

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

    def read(self, file: Path, aims: Sequence[Aim]) -> None:
        """Read a file that was found, unless it is as it was."""
        only = aims[0].patch if len(aims) == 1 else None
        key = relative(self.known.places, file)
        try:
            state = file.stat()
            look = self.looked.get(key)
            if (
                look is not None
                and is_same(look, state)
                and {each.key for each in aims} <= set(look.patches)
            ):
                self._remembered(file, look, state.st_mtime, aims)
                return
        except OSError:
            pass  # said by whoever reads it
        try:
            labels = self._labels(file)
        except WrongLabelsError as wrong:
            self.refuse(file, str(wrong), aims[0].round, only)
            return
        had = self._fit(labels, aims, explicit=False)
        if len(had) == len(aims):
            self.looked[key] = as_read(labels.state, had)

    def _remembered(self, file: Path, look: Look, saved: float, aims: Sequence[Aim]) -> None:
        """Take what a file had for what it has."""
        for aim in aims:
            had = look.patches[aim.key]

            def read(aim: Aim = aim) -> Inside:
                labels = self._labels(file)
                box = box_in(self.known, labels, aim)
                if box is None:
                    raise WrongLabelsError(WAIT)
                return Inside(box, labels.sha256)

            self._add(aim, Candidate(file, had.labels, saved, had.outside, read))

    def _fit(self, labels: Labels, aims: Sequence[Aim], *, explicit: bool) -> dict[str, Had]:
        """What a file has in the box of each patch that it is for, of those where it fits."""
        told: set[str] = set()
        had: dict[str, Had] = {}
        for aim in aims:
            try:
                box = box_in(self.known, labels, aim)
            except WrongLabelsError as wrong:
                if str(wrong) not in told:
                    self.refuse(labels.file, str(wrong), aim.round, aim.patch)
                told.add(str(wrong))
                continue
            if box is None:
                continue
            inside = Inside(box, labels.sha256)
            count = self._outside(labels, aim, explicit=explicit)
            had[aim.key] = Had(labels=array_digest(box), outside=count)
            self._add(
                aim,
                Candidate(
                    labels.file,
                    had[aim.key].labels,
                    labels.state.st_mtime,
                    had[aim.key].outside,
                    partial(_known, inside),
                    explicit=explicit,
                ),
            )
        return had

    def _add(self, aim: Aim, candidate: Candidate) -> None:
        self.candidates.setdefault((aim.round.number, aim.patch.id), []).append(candidate)

    def _outside(self, labels: Labels, aim: Aim, *, explicit: bool) -> int:
        """Voxels that are left out; of a segmentation of a whole image that is as it should be."""
        if aim.of_case and (explicit or aim.round.view == "crop"):
            return 0
        case = aim.patch.patch.case
        of_image = aim.round.view == "image"
        boxes = [
            each.box
            for each in aim.round.patches
            if each == aim.patch or (of_image and each.patch.case == case)
        ]
        return outside(self.known, labels, boxes, case)


def _known(inside: Inside) -> Inside:
    return inside


def gather(
    known: Known,
    files: Iterable[Path],
    images: Mapping[str, Path],
    wanted: Collection[Key],
    progress: Progress,
) -> Gathered:
    """Read what there is to import.

    Args:
        known: the project.
        files: only these, if there are any.
        images: also these, by case id.
        wanted: patches whose files in their rounds' folders are read in any case.
        progress: called after each file of those folders.
    """
    found = Gathered(known, looked=read_looked(known.places))
    chosen = list(files)
    for file in chosen:
        found.file(file)
    for case, file in images.items():
        found.file(file, case)
    for each in known.rounds:
        if not chosen and not images:
            found.folder(each)
        else:
            found.folder(each, {patch_id for number, patch_id in wanted if number == each.number})
    for file, aims in tracked(progress, "read", found.jobs, len(found.jobs)):
        found.read(file, aims)
    found.refuse_unread()
    return found
