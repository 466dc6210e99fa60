"""Setting outputs aside, so that they are made again; nothing is deleted."""

from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from benchmark import layout
from nnactive.io.costs import cost_file
from nnactive.io.queries import state_file
from nnactive.io.seals import seal_file


def set_aside(root: Path, output: Path, *, keep_seal: bool = False) -> Path | None:
    """Move an output and what belongs to it below `layout.aside_folder`.

    Args:
        root: the track's folder.
        output: relative to it.
        keep_seal: whether its seal and its cost stay, which tell what it was: nothing makes it
            again, and a result names its cost.

    Returns:
        Where it lies now, relative to ``root``; None if another process has moved it.
    """
    place = _place(root, output)
    (root / place).parent.mkdir(parents=True, exist_ok=True)
    # The output first: without it, what a kill leaves behind does no harm.
    try:
        (root / output).rename(root / place)
    except FileNotFoundError:
        return None
    for file in _beside(output):
        if not (keep_seal and file in {seal_file(output), cost_file(output)}):
            with suppress(FileNotFoundError):
                (root / file).rename(root / place.parent / file.name)
    return place


def _place(root: Path, output: Path) -> Path:
    now = f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    number, place = 0, layout.aside_folder() / now / output
    while (root / place).exists():
        number += 1
        place = layout.aside_folder() / f"{now}.{number}" / output
    return place


def _beside(output: Path) -> Iterator[Path]:
    yield from (seal_file(output), cost_file(output), layout.failure_file(output))
    if (state := state_file(output)) != output:
        yield state
