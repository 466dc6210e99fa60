"""Whether what a step reads is what the step before wrote, before it is used."""

from collections.abc import Callable, Iterable
from glob import escape
from pathlib import Path

from benchmark import layout
from benchmark.chain.aside import set_aside
from nnactive.errors import DamagedError, RefusedError, UserError
from nnactive.io.seals import contents, digest, is_intact, read_seal, seal

METHODS = layout.spec_file("any").parent
"""Its files are written as a run begins, not by a step: nothing there is set aside."""


def check_inputs(
    paths: Iterable[Path], note: Callable[[str], None] = lambda _: None
) -> dict[str, str]:
    """Compare files and folders with the seals of the steps that wrote them; reads all of them.

    What an older version wrote has no seal; it gets one, so that it is checked from now on.

    Args:
        paths: relative to the track's folder, which is the current one.
        note: told of what can't be checked.

    Returns:
        Digest of each by its path, for the seal of what is made from them.

    Raises:
        DamagedError: if one is not what its step wrote; it was set aside.
        RefusedError: if it is a file that the run itself wrote.
    """
    found: dict[str, str] = {}
    for path in paths:
        if str(path) not in found and (one := _check(path, note)) is not None:
            found[str(path)] = one
    return found


def check_intact(paths: Iterable[Path], way_out: str) -> None:
    """The same for one who only looks: nothing is set aside, and what has no seal passes.

    Raises:
        UserError: if one is not what its step wrote.
    """
    for path in paths:
        made = read_seal(path)
        if made is not None and not is_intact(path, made):
            raise UserError(f"{path}: is not what its step wrote; {way_out}")


def is_sound(root: Path, output: Path) -> bool:
    """Whether an output is there and is what its step wrote; one that isn't is set aside.

    Args:
        root: the track's folder.
        output: relative to it.
    """
    if not (root / output).exists():
        return False
    made = read_seal(root / output)
    if made is None or is_intact(root / output, made):
        return True
    set_aside(root, output)
    return False


def check_part(folder: Path, name: str) -> str | None:
    """Compare one file of a folder with the folder's seal, in place of all of them.

    Returns:
        The digest of the whole folder as it is sealed; None without a seal.

    Raises:
        DamagedError: if it isn't what the step wrote; the folder was set aside.
    """
    made = read_seal(folder)
    if made is None:
        return None
    try:
        right = contents(folder / name)[""] == made.files.get(name)
    except FileNotFoundError:
        right = False
    if not right:
        _refuse(folder)
    return made.digest


def _check(path: Path, note: Callable[[str], None]) -> str | None:
    made = read_seal(path)
    if not path.exists():
        if made is not None or _was_set_aside(path):
            raise DamagedError(f"{path}: missing; it is being made again")
        return None  # the step says what it misses
    if made is None:
        if path.parent == METHODS:
            return digest(contents(path))
        note(f"{path}: not sealed, because an older version wrote it; it can't be checked")
        return seal(path, path, {}, late=True).digest
    if not is_intact(path, made):
        _refuse(path)
    return made.digest


def _refuse(path: Path) -> None:
    if path.parent == METHODS or path.is_absolute():
        way_out = "run the same command again" if path.parent == METHODS else "remove it"
        raise RefusedError(f"{path}: is not what was written there; {way_out}")
    place = set_aside(Path(), path)
    where = f"; set aside as {place}" if place else ""
    raise DamagedError(f"{path}: is not what its step wrote{where}, and is being made again")


def _was_set_aside(path: Path) -> bool:
    return not path.is_absolute() and any(layout.aside_folder().glob(f"*/{escape(str(path))}"))
