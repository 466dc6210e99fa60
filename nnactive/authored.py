"""Modules of a submission: which they are, the files that come with them, and where an error began.

Whoever imports an author's code marks each of its modules. So whatever runs that code can name the
author's line, find the submission's files, and tell one version of it from another.
"""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import Final

MARK: Final = "__nnactive_authored__"
"""Name in a module's globals under which its `Authored` is."""


@dataclass(frozen=True)
class Authored:
    """What is known of a module of a submission."""

    file: str
    """Its path within the submission, such as ``mine.py``."""
    digest: str
    """Hash of the whole submission."""
    files: Mapping[str, Path] = field(default_factory=dict)
    """Frozen copies of the files that its ``submission.yaml`` lists, by name."""


def authored(kind: type) -> Authored | None:
    """The mark of the module that defines a class; None for one that isn't submitted."""
    found = vars(sys.modules.get(kind.__module__, sys)).get(MARK)
    return found if isinstance(found, Authored) else None


def files_of(kind: type) -> Mapping[str, Path]:
    """The files that come with a class: frozen copies, by name; none for a built-in one."""
    found = authored(kind)
    return found.files if found else {}


def place_of(error: BaseException) -> str:
    """Where in the author's code an error began: ``mine.py:12 in score``; empty if nowhere."""
    place = ""
    for each in _causes(error):
        place = _innermost(each.__traceback__) or place
    return place


def with_place(text: str, error: BaseException) -> str:
    """A message with the place at its end, unless it names it already."""
    place = place_of(error)
    return text if not place or place in text else f"{text} ({place})"


def place_in(frame: FrameType, line: int) -> str:
    """A line of a frame, if that runs an author's code; otherwise empty."""
    found = frame.f_globals.get(MARK)
    if not isinstance(found, Authored):
        return ""
    return f"{found.file}:{line} in {frame.f_code.co_name}"


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """The error, what caused it, and so on: the root is the last."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        hidden = error.__suppress_context__
        error = error.__cause__ or (None if hidden else error.__context__)


def _innermost(trace: TracebackType | None) -> str:
    place = ""
    while trace is not None:
        place = place_in(trace.tb_frame, trace.tb_lineno) or place
        trace = trace.tb_next
    return place
