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
    from benchmark.submission.spec import make
    from nnactive.methods import StartMethod

    method = Method.parse(text)
    if method.file is not None:
        return method.string if method.installed else method.moved(method.file.resolve())
    _, found = make(method)
    starts = isinstance(found, StartMethod)
    if starts != (option == "--start"):
        kind, other = ("start", "--start") if starts else ("query", "--method")
        raise UserError(f"{option}: {text} is a {kind} method; give it with {other}")
    if found.oracle:
        raise UserError(
            f"{option}: {text} places patches by complete label maps, which an unlabelled project "
            f"hasn't; choose another{_instead(option)}"
        )
    return method.string


def _instead(option: str) -> str:
    return ", such as random_start, and say where to look with `annotate next --look`" * (
        option == "--start"
    )
