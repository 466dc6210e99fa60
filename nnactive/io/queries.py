"""Loop files: the patches of one loop, enough to replay a run without the method's code."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import SerializerFunctionWrapHandler, model_serializer

from nnactive.answers.isolation import Isolation
from nnactive.errors import UserError
from nnactive.geometry import Patch, Triple
from nnactive.io.files import read_model, write_bytes, write_model
from nnactive.io.models import Frozen, StateFile

START = "start"
"""Method id of loop 0, which all methods share."""
PROTOCOL_START = "foreground33"
"""Id of the start method that makes the protocol's starting budget (section 4)."""


class PatchRecord(Frozen):
    """A patch as stored: case id, start and size in voxels, (z, y, x)."""

    case: str
    start: Triple
    size: Triple


class ChosenIn(Frozen):
    """Where patches were chosen, if not by the experiment itself."""

    track: str
    """Name of the track whose run chose them."""
    digest: str
    """SHA-256 of its loop file."""


class Query(StateFile):
    """Patches that one loop adds; those of loop 0 are the starting budget."""

    dataset: str
    setting: str
    method: str
    """Method id; for loop 0 ``START``, or the id of a start method other than the protocol's."""
    seed: int
    loop: int
    patches: tuple[PatchRecord, ...]
    state: str | None = None
    """SHA-256 of the state that the query saved for the next one, in `state_file`; None, and not
    in the file, if it saved none."""
    isolation: Isolation | None = None
    """How the code that chose them was kept from labels; None, and not in the file: written before
    this was recorded."""
    chosen_in: ChosenIn | None = None
    """Another track's loop file that they were taken from; None, and not in the file: the method
    chose them here."""

    @model_serializer(mode="wrap")
    def _without_none(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        content: dict[str, Any] = handler(self)
        return {key: value for key, value in content.items() if value is not None}


def record(patches: list[Patch]) -> tuple[PatchRecord, ...]:
    """Patches as stored, in the order of their choice."""
    return tuple(PatchRecord(case=p.case, start=p.start, size=p.size) for p in patches)


def save_query(path: Path, query: Query, state: bytes | None = None) -> None:
    """Write one loop's patches atomically, after the state that its query saved.

    A state counts only if a loop file records its hash, so an interruption in between leaves none.
    """
    file = state_file(path)
    if state is None:
        file.unlink(missing_ok=True)
    else:
        write_bytes(file, state)
        query = query.model_copy(update={"state": hashlib.sha256(state).hexdigest()})
    write_model(path, query)


def state_file(path: Path) -> Path:
    """File of the state that a query saved, beside its loop file or that one's draft."""
    return path.with_name(f"{path.name.removeprefix('.').removesuffix('.json')}.state.json")


def load_state(paths: Sequence[Path], method: str) -> bytes | None:
    """The state that the latest of the given queries saved; None if it saved none.

    Args:
        paths: the loop files so far.
        method: method id; another method's state is none of its own.

    Raises:
        UserError: if the file is missing or differs from what the query saved.
    """
    latest = max(paths, key=lambda path: load_query(path).loop, default=None)
    query = None if latest is None else load_query(latest)
    if latest is None or query is None or query.state is None or query.method != method:
        return None
    file = state_file(latest)
    way_out = f"restore it, or remove the loop files from loop {query.loop} on and run again"
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        raise UserError(f"{file}: missing, though loop {query.loop} saved it; {way_out}") from None
    if hashlib.sha256(content).hexdigest() != query.state:
        raise UserError(f"{file}: differs from what loop {query.loop} saved; {way_out}")
    return content


def load_query(path: Path) -> Query:
    """Read one loop's patches; a ``UserError`` if the file is broken."""
    return read_model(path, Query)


def load_patches(paths: Sequence[Path]) -> list[Patch]:
    """All patches of the given loop files, in loop order; each knows its loop."""
    queries = sorted((load_query(path) for path in paths), key=lambda query: query.loop)
    return [
        Patch(p.case, p.start, p.size, loop=query.loop) for query in queries for p in query.patches
    ]
