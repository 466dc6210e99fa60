"""Read a stranger's JSON: limits of size, depth and numbers, and no more than the first error."""

import json
import math
import os
import re
import stat
from collections import defaultdict
from contextlib import suppress
from copy import deepcopy
from functools import cache
from itertools import chain
from pathlib import Path
from typing import Any, Final, NoReturn, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import SchemaValidator, from_json

from nnactive.errors import UserError
from nnactive.io.files import first_problem
from nnactive.io.models import fields_of

Model = TypeVar("Model", bound=BaseModel)

MOST_BYTES: Final = 8 << 20
"""Of a JSON file; results of the largest track have less than 2 MiB."""
MOST_DIGITS: Final = 19
"""Of a whole number: a time in nanoseconds has as many."""
MOST_KEYS: Final = 10_000
MOST_LEVELS: Final = 12
LONGEST_TEXT: Final = 10_000
"""Characters of one string."""
FIRST_TOO_LARGE: Final = 10**MOST_DIGITS
KEY: Final = re.compile(r'"\s*:')
"""The end of a key; in a string, what looks like one."""
SURROGATE: Final = re.compile(r"\\u[dD][89a-fA-F]")
"""The escape of a surrogate, lone or not."""


def read_bounded(path: Path, kind: type[Model], most_bytes: int = MOST_BYTES) -> Model:
    """The model stored in a file that anybody may have written.

    Memory and time are bounded by ``most_bytes``, whatever the file holds.

    Raises:
        NewerFileError: if a newer release wrote the file.
        UserError: if it isn't such a file; one short line that doesn't name the path.
    """
    return parse_bounded(bounded_text(path, most_bytes), kind)


def parse_bounded(text: str, kind: type[Model]) -> Model:
    """The model of a text from a file that anybody may have written.

    Raises:
        NewerFileError: if a newer release wrote it.
        UserError: if it isn't such a model; one short line.
    """
    content = bounded_json(text)
    try:
        fields = fields_of(kind, content)
        found: Model = _fail_fast(kind).validate_python(fields)
    except ValidationError as error:
        raise UserError(first_problem(error)[:400]) from None
    return found


def bounded_text(path: Path, most_bytes: int = MOST_BYTES) -> str:
    """Text of a regular file, UTF-8 with or without a byte order mark.

    Raises:
        UserError: if it is no such file, or larger than ``most_bytes``.
    """
    return decoded(bounded_bytes(path, most_bytes))


def decoded(content: bytes) -> str:
    """Text of a file's bytes, UTF-8 with or without a byte order mark.

    Raises:
        UserError: if they aren't text.
    """
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise UserError(f"byte {error.start} isn't UTF-8") from None


def bounded_bytes(path: Path, most_bytes: int = MOST_BYTES) -> bytes:
    """Content of a regular file.

    Raises:
        UserError: if it is no such file, or larger than ``most_bytes``.
    """
    try:
        # Neither follows a link nor waits for the other end of a pipe.
        number = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
        with os.fdopen(number, "rb") as file:
            if not stat.S_ISREG(os.fstat(number).st_mode):
                raise UserError("not a regular file")
            content = file.read(most_bytes + 1)
    except FileNotFoundError:
        raise UserError("no such file") from None
    except OSError as error:
        raise UserError(f"can't be read ({error.strerror})") from None
    if len(content) > most_bytes:
        raise UserError(f"larger than {most_bytes / 2**20:g} MiB")
    return content


def bounded_json(text: str) -> Any:
    """Content of a JSON text.

    Raises:
        UserError: if it isn't JSON, or exceeds a limit of this module.
    """
    with suppress(ValueError):
        content = from_json(text, allow_inf_nan=False)
        # A key more in the text is there twice, or only looks like one.
        if _keys(content) == len(KEY.findall(text)):
            return content
    return _slowly(text)


def _slowly(text: str) -> Any:
    """As `bounded_json`, in ten times the time: with the words for what is wrong."""
    try:
        content = json.loads(
            text,
            object_pairs_hook=_unique,
            parse_int=_whole,
            parse_float=_finite,
            parse_constant=_constant,
        )
    except RecursionError:
        raise UserError("not valid JSON (nested too deeply)") from None
    except ValueError as error:
        raise UserError(f"not valid JSON ({error})") from None
    _check(content, surrogates=SURROGATE.search(text) is not None)
    return content


def _keys(content: Any) -> int:
    """How many keys a content has; -1 if it may exceed a limit.

    Lists of whole numbers or of texts, which are most of a result, are looked at as a whole.
    """
    count, siblings = 0, [content]
    for level in range(MOST_LEVELS + 1):
        found: dict[type, list[Any]] = defaultdict(list)
        for each in siblings:
            found[type(each)].append(each)
        objects, lists = found[dict], found[list]
        texts = [*found[str], *chain.from_iterable(objects)]
        count += len(texts) - len(found[str])
        siblings = [*chain.from_iterable(each.values() for each in objects)]
        numbers = found[int]
        for items in lists:
            kinds = {*map(type, items)}
            if kinds == {int}:
                numbers += (min(items), max(items))
            elif kinds == {str}:
                texts.append(max(items, key=len))
            else:
                siblings += items
        if (
            (level == MOST_LEVELS and (objects or lists))
            or max(map(len, objects), default=0) > MOST_KEYS
            or max(map(len, texts), default=0) > LONGEST_TEXT
            or not all(-FIRST_TOO_LARGE < each < FIRST_TOO_LARGE for each in numbers)
            or not all(map(math.isfinite, found[float]))
        ):
            return -1
    return count


def _check(content: Any, *, surrogates: bool) -> None:
    """Refuse what is nested too deeply, and strings that are too long or can't be written."""
    waiting = [(content, 0)]
    while waiting:
        value, level = waiting.pop()
        if isinstance(value, str):
            _check_text(value, surrogates=surrogates)
        elif isinstance(value, (dict, list)):
            if level == MOST_LEVELS:
                raise UserError(f"nested more than {MOST_LEVELS} levels deep")
            inner = value if isinstance(value, list) else (*value, *value.values())
            waiting += [(each, level + 1) for each in inner if isinstance(each, (str, dict, list))]


def _check_text(text: str, *, surrogates: bool) -> None:
    if len(text) > LONGEST_TEXT:
        raise UserError(f"a text of more than {LONGEST_TEXT:,} characters")
    if surrogates:
        try:
            text.encode()
        except UnicodeEncodeError:
            raise UserError("a text that isn't Unicode (half of a surrogate pair)") from None


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(pairs) > MOST_KEYS:
        raise UserError(f"an object of more than {MOST_KEYS:,} fields")
    content = dict(pairs)
    if len(content) < len(pairs):
        seen = set[str]()
        twice = next(name for name, _ in pairs if name in seen or seen.add(name))  # type: ignore[func-returns-value]
        raise UserError(f"duplicate key {json.dumps(twice[:60])}")
    return content


def _whole(digits: str) -> int:
    if len(digits.lstrip("-")) > MOST_DIGITS:
        raise UserError(f"a number of more than {MOST_DIGITS} digits")
    return int(digits)


def _finite(digits: str) -> float:
    value = float(digits[:400])
    if not math.isfinite(value):
        raise UserError(f"a number that isn't finite: {digits[:40]}")
    return value


def _constant(name: str) -> NoReturn:
    raise UserError(f"{name}, which JSON doesn't have")


@cache
def _fail_fast(kind: type[BaseModel]) -> SchemaValidator:
    """The model's validator, but sequences end at their first wrong item.

    Otherwise a megabyte of wrong items makes a gigabyte of errors.
    """
    schema = deepcopy(kind.__pydantic_core_schema__)
    waiting: list[Any] = [schema]
    while waiting:
        part = waiting.pop()
        if isinstance(part, dict):
            if part.get("type") in {"list", "tuple", "set", "frozenset"}:
                part["fail_fast"] = True
            waiting += part.values()
        elif isinstance(part, (list, tuple)):
            waiting += part
    # With what pydantic has built for the nested models, the change would be lost.
    return SchemaValidator(schema, None, _use_prebuilt=False)
