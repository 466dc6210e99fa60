"""Files that an untrusted process wrote: bytes of limited size, JSON of limited depth."""

import json
import os
import re
import stat
from pathlib import Path
from typing import Any, Final, NoReturn

from nnactive.errors import UserError

OPENING: Final = re.compile(rb'"[^"\\]*+(?:\\.[^"\\]*+)*+(?:"|\Z)|[\[\]{}]', re.DOTALL)
"""A string, which may hold brackets, or a bracket. Nothing in it is tried twice, so that no text
takes long."""
CONTAINERS: Final = 1_000_000
"""Lists and objects that a file may hold; each takes memory, however small its text is."""


class UnbelievableError(UserError):
    """What an untrusted process wrote isn't what it may write; says what is wrong."""


def read_plain(file: Path, largest: int) -> bytes | None:
    """The content of a regular file; None if there is none.

    Args:
        file: in a folder that no process writes to any more.
        largest: bytes that it may have.

    Raises:
        UnbelievableError: if it is a link, a pipe or anything else, or too large.
    """
    name = file.name
    try:
        # Nonblocking, as a pipe that nobody writes to would wait for ever.
        opened = os.open(file, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise UnbelievableError(f"{name} can't be read ({error.strerror})") from None
    found = os.fstat(opened)
    if not stat.S_ISREG(found.st_mode) or found.st_nlink != 1:
        os.close(opened)
        raise UnbelievableError(f"{name} isn't a plain file")
    with os.fdopen(opened, "rb") as stream:
        content = stream.read(largest + 1)
    if len(content) > largest:
        raise UnbelievableError(f"{name} is larger than {largest} bytes")
    return content


def parse_plain(content: bytes, name: str, deepest: int) -> Any:
    """The JSON in some bytes.

    Args:
        content: the bytes.
        name: names them in messages.
        deepest: lists and objects that may lie in one another.

    Raises:
        UnbelievableError: if it isn't JSON, is nested deeper, or has a key twice or a number that
            JSON lacks.
    """
    _check_depth(content, name, deepest)
    try:
        return json.loads(content.decode(), object_pairs_hook=_once, parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise UnbelievableError(f"{name} isn't JSON ({error})") from None


def _check_depth(content: bytes, name: str, deepest: int) -> None:
    depth = containers = 0
    for found in OPENING.finditer(content):
        first = content[found.start()]
        if first in b"[{":
            depth, containers = depth + 1, containers + 1
        elif first in b"]}":
            depth -= 1
        if depth > deepest:
            raise UnbelievableError(f"{name} is nested deeper than {deepest} levels")
        if containers > CONTAINERS:
            raise UnbelievableError(f"{name} holds more than {CONTAINERS:,} lists and objects")


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise ValueError("a key appears twice")
    return found


def _no_number(text: str) -> NoReturn:
    raise ValueError(f"{text} isn't a number in JSON")
