"""One import at work: decides patch by patch, keeps what is new, says what became of each."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np

from benchmark.annotation.imports.decide import (
    AS_WRITTEN,
    Asked,
    Candidate,
    Taken,
    Wish,
    decide,
    is_undone,
    no_class,
)
from benchmark.annotation.imports.files.names import counted, listed, lock_of
from benchmark.annotation.imports.files.read import WAIT
from benchmark.annotation.imports.files.wrong import WrongLabelsError
from benchmark.annotation.imports.gather import Gathered, Key
from benchmark.annotation.imports.known import Known
from benchmark.annotation.imports.odd.shapes import remarks
from benchmark.annotation.imports.odd.tones import Tone, tones_of, unlike
from benchmark.annotation.imports.report import Line, Outcome, Report
from benchmark.annotation.project.places import command, round_name
from benchmark.annotation.rounds.model import Round, RoundPatch
from nnactive.errors import UserError
from nnactive.oracle.keep import Drawing, keep, keep_source

SKEW: Final = timedelta(minutes=1)
"""By how much two clocks may differ before a file's date is doubted."""
MANY: Final = 12
"""Ids of one round from which a command says ``all``."""
UTC_TEXT: Final = "%Y-%m-%dT%H:%M:%SZ"


@dataclass
class Importing:
    """One import at work."""

    known: Known
    exact: Mapping[Key, Wish]
    general: Mapping[Key, Wish]
    now: datetime
    found: Gathered
    partial: bool
    """Whether only some files are read."""
    lines: list[Line] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    drafted: list[str] = field(default_factory=list)
    """Patches to ask about, as options name them: drafts with classes, as they were written."""
    classless: list[str] = field(default_factory=list)
    """The others to ask about: none has a voxel of a class."""
    undated: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    """By what is wrong with a file's date: patch and file."""
    tones: dict[str, dict[int, Tone]] = field(default_factory=dict)
    """Intensities of classes, by patch."""

    def patch(self, number: Round, patch: RoundPatch) -> None:
        """Keep what is new of one patch."""
        key = (number.number, patch.id)
        candidates = self.found.candidates.get(key, [])
        if not candidates and self.partial and key not in self.exact:
            return
        refused = self._is_refused(key)
        asked = self._asked(number, patch, candidates)
        if refused and asked.wish is not None:
            return  # what was confirmed may be otherwise in the file that was refused
        try:
            decided = decide(asked, candidates)
            if isinstance(decided, Taken):
                self._keep(number, patch, asked, decided)
                return
        except WrongLabelsError as wrong:
            self._line(number, patch, "refused", str(wrong))
            return
        if decided is None:
            last = asked.history[-1].number
            self._line(number, patch, "kept", f"nothing new since import {last}")
            if is_undone(asked, candidates):
                right, option = "it holds no class", "--empty"
                if patch.template != no_class(patch):
                    right, option = "its draft is right", "--accept"
                self.warnings.append(
                    f"{asked.said}: was saved as it had been written; import {last} stays; if "
                    f"{right}, confirm with {option} {asked.said}"
                )
            return
        if refused:
            return
        self._line(number, patch, "open", decided)
        if candidates:
            holds_classes = decided == AS_WRITTEN and patch.template != no_class(patch)
            (self.drafted if holds_classes else self.classless).append(asked.said)

    def _is_refused(self, key: Key) -> bool:
        """Whether a file of a patch was refused."""
        name = round_name(key[0])
        return any((name, key[1]) == (each.round, each.patch) for each in self.found.refused)

    def report(self) -> Report:
        """What was done."""
        order = {round_name(each.number): n for n, each in enumerate(self.known.rounds)}
        lines = sorted(
            (*self.lines, *self.found.refused),
            key=lambda line: (order.get(line.round, len(order)), line.patch or "~"),
        )
        return Report(tuple(lines), (*self.warnings, *self._undated()), self._ask())

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
        """Whether ``all`` means a patch: for ``--accept``, nothing was changed.

        For ``--empty``, no class was drawn or drafted, or a draft was erased.
        """
        if not candidates:
            return False
        if wish == "accept":
            return patch.draft != "none" and all(c.labels == patch.template for c in candidates)
        has = {c.labels for c in candidates}
        return no_class(patch) in has and has <= {patch.template, no_class(patch)}

    def _keep(self, number: Round, patch: RoundPatch, asked: Asked, taken: Taken) -> None:
        candidate = taken.candidate
        if lock := lock_of(candidate.file):
            raise WrongLabelsError(
                f"{candidate.name}: is still being written or open elsewhere ({lock}); close it "
                "there and import again"
            )
        try:
            source = keep_source(self.known.places.labels, candidate.file)
        except UserError:  # it has vanished or changed since it was read
            raise WrongLabelsError(f"{candidate.name}: {WAIT}") from None
        inside = taken.inside
        if inside is not None and not source.name.startswith(inside.sha256):
            raise WrongLabelsError(f"{candidate.name}: {WAIT}")
        drawn = keep(
            self.known.places.labels,
            round_name(number.number),
            patch.id,
            Drawing(
                patch.patch,
                patch.box,
                self.known.grid(patch.patch.case),
                np.zeros(patch.box.size, np.uint8) if inside is None else inside.box,
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
        if taken.inside is None:
            return
        box = taken.inside.box
        classes = self.known.project.all_classes
        z, y, x = np.subtract(patch.box.start, patch.crop.start).tolist()
        found = remarks(box, classes, (z, y, x))
        mine = tones_of(self.known, number, patch, box)
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
        cause = "before the round was written"
        if saved > self.now:
            cause = "after now, so clocks differ"
        self.undated.setdefault(cause, []).append((asked.said, taken.candidate.name))
        return None

    def _undated(self) -> Iterator[str]:
        """A warning for all files whose dates are wrong in the same way."""
        for cause, found in self.undated.items():
            files = {name for _, name in found}
            patches = listed(said for said, _ in found)
            if len(files) == 1:
                (file,) = files
                yield (
                    f"{patches}: {file} was saved {cause}, by its date; its minutes aren't counted"
                )
                continue
            yield (
                f"{patches}: {len(files)} files were saved {cause}, by their dates; their minutes "
                "aren't counted"
            )

    def _line(self, number: Round, patch: RoundPatch, outcome: Outcome, text: str) -> None:
        self.lines.append(
            Line(round_name(number.number), patch.id, patch.patch.case, outcome, text)
        )

    def _ask(self) -> str | None:
        """What to do about untouched patches: the commands."""
        line = command("import", self.known.places.root)
        told = []
        if ids := self.drafted:
            one = len(ids) == 1
            # ``all`` would also mean untouched drafts without a class.
            option = ",".join(ids) if self.classless else _option(ids)
            told.append(
                f"{counted(len(ids), 'draft')} with classes {'is' if one else 'are'} untouched. "
                f"Correct {'it' if one else 'them'}; or, if right as "
                f"{'it is' if one else 'they are'}: {line} --accept {option}"
            )
        if ids := self.classless:
            one = len(ids) == 1
            told.append(
                f"{'1 patch has' if one else f'{len(ids)} patches have'} no voxel of a class. "
                f"Label {'it' if one else 'them'}; or, if {'it holds' if one else 'they hold'} "
                f"none: {line} --empty {_option(ids)}"
            )
        return "\n".join(told) or None


def _option(ids: Sequence[str]) -> str:
    """Ids for an option; many of the newest round as ``all``."""
    is_newest = not any("/" in each for each in ids)
    return "all" if is_newest and len(ids) > MANY else ",".join(ids)
