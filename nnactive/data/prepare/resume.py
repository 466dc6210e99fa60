"""What an unfinished preparation may keep: only what was made of the same things."""

import shutil
from pathlib import Path

from nnactive.data.cards import Card
from nnactive.data.prepare.job import CONVERTED, RAW, SCRATCH
from nnactive.data.prepare.stages import Target
from nnactive.data.prepared import IMAGES, POOL_LABELS, TEST_LABELS, volume_file
from nnactive.data.raw.convert import converted_files
from nnactive.data.raw.raw_checksums import RawFile, changed_cases
from nnactive.errors import UserError
from nnactive.io.files import read_model, write_model
from nnactive.io.state_file import NewerFileError, StateFile

NOTE = "source.json"
VOLUMES = (IMAGES, POOL_LABELS, TEST_LABELS, f"{SCRATCH}/{IMAGES}")


class Note(StateFile):
    """What volumes are made of: in the scratch folder while they are, and beside them after."""

    card: str
    """SHA-256 over the card's deciding fields."""
    raw: dict[str, tuple[RawFile, ...]]
    target: Target | None = None
    """None: not known yet."""


def same(out: Path, what: str, before: object, now: object) -> None:
    """Refuse to go on with, or to return, what was made of something else.

    Raises:
        UserError: ``before`` and ``now`` differ.
    """
    if before != now:
        raise UserError(f"{out}: made from another {what}; remove that folder and prepare again")


def read_note(card: Card, out: Path) -> Note:
    """The note of an earlier run; where there is none, volumes that are there are dropped.

    Raises:
        UserError: they were made from another card.
    """
    file = out / SCRATCH / NOTE
    try:
        note = read_model(file, Note)
    except NewerFileError:
        raise
    except UserError:  # none, or an earlier version's
        _drop(out, *VOLUMES, f"{SCRATCH}/{CONVERTED}", f"{SCRATCH}/{RAW}")
        return Note(card=card.preparation_hash(), raw={})
    same(out, "card", note.card, card.preparation_hash())
    return note


def update_note(card: Card, out: Path, before: Note, files: dict[str, tuple[RawFile, ...]]) -> Note:
    """Drop what was made of raw files that have changed since, as a mended one has.

    Returns:
        The new note, which is written.
    """
    if before.raw and before.raw.keys() != files.keys():
        # Other cases make another split: what is on one side may belong to the other.
        _drop(out, *VOLUMES)
    changed = changed_cases(before.raw, files)
    for case in changed:
        volume_file(out / SCRATCH, IMAGES, case).unlink(missing_ok=True)
        converted_files(case, card, out / SCRATCH / CONVERTED).label.unlink(missing_ok=True)
    if changed:
        # The plans, and with them every normalised image, depend on the whole pool.
        _drop(out, IMAGES)
    note = before.model_copy(update={"raw": files})
    write_model(out / SCRATCH / NOTE, note)
    return note


def update_target(out: Path, before: Note, target: Target) -> Note:
    """Drop what was resampled to another spacing, as mended headers may make another one.

    Returns:
        The new note, which is written.
    """
    if before.target not in (None, target):
        _drop(out, *VOLUMES)
    note = before.model_copy(update={"target": target})
    write_model(out / SCRATCH / NOTE, note)
    return note


def _drop(out: Path, *parts: str) -> None:
    for part in parts:
        shutil.rmtree(out / part, ignore_errors=True)
