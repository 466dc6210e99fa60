"""Ask a METHOD's code for one answer, in a box."""

import os
import tempfile
import traceback
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Final, TypeVar

from pydantic import BaseModel, ValidationError

from benchmark.execution.ends import left
from benchmark.firewall.box import Box, Ended
from benchmark.firewall.run import run_boxed
from benchmark.firewall.ways import best_way
from benchmark.submission.method_string import Method
from nnactive.answers.plain import UnbelievableError, parse_plain, read_plain
from nnactive.errors import NnactiveError, UserError, described
from nnactive.io.files import first_problem
from nnactive.io.models import Frozen
from nnactive.texts import plain

Model = TypeVar("Model", bound=BaseModel)

MOST_BYTES: Final = 4 * 2**20
"""Of an answer: a demand of each query of a track is far smaller."""
MOST_CHARACTERS: Final = 1000
"""Of an error."""
MOST_OF_TRACE: Final = 20_000
"""Characters of a traceback."""
ANSWER: Final = "answer.json"
ERROR: Final = "error.json"
DEEPEST: Final = 12
"""Lists and objects in one another: a pair's description has six."""


class Refusal(Frozen):
    """Why there is no answer."""

    cause: str
    """In one line."""
    trace: str = ""


class BoxedError(UserError):
    """The error of an author's code, told by a boxed process."""

    def __init__(self, cause: str, trace: str = "") -> None:
        super().__init__(cause)
        self.trace = trace


def ask(
    kind: type[Model],
    method: Method,
    work: Callable[[], Model],
    reads: tuple[Path, ...] | None = None,
) -> Model:
    """What ``work`` returns in a box that sees the frozen copy of a METHOD alone.

    What is printed there is lost.

    Args:
        kind: of the answer.
        method: the METHOD.
        work: imports the author's code, there.
        reads: what the box sees instead, beside the installation.

    Raises:
        BoxedError: if it raises, ends its process, or returns something else.
    """
    with tempfile.TemporaryDirectory(prefix="nnactive-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve() / "out"
        folder.mkdir()
        box = Box(reads=reads_of(method) if reads is None else reads, writes=(folder,))
        ended = run_boxed(box, partial(_answer, work, folder), best_way())
        refused = read_plain(folder / ERROR, MOST_BYTES)
        if refused is not None:
            told = parse(Refusal, refused, ERROR)
            raise BoxedError(plain(told.cause, MOST_CHARACTERS), shown(told.trace))
        content = read_plain(folder / ANSWER, MOST_BYTES) if ended.code == 0 else None
    if content is None:
        raise BoxedError(f"{method.string}: {how(ended)}")
    return parse(kind, content, ANSWER)


def parse(kind: type[Model], content: bytes, name: str) -> Model:
    """JSON that a box has written as a model.

    Raises:
        UnbelievableError: if it isn't one.
    """
    parse_plain(content, name, DEEPEST)
    try:
        return kind.model_validate_json(content)
    except ValidationError as error:
        raise UnbelievableError(f"{name}: {first_problem(error)}") from None


def reads_of(method: Method) -> tuple[Path, ...]:
    """What a box must see to import a METHOD, beside the installation."""
    if method.copy is None:
        return ()
    author = Path(method.copy.author) if method.copy.author else None
    # Tracebacks and errors name the author's file.
    shown = (author.resolve(),) if author and author.is_file() else ()
    return (method.copy.folder.resolve(), *shown)


def shown(trace: str) -> str:
    """A traceback without control characters."""
    return "".join(c for c in trace[:MOST_OF_TRACE] if c.isprintable() or c == "\n")


def how(ended: Ended) -> str:
    """How a boxed process ended too early, in one line."""
    if ended.breach:
        return f"its process {ended.breach.reason}"
    if ended.code == 1 and not ended.returned:
        return "its process ended from within, as by os._exit"
    return left(ended.code)


def quiet() -> None:
    """Throw away what this process prints from now on."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1)
    os.dup2(nothing, 2)
    os.close(nothing)


def _answer(work: Callable[[], BaseModel], folder: Path) -> None:
    """Write an answer, or why there is none; runs in the box."""
    quiet()
    try:
        text = work().model_dump_json()
    except BaseException as error:  # noqa: BLE001  (the author's code may raise anything)
        cause = str(error) if isinstance(error, NnactiveError) else described(error)
        trace = "".join(traceback.format_exception(error))[-MOST_OF_TRACE:]
        refusal = Refusal(cause=cause[:MOST_CHARACTERS], trace=trace)
        # A lone surrogate can't be written; then how the process ended must do.
        with suppress(ValueError):
            (folder / ERROR).write_text(refusal.model_dump_json(), encoding="utf-8")
    else:
        (folder / ANSWER).write_text(text, encoding="utf-8")
