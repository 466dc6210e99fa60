"""Which of a patch's files counts, if any: one that was changed since the round was written."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final, Literal

import numpy as np

from benchmark.annotation.imports.files.names import counted, listed
from benchmark.annotation.imports.files.wrong import WrongLabelsError
from benchmark.annotation.rounds.model import RoundPatch
from nnactive.data.prepared import array_digest
from nnactive.oracle.drawn import Drawn

Wish = Literal["empty", "accept"]
NO_CLASS: Final = "no voxel of a class in its box"
AS_WRITTEN: Final = "its box is as it was written"


@dataclass(frozen=True)
class Inside:
    """What a file has in a patch's box."""

    box: np.ndarray
    """uint8 ``(Z, Y, X)``."""
    sha256: str
    """Of the file that it was read from."""


@dataclass(frozen=True)
class Candidate:
    """One file with labels of one patch."""

    file: Path
    labels: str
    """SHA-256 of its labels in the box, by `array_digest`."""
    saved: float
    """Seconds since 1970, by the file's date."""
    outside: int
    """Voxels of classes outside the box, which are left out."""
    read: Callable[[], Inside]
    """Its labels; reads the file again where it was known."""
    explicit: bool = False
    """Whether the person named the file: then no other one of the patch counts."""

    @property
    def name(self) -> str:
        """The file, with its folder."""
        return f"{self.file.parent.name}/{self.file.name}"


@dataclass(frozen=True)
class Taken:
    """What is to be kept of a patch."""

    candidate: Candidate
    """The file that it is from."""
    inside: Inside | None
    """Its labels; None: no voxel has a class."""
    how: Literal["drawn", "empty", "accepted"]


@dataclass(frozen=True)
class Asked:
    """One patch, and what an import knows of it."""

    patch: RoundPatch
    said: str
    """As options name it."""
    history: Sequence[Drawn]
    wish: Wish | None


def decide(asked: Asked, candidates: Sequence[Candidate]) -> Taken | str | None:
    """What to do with a patch.

    Args:
        asked: the patch.
        candidates: what its readable files have.

    Returns:
        What to keep; why it stays open, in words; None: nothing new since the last import.

    Raises:
        WrongLabelsError: changed files differ, or an option doesn't fit; names them.
    """
    candidates = [each for each in candidates if each.explicit] or candidates
    fresh = {c.labels: c for c in candidates if c.labels != asked.patch.template}
    if asked.wish is not None:
        return _confirmed(asked, candidates, fresh)
    current = asked.history[-1].labels if asked.history else None
    chosen = _chosen(fresh, {each.labels for each in asked.history}, current)
    if chosen is None and asked.history:
        return None
    if chosen is None:
        return _why_open(asked, candidates)
    if chosen.labels == no_class(asked.patch):
        return NO_CLASS
    return Taken(chosen, chosen.read(), "drawn")


def _why_open(asked: Asked, candidates: Sequence[Candidate]) -> str:
    """What to say of a patch of which no file was changed."""
    if not candidates:
        return "no label file of it is there"
    if candidates[0].explicit and candidates[0].labels == no_class(asked.patch):
        return NO_CLASS
    return AS_WRITTEN


def is_undone(asked: Asked, candidates: Sequence[Candidate]) -> bool:
    """Whether a patch was saved as it was written, after labels of it had been imported.

    It may be a correction or a slip, so the import stays until the person confirms.
    """
    last = asked.history[-1]
    if any(each.labels == last.labels for each in candidates):
        return False
    imported = datetime.fromisoformat(last.imported).timestamp()
    again = (each for each in candidates if each.labels == asked.patch.template)
    return any(each.saved > imported for each in again)


def no_class(patch: RoundPatch) -> str:
    """The hash of a patch's labels if all is background."""
    return array_digest(np.zeros(patch.box.size, np.uint8))


def _chosen(fresh: dict[str, Candidate], known: set[str], current: str | None) -> Candidate | None:
    """The changed file that counts; None: none is new."""
    if len(fresh) > 1:
        # A file that was imported before and not saved since is older than one that wasn't.
        left = {digest: each for digest, each in fresh.items() if digest not in known}
        if not left and current in fresh:
            return None
        fresh = left or fresh
    if len(fresh) > 1:
        one, other, *_ = fresh.values()
        count = int((one.read().box != other.read().box).sum())
        raise WrongLabelsError(
            f"{listed(each.name for each in fresh.values())}: were both changed, and differ "
            f"in {count:,} voxels of the box; move away those that don't count"
        )
    digest, found = next(iter(fresh.items()), (None, None))
    return None if digest == current else found


def _confirmed(
    asked: Asked, candidates: Sequence[Candidate], fresh: dict[str, Candidate]
) -> Taken | None:
    """A patch as ``--empty`` or ``--accept`` confirm it."""
    option = f"--{asked.wish} {asked.said}"
    last = asked.history[-1] if asked.history else None
    for each in fresh.values():
        if asked.wish == "empty" and each.labels != no_class(asked.patch):
            count = counted(int((each.read().box > 0).sum()), "voxel")
            raise WrongLabelsError(
                f"{each.name}: has {count} of classes in {asked.patch.id}'s box, so {option} "
                "doesn't fit; leave that out, or erase them and save"
            )
        if asked.wish == "accept" and not (last and last.labels == each.labels):
            raise WrongLabelsError(
                f"{each.name}: isn't the draft any more, so {option} doesn't fit; leave "
                "that out, and it is imported as it is"
            )
    if asked.wish == "accept" and asked.patch.draft == "none":
        raise WrongLabelsError(
            f"{option}: {asked.patch.id} had no draft; label it, or confirm that it holds no class "
            f"with --empty {asked.said}"
        )
    template = next((c for c in candidates if c.labels == asked.patch.template), None)
    source = template or next(iter(candidates), None)
    if source is None or (asked.wish == "accept" and template is None):
        raise WrongLabelsError(
            f"{option}: the template isn't there any more; save {asked.patch.id}'s labels as "
            f"{asked.patch.id}_label.nii.gz"
        )
    labels = asked.patch.template if asked.wish == "accept" else no_class(asked.patch)
    if last is not None and last.labels == labels:
        return None
    if asked.wish == "empty":
        return Taken(source, None, "empty")
    return Taken(source, source.read(), "accepted")
