"""Loop files: the patches of one loop, enough to replay a run without the method's code."""

from collections.abc import Sequence
from pathlib import Path

from nnactive.geometry import Patch, Triple
from nnactive.io.files import read_model, write_model
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


class Query(StateFile):
    """Patches that one loop adds; those of loop 0 are the starting budget."""

    dataset: str
    setting: str
    method: str
    """Method id; for loop 0 ``START``, or the id of a start method other than the protocol's."""
    seed: int
    loop: int
    patches: tuple[PatchRecord, ...]


def record(patches: list[Patch]) -> tuple[PatchRecord, ...]:
    """Patches as stored, in the order of their choice."""
    return tuple(PatchRecord(case=p.case, start=p.start, size=p.size) for p in patches)


def save_query(path: Path, query: Query) -> None:
    """Write one loop's patches atomically."""
    write_model(path, query)


def load_query(path: Path) -> Query:
    """Read one loop's patches; a ``UserError`` if the file is broken."""
    return read_model(path, Query)


def load_patches(paths: Sequence[Path]) -> list[Patch]:
    """All patches of the given loop files, in loop order."""
    queries = sorted((load_query(path) for path in paths), key=lambda query: query.loop)
    return [Patch(p.case, p.start, p.size) for query in queries for p in query.patches]
