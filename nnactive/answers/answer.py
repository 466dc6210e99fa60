"""What a method's process answers: patches, or why there are none; and how it is read.

Plain JSON of a few types. Its reader trusts nothing in it but that the method's process wrote it.
"""

import json
import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal, get_args

from nnactive.answers.plain import UnbelievableError, parse_plain, read_plain
from nnactive.geometry import Patch, Triple
from nnactive.texts import plain

Kind = Literal["contract", "crash", "memory", "step"]
"""Whose fault an error is: the method's answer, its code, its need of memory, or, as it says, the
step's own, which is to be checked."""
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
ANSWER: Final = "answer.json"
STATE: Final = "state.json"
LONGEST_TEXT: Final = 500
LONGEST_CASE: Final = 200
MOST_DEVICE_GIB: Final = 4096.0
DEEPEST: Final = 4
"""The object, its patches, a patch, a triple."""
DEVICE: Final = re.compile(r"[a-z]{1,10}(:\d{1,3})?")
_FIELDS: Final = frozenset({"patches", "error", "part", "device", "device_memory_gib"})


@dataclass(frozen=True)
class Problem:
    """Why there are no patches."""

    kind: Kind
    text: str
    """One line."""


@dataclass(frozen=True)
class Answer:
    """What a method's process says: one of patches, a problem, and that its part is done."""

    patches: tuple[Patch, ...] | None = None
    problem: Problem | None = None
    part: bool = False
    device: str = "cpu"
    """What it says that it computed on."""
    device_memory_gib: float | None = None
    """And the peak memory of that, in GiB."""


def write_answer(folder: Path, answer: Answer, state: bytes | None = None) -> None:
    """Write an answer, after the state that it saves; called by the process that isn't trusted."""
    if state is not None:
        (folder / STATE).write_bytes(state)
    patches, problem = answer.patches, answer.problem
    content = {
        "patches": None if patches is None else [[p.case, p.start, p.size] for p in patches],
        "error": None if problem is None else {"kind": problem.kind, "text": tidy(problem.text)},
        "part": answer.part,
        "device": answer.device,
        "device_memory_gib": answer.device_memory_gib,
    }
    (folder / ANSWER).write_text(json.dumps(content), encoding="utf-8")


def read_answer(folder: Path, n: int) -> Answer | None:
    """What a method's process wrote; None if it wrote nothing.

    Args:
        folder: where; no process writes there any more.
        n: patches that it should have; bounds the size of the file.

    Raises:
        UnbelievableError: if it is anything but an answer in plain types.
    """
    # Control characters and other scripts are escaped as six bytes or twelve.
    content = read_plain(folder / ANSWER, 100_000 + n * (12 * LONGEST_CASE + 200))
    if content is None:
        return None
    found = parse_plain(content, ANSWER, DEEPEST)
    if type(found) is not dict or set(found) != _FIELDS:
        raise UnbelievableError(f"{ANSWER} has other fields than an answer")
    answer = Answer(
        patches=_patches(found["patches"]),
        problem=_problem(found["error"]),
        part=found["part"] is True,
        device=_device(found["device"]),
        device_memory_gib=_memory(found["device_memory_gib"]),
    )
    given = (answer.patches is not None, answer.problem is not None, answer.part)
    if sum(given) != 1:
        raise UnbelievableError(f"{ANSWER} must have either patches or an error")
    return answer


def read_state(folder: Path, largest: int, deepest: int) -> bytes | None:
    """The state that a method's process saved; None if it saved none.

    It is read as JSON only to know that it is; what it means is for the method's next process.

    Args:
        folder: as for `read_answer`.
        largest: bytes that it may have.
        deepest: lists and objects that may lie in one another.

    Raises:
        UnbelievableError: if it is no plain file, too large, too deep, or not JSON.
    """
    content = read_plain(folder / STATE, largest)
    if content is not None:
        parse_plain(content, STATE, deepest)
    return content


def tidy(text: str) -> str:
    """A text on one line of limited length, without characters that steer a terminal."""
    return plain(text, LONGEST_TEXT)


def _patches(found: Any) -> tuple[Patch, ...] | None:
    if found is None:
        return None
    if type(found) is not list:
        raise UnbelievableError("the patches aren't a list")
    return tuple(_patch(each) for each in found)


def _patch(found: Any) -> Patch:
    if type(found) is not list or len(found) != 3:  # noqa: PLR2004  (case, start, size)
        raise UnbelievableError("a patch isn't a case id, a start and a size")
    case, start, size = found
    if type(case) is not str or len(case) > LONGEST_CASE:
        raise UnbelievableError("a patch's case id isn't a short text")
    return Patch(case, _triple(start), _triple(size))


def _triple(found: Any) -> Triple:
    plain = type(found) is list and all(type(each) is int for each in found)
    if not plain or len(found) != 3 or not all(abs(each) < 2**31 for each in found):  # noqa: PLR2004
        raise UnbelievableError("a patch's start and size aren't three whole numbers each")
    z, y, x = found
    return z, y, x


def _problem(found: Any) -> Problem | None:
    if found is None:
        return None
    if type(found) is not dict or set(found) != {"kind", "text"}:
        raise UnbelievableError("the error isn't a kind and a text")
    kind, text = found["kind"], found["text"]
    if kind not in KINDS or type(text) is not str:
        raise UnbelievableError("the error isn't of a known kind")
    return Problem(kind, tidy(text))


def _device(found: Sequence[Any]) -> str:
    if type(found) is not str or not DEVICE.fullmatch(found):
        raise UnbelievableError("the device has no name")
    return found


def _memory(found: Any) -> float | None:
    if found is None:
        return None
    if type(found) not in {int, float} or not 0 <= found <= MOST_DEVICE_GIB:
        raise UnbelievableError("the device's memory isn't a number of GiB")
    return float(found) if math.isfinite(found) else None
