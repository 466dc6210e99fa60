"""`annotate import`: what a person saved, checked and kept."""

import shlex
from collections.abc import Iterable, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from benchmark.annotation.imports.decide import AS_WRITTEN, Asked, Candidate, Taken, Wish, decide
from benchmark.annotation.imports.files.names import counted, listed, lock_of
from benchmark.annotation.imports.files.read import WAIT
from benchmark.annotation.imports.files.wrong import WrongLabelsError
from benchmark.annotation.imports.gather import Gathered, Key, gather
from benchmark.annotation.imports.known import Known
from benchmark.annotation.imports.remarks import remarks
from benchmark.annotation.imports.report import Line, Outcome, Report
from benchmark.annotation.imports.tones import FILE as TONES
from benchmark.annotation.imports.tones import Tone, read_tones, tones_of, unlike, write_tones
from benchmark.annotation.imports.wishes import wishes_of
from benchmark.annotation.project.model import Project
from benchmark.annotation.project.places import WORK, Places, round_name
from benchmark.annotation.rounds.model import Round, RoundPatch
from nnactive.errors import UserError
from nnactive.io.leases import lease, living
from nnactive.oracle.keep import Drawing, keep, keep_source

if TYPE_CHECKING:
    from collections.abc import Iterator

LEASE: Final = "import.lease"
SKEW: Final = timedelta(minutes=1)
"""By how much two clocks may differ before a file's date is doubted."""
UTC_TEXT: Final = "%Y-%m-%dT%H:%M:%SZ"


def import_labels(
    places: Places,
    project: Project,
    files: Sequence[Path] = (),
    empty: Iterable[str] = (),
    accept: Iterable[str] = (),
    images: Mapping[str, Path] | None = None,
    now: datetime | None = None,
) -> Report:
    """Take over what was labelled since the last import; what is wrong is refused by itself.

    Nothing of the person's is changed. Killed at any moment, the next import completes it.

    Args:
        places: of the project.
        project: what was chosen.
        files: read only these; by default all label files in all rounds' folders.
        empty: patches that hold no class, as comma lists: ``p07,p09``, ``round_01/p02``, ``all``.
        accept: patches whose draft is right, the same.
        images: label files of whole images by case id, read besides ``files``.
        now: the time, for tests.

    Raises:
        UserError: no round has been written, an option names no patch, or another import is at
            work.
    """
    known = Known(places, project)
    if not known.rounds:
        raise UserError(
            f"{places.root}: no round to import; run: nnactive-bench annotate next {places.root}"
        )
    exact, general = wishes_of(known, empty, accept)
    with _alone(places):
        tones = places.root / WORK / TONES
        importing = _Import(
            known, exact, general, now or datetime.now(UTC), tones=read_tones(tones)
        )
        importing.found = gather(known, files, images or {})
        for number in known.rounds:
            for patch in number.patches:
                importing.patch(number, patch)
        write_tones(tones, importing.tones)
        return importing.report()


@contextmanager
def _alone(places: Places) -> "Iterator[None]":
    """Keep out another import.

    Raises:
        UserError: one is at work.
    """
    file = places.root / WORK / LEASE
    with lease(file) as held:
        if held is None:
            who = living(file)
            by = f" (process {who.pid} on {who.host})" if who else ""
            raise UserError(
                f"{places.root}: another import is at work{by}; import again once it has ended"
            )
        yield


@dataclass
class _Import:
    known: Known
    exact: Mapping[Key, Wish]
    general: Mapping[Key, Wish]
    now: datetime
    lines: list[Line] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    untouched: list[tuple[str, str]] = field(default_factory=list)
    """Patches to ask about, as options name them, and their drafts."""
    tones: dict[str, dict[int, Tone]] = field(default_factory=dict)
    """Intensities of classes, by patch."""
    found: Gathered = field(init=False)

    def patch(self, number: Round, patch: RoundPatch) -> None:
        """Keep what is new of one patch."""
        key = (number.number, patch.id)
        candidates = self.found.candidates.get(key, [])
        asked = self._asked(number, patch, candidates)
        try:
            decided = decide(asked, candidates)
            if isinstance(decided, Taken):
                self._keep(number, patch, asked, decided)
                return
        except WrongLabelsError as wrong:
            self._line(number, patch, "refused", str(wrong))
            return
        refused = any(
            (round_name(number.number), patch.id) == (r.round, r.patch) for r in self.found.refused
        )
        if decided is None:
            self._line(
                number, patch, "kept", f"nothing new since import {asked.history[-1].number}"
            )
        elif not refused:
            self._line(number, patch, "open", decided)
            if candidates:
                draft = patch.draft if decided == AS_WRITTEN else "none"
                self.untouched.append((asked.said, draft))

    def report(self) -> Report:
        """What was done."""
        order = {round_name(each.number): n for n, each in enumerate(self.known.rounds)}
        lines = sorted(
            (*self.lines, *self.found.refused),
            key=lambda line: (order.get(line.round, len(order)), line.patch or "~"),
        )
        return Report(tuple(lines), tuple(self.warnings), self._ask())

    def _asked(self, number: Round, patch: RoundPatch, candidates: Sequence[Candidate]) -> Asked:
        key = (number.number, patch.id)
        history = self.known.history(number.number, patch)
        wish = self.exact.get(key)
        if wish is None and not history and self._is_open(patch, candidates, self.general.get(key)):
            wish = self.general.get(key)
        return Asked(patch, self.known.said(*key), history, wish)

    def _is_open(
        self, patch: RoundPatch, candidates: Sequence[Candidate], wish: Wish | None
    ) -> bool:
        """Whether ``all`` means a patch: nothing was drawn, or for ``--accept``, changed."""
        if wish == "accept":
            return patch.draft != "none" and all(c.digest == patch.template for c in candidates)
        return all(c.digest == patch.template or not c.box.any() for c in candidates)

    def _keep(self, number: Round, patch: RoundPatch, asked: Asked, taken: Taken) -> None:
        candidate = taken.candidate
        if lock := lock_of(candidate.file):
            raise WrongLabelsError(
                f"{candidate.name}: is still being written or open elsewhere ({lock}); close it "
                "there and import again"
            )
        source = keep_source(self.known.places.labels, candidate.file)
        if not source.name.startswith(candidate.sha256):
            raise WrongLabelsError(f"{candidate.name}: {WAIT}")
        drawn = keep(
            self.known.places.labels,
            round_name(number.number),
            patch.id,
            Drawing(
                patch.patch,
                patch.box,
                self.known.grid(patch.patch.case),
                taken.box,
                len(self.known.project.all_classes),
                taken.how,
                source,
                self.now.strftime(UTC_TEXT),
                self._saved(number, asked, taken),
            ),
        )
        outcome: Outcome = "corrected" if asked.history else "imported"
        self._line(number, patch, outcome, self._told(taken, drawn.voxels))
        self._remark(number, patch, asked, taken)

    def _told(self, taken: Taken, voxels: Sequence[int]) -> str:
        names = self.known.project.all_classes
        counts = [f"{n:,} {name}" for n, name in zip(voxels, names, strict=True) if n]
        how = {"drawn": taken.candidate.name, "empty": "no class", "accepted": "the draft"}
        return f"{how[taken.how]}: {', '.join(counts)} voxels"

    def _remark(self, number: Round, patch: RoundPatch, asked: Asked, taken: Taken) -> None:
        """Warn of what looks odd."""
        if taken.how == "empty":
            return
        classes = self.known.project.all_classes
        z, y, x = np.subtract(patch.box.start, patch.crop.start).tolist()
        found = remarks(taken.box, classes, (z, y, x))
        mine = tones_of(self.known, number, patch, taken.box)
        name = f"{round_name(number.number)}/{patch.id}"
        found += unlike(mine, [each for key, each in self.tones.items() if key != name], classes)
        self.tones[name] = mine
        if count := taken.candidate.outside:
            found.append(f"{counted(count, 'labelled voxel')} outside its box left out")
        self.warnings += [f"{asked.said}: {text}" for text in found]

    def _saved(self, number: Round, asked: Asked, taken: Taken) -> str | None:
        """When the file was saved, unless its date can't be right."""
        if taken.how != "drawn":
            return None
        saved = datetime.fromtimestamp(taken.candidate.saved, UTC)
        written = datetime.fromisoformat(number.written)
        if written - SKEW <= saved <= self.now + SKEW:
            return saved.strftime(UTC_TEXT)
        when = "after now" if saved > self.now else "before its round was written"
        self.warnings.append(
            f"{asked.said}: {taken.candidate.name} was saved {when}, by its date; clocks differ, "
            "and its minutes aren't counted"
        )
        return None

    def _line(self, number: Round, patch: RoundPatch, outcome: Outcome, text: str) -> None:
        self.lines.append(
            Line(round_name(number.number), patch.id, patch.patch.case, outcome, text)
        )

    def _ask(self) -> str | None:
        """What to do about untouched patches: the commands."""
        if not self.untouched:
            return None
        command = f"nnactive-bench annotate import {shlex.quote(str(self.known.places.root))}"
        ids = ",".join(said for said, _ in self.untouched)
        count = len(self.untouched)
        which = "1 patch is" if count == 1 else f"{count} patches are"
        text = f"{which} untouched or without a class: {listed(ids.split(','))}. Label what is in "
        text += f"them; or, if they hold no class: {command} --empty {ids}"
        if drafts := ",".join(said for said, draft in self.untouched if draft == "prediction"):
            text += f"; or, if the draft is right as it is: {command} --accept {drafts}"
        return text
