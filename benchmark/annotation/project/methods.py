"""The METHODs of a project: query and start method, and the copies of those that a person wrote."""

from pathlib import Path, PurePosixPath

from benchmark.annotation.project.places import METHODS, Places, load_project
from benchmark.submission.files.frozen import FILES, keep, read_copy
from benchmark.submission.method_string import Method
from nnactive.errors import UserError


def checked_method(text: str, option: str) -> Method:
    """A METHOD that a project may have; a submitted one is frozen for this process.

    A built-in method is looked at; a file's class isn't imported, as the loop checks it in a box
    before it chooses anything.

    Args:
        text: the METHOD.
        option: ``--method`` or ``--start``; the latter needs a start method.

    Raises:
        UserError: there is no such method or parameter, it is of the other kind, it asks for labels
            that nobody has, or its files can't be frozen.
    """
    try:
        return _checked(text, option)
    except UserError as error:
        raise UserError(f"{option}: {error}") from None


def kept_method(places: Places, method: Method) -> str:
    """A METHOD as a project file has it: a submitted one by its copy in the project's folder.

    Args:
        places: of the project.
        method: that `checked_method` returned.
    """
    copy = method.copy
    if copy is None:
        return method.string
    keep(copy, places.methods / method.base_id, {})
    return method.moved(PurePosixPath(METHODS, method.base_id, FILES, copy.bundle.entry))


def method_of(places: Places, text: str) -> Method:
    """The METHOD that a project file names, with its frozen copy where the project has one.

    Args:
        places: of the project.
        text: from the project file; a path that a person has put there leads to their own file.

    Raises:
        UserError: there is no such method, or the copy was changed.
    """
    if not is_kept(text):
        return Method.parse(text)
    root = places.root.resolve()
    folder = root.joinpath(*PurePosixPath(text).parts[:2])
    method = Method.parse(str(root / text), frozen=folder)
    try:
        read_copy(folder).check()
    except UserError as error:
        cause = str(error).partition("; ")[0]
        raise UserError(
            f"{cause}; put back what init copied, or name your own file in {places.project}"
        ) from None
    return method


def project_methods(root: Path) -> list[Method]:
    """Start and query method of the project in a folder, if there is one.

    Raises:
        UserError: as `method_of`, or the project file is wrong.
    """
    places = Places(root)
    if not places.project.is_file():
        return []
    project = load_project(root)
    return [method_of(places, text) for text in (project.start, project.method)]


def is_kept(text: str) -> bool:
    """Whether a project file's METHOD is a copy in the project's folder."""
    return text.startswith(f"{METHODS}/")


def _checked(text: str, option: str) -> Method:
    from benchmark.submission.spec import make
    from nnactive.methods import BUILTIN, STARTS, StartMethod

    method = Method.parse(text)
    if method.file is not None:
        return method.staged()
    if method.name not in {*BUILTIN, *STARTS}:
        known = STARTS if option == "--start" else BUILTIN
        names = sorted(name for name, each in known.items() if not each.oracle)
        raise UserError(
            f"unknown method '{method.name}'; choose from {', '.join(names)}, or give "
            "path/to/file.py:Class"
        )
    _, found = make(method)
    starts = isinstance(found, StartMethod)
    if starts != (option == "--start"):
        kind, other = ("start", "--start") if starts else ("query", "--method")
        raise UserError(f"{text} is a {kind} method; give it with {other}")
    if found.oracle:
        raise UserError(
            f"{text} places patches by complete label maps, which an unlabelled project "
            f"hasn't; choose another{_instead(option)}"
        )
    return method


def _instead(option: str) -> str:
    return ", such as random_start, and say where to look with `annotate next --look`" * (
        option == "--start"
    )
