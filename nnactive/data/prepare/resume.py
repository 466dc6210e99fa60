"""Resuming a preparation: keep only what was made from the same inputs."""

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from pydantic import Field

from nnactive.data.check.case_facts import CaseFacts
from nnactive.data.prepare.job import CONVERTED, RAW
from nnactive.data.prepare.memo import FOLDER
from nnactive.data.prepare.stages import Target
from nnactive.data.prepared import (
    IMAGES,
    OUTSIDE,
    POOL_LABELS,
    SCRATCH,
    TEST_LABELS,
    volume_file,
)
from nnactive.data.raw.raw_checksums import RawFile, RawFiles, changed_cases
from nnactive.errors import UserError
from nnactive.io.files import read_model, write_model
from nnactive.io.models import NewerFileError, StateFile

NOTE = "source.json"
VOLUMES = (IMAGES, POOL_LABELS, TEST_LABELS, OUTSIDE, f"{SCRATCH}/{IMAGES}")


class Note(StateFile):
    """What the volumes are made from; in the scratch folder first, beside the volumes later."""

    card: str
    """The card's ``preparation_hash``, or what stands for a card."""
    raw: dict[str, tuple[RawFile, ...]]
    target: Target | None = None
    """None: not determined yet."""
    facts: dict[str, CaseFacts] = Field(default={})
    """What was seen in the raw files, by case; empty for datasets prepared by older versions."""


def same(out: Path, what: str, before: object, now: object) -> None:
    """Refuse to resume or return what was made from something else.

    Raises:
        UserError: ``before`` and ``now`` differ.
    """
    if before != now:
        raise UserError(
            f"{out}: made from another {what}; remove {out}, the prepared folder, and prepare it "
            "again"
        )


def refuse_changed(
    out: Path, before: RawFiles, now: RawFiles, paths: Mapping[str, Mapping[str, Path]]
) -> None:
    """Refuse to return what was made from raw files that have changed since.

    Args:
        out: the prepared dataset's folder.
        before: the raw files that it was made from.
        now: those that are there.
        paths: where these are, from ``inner_names``.

    Raises:
        UserError: they differ; names the first changed file, unless every case has one.
    """
    changed = changed_cases(before, now)
    if len(changed) == len(before):
        same(out, "raw folder", [], changed)
    if changed:
        case = changed[0]
        known = {(file.name, file.sha256) for file in before[case]}
        files = [f for f in now.get(case, ()) if (f.name, f.sha256) not in known]
        file = paths[case][files[0].name] if files else f"case '{case}'"
        more = f" (and files of {len(changed) - 1} more cases)" if changed[1:] else ""
        raise UserError(
            f"{file}: has changed since {out} was made from it{more}; restore it, or remove {out} "
            "and prepare it again"
        )


def read_note(out: Path, card: str, what: str = "card") -> Note:
    """Read the note of an earlier run; if there is none, all volumes are dropped, and one is begun.

    Args:
        out: the prepared dataset's folder.
        card: the card's ``preparation_hash``, or what stands for a card.
        what: what it stands for, for the message.

    Raises:
        UserError: they were made from another card.
    """
    file = out / SCRATCH / NOTE
    try:
        note = read_model(file, Note)
    except NewerFileError:
        raise
    except UserError:  # missing, or from an older version
        return _begin(out, card)
    if note.card != card and not any((out / part).exists() for part in VOLUMES):
        # Nothing was made yet: the card was changed because the check refused the raw data.
        return _begin(out, card)
    same(out, what, note.card, card)
    return note


def _begin(out: Path, card: str) -> Note:
    """Drop everything and write a note at once, so that what is made from here isn't dropped."""
    _drop(out, *VOLUMES, *(f"{SCRATCH}/{part}" for part in (CONVERTED, RAW, FOLDER)))
    note = Note(card=card, raw={})
    write_model(out / SCRATCH / NOTE, note)
    return note


def update_note(
    out: Path,
    before: Note,
    files: dict[str, tuple[RawFile, ...]],
    converted: Callable[[str], Path] | None = None,
) -> Note:
    """Drop what was made from raw files that have changed since, such as fixed ones.

    Args:
        out: the prepared dataset's folder.
        before: what the volumes are made from.
        files: the raw files as they are now.
        converted: the file whose presence marks a case as converted; None: nothing is converted.

    Returns:
        The new note, already written.
    """
    if before.raw and before.raw.keys() != files.keys():
        # Other cases change the split: a case may have moved to the other side.
        _drop(out, *VOLUMES)
    changed = changed_cases(before.raw, files)
    for case in changed:
        volume_file(out / SCRATCH, IMAGES, case).unlink(missing_ok=True)
        if converted is not None:
            converted(case).unlink(missing_ok=True)
    if changed:
        # The plans, and with them every normalised image, depend on the whole pool.
        _drop(out, IMAGES)
    stale = {*changed, *(case for case in before.facts if case not in files)}
    facts = {case: facts for case, facts in before.facts.items() if case not in stale}
    note = before.model_copy(update={"raw": files, "facts": facts})
    write_model(out / SCRATCH / NOTE, note)
    return note


def update_target(out: Path, before: Note, target: Target) -> Note:
    """Drop what was resampled to another spacing, which fixed headers may lead to.

    Returns:
        The new note, already written.
    """
    if before.target not in (None, target):
        _drop(out, *VOLUMES)
    note = before.model_copy(update={"target": target})
    write_model(out / SCRATCH / NOTE, note)
    return note


def _drop(out: Path, *parts: str) -> None:
    for part in parts:
        shutil.rmtree(out / part, ignore_errors=True)
