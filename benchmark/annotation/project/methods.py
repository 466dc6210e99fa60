"""The METHODs of a project: query and start method, as far as they can be judged at once."""

from benchmark.submission.method_string import Method
from nnactive.errors import UserError


def checked_method(text: str, option: str) -> str:
    """A METHOD as a project file has it: its file, if it has one, by its absolute path.

    A built-in method is looked at; a file's class isn't imported, as the loop checks and freezes it
    in a box before it chooses anything.

    Args:
        text: the METHOD.
        option: ``--method`` or ``--start``; the latter needs a start method.

    Raises:
        UserError: there is no such method or parameter, it is of the other kind, or it asks for
            labels that nobody has.
    """
    try:
        return _checked(text, option)
    except UserError as error:
        raise UserError(f"{option}: {error}") from None


def _checked(text: str, option: str) -> str:
    from benchmark.submission.spec import make
    from nnactive.methods import BUILTIN, STARTS, StartMethod

    method = Method.parse(text)
    if method.file is not None:
        return method.string if method.installed else method.moved(method.file.resolve())
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
    return method.string


def _instead(option: str) -> str:
    return ", such as random_start, and say where to look with `annotate next --look`" * (
        option == "--start"
    )
