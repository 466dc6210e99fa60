"""Folders of the host that a container may have."""

from collections.abc import Iterable
from pathlib import Path

from benchmark.machine.places import write_problem
from nnactive.errors import UserError


def to_read(path: Path) -> Path:
    """The real place of a folder or file that is to be read.

    Raises:
        UserError: it isn't there, can't be read, or isn't for containers.
    """
    whole = _allowed(path)
    try:
        if whole.is_dir():
            next(whole.iterdir(), None)
        else:
            whole.open("rb").close()
    except OSError as error:
        raise UserError(_refused(path, error)) from None
    return whole


def to_write(path: Path) -> Path:
    """The real place of a folder that is to be written; it is made where it is missing.

    Raises:
        UserError: it can't be made or written, or isn't for containers.
    """
    whole = _allowed(path)
    check_writable(whole, path)
    return whole


def check_writable(folder: Path, name: Path) -> None:
    """Make a folder where it is missing, and refuse one that can't be written, by its ``name``."""
    try:
        # Else the engine makes it, as root.
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise UserError(_refused(name, error)) from None
    problem = write_problem(folder)
    if problem is not None:
        raise UserError(_refused(name, problem))


def check_links(folder: Path, names: Iterable[str], option: str) -> None:
    """Refuse a folder below ``folder`` that is a link out of it: inside, it leads nowhere.

    Raises:
        UserError: names the link and where it leads.
    """
    for place in (folder / name for name in names):
        real = place.resolve()
        if not real.is_relative_to(folder.resolve()):
            raise UserError(
                f"{place}: is a link to {real}, which a container of {folder} can't follow; put "
                f"the folder itself there, or give the one that it is in with {option}"
            )


def _allowed(path: Path) -> Path:
    whole = path.absolute().resolve()
    try:
        home = Path.home().resolve()
    except RuntimeError:  # a user whom the system doesn't know, without HOME
        return whole
    if home.is_relative_to(whole):
        what = "your home folder" if whole == home else "above your home folder"
        raise UserError(f"{path}: is {what}, which no container gets; choose a folder below it")
    return whole


def _refused(path: Path, error: OSError) -> str:
    cause = error.strerror or str(error)
    return f"{path}: can't be used: {cause}; allow it or choose another folder"
