"""What runs in a box: the author's code, and what writes down its answer.

Nobody believes what these functions write, as the author's code can change them.
"""

import os
import sys
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmark.execution.ends import failure_kind
from nnactive.answers.answer import Answer, Kind, Problem, write_answer
from nnactive.errors import FULL, MethodError, NnactiveError, PredictionError, described

DEBUG = "NNACTIVE_DEBUG"
"""Environment variable; if set and not empty, tracebacks are shown."""

Work = Callable[[], tuple[Answer, bytes | None]]
"""Runs the author's code; returns the answer, and the state that it saves."""


def answer_in(folder: Path, work: Work) -> None:
    """Write what ``work`` answers, or why it doesn't."""
    state = None
    try:
        answer, state = work()
    except BaseException as error:  # noqa: BLE001  (the author's code may raise anything)
        if os.environ.get(DEBUG):
            traceback.print_exc()
        answer = Answer(problem=problem_of(error))
    write_answer(folder, answer, state)
    sys.stdout.flush()


def problem_of(error: BaseException) -> Problem:
    """An error that ended a method, in words, and whose fault it seems to be."""
    text = str(error) if isinstance(error, NnactiveError) else described(error)
    return Problem(_kind(error), text or type(error).__name__)


def _kind(error: BaseException) -> Kind:
    found = failure_kind(error)
    if found in {"contract", "memory"}:
        return "contract" if found == "contract" else "memory"
    if isinstance(error, MethodError | PredictionError):
        full = any(isinstance(each, OSError) and each.errno in FULL for each in _causes(error))
        return "step" if full else "crash"
    if isinstance(error, NnactiveError) or (isinstance(error, OSError) and error.errno in FULL):
        return "step"
    return "crash"


def _causes(error: BaseException) -> Iterator[BaseException]:
    seen: list[BaseException] = []
    each: BaseException | None = error
    while each is not None and each not in seen:
        seen.append(each)
        yield each
        each = each.__cause__
