"""METHOD strings with parameters: how they are written, and what a method is called with them."""

import hashlib
import re
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from benchmark.results import ParameterValue
from nnactive.errors import UserError

LONGEST_VALUE = 40
LONGEST_ID = 150
"""Letters of a method id, which is part of file names (at most 255)."""
LARGEST_WHOLE = 1e15
"""Below it a float that is a whole number is written without a point."""


class Asked(NamedTuple):
    """A METHOD string taken apart."""

    method: str
    """A builtin method's name, or ``path/to/file.py:Class``."""
    parameters: dict[str, str]
    """As they were written, in that order."""


def parse(text: str, more: Sequence[str] = ()) -> Asked:
    """Take a METHOD apart: ``name,parameter=value,...`` or ``path/to/file.py:Class,...``.

    Args:
        text: the METHOD. A comma in the path of the file belongs to the path.
        more: further parameters, each ``name=value``; their values may hold commas.

    Raises:
        UserError: for what isn't ``name=value``, or a parameter that is given twice.
    """
    cut = text.find(",", max(text.rfind(".py:"), 0))
    method, items = (text, []) if cut < 0 else (text[:cut], text[cut + 1 :].split(","))
    given: dict[str, str] = {}
    for item in (*items, *more):
        name, _, value = (part.strip() for part in item.partition("="))
        if not name.isidentifier() or not value:
            raise UserError(
                f"{method}: '{item.strip()}' is no parameter; write METHOD,name=value,name=value"
            )
        if name in given:
            raise UserError(f"{method}: parameter '{name}' is given twice; give it once")
        given[name] = value
    return Asked(method.strip(), given)


def joined(method: str, parameters: Mapping[str, str]) -> str:
    """The METHOD string of a method with parameters as they were written."""
    return ",".join([method, *(f"{name}={value}" for name, value in parameters.items())])


def method_id(name: str, changed: Mapping[str, ParameterValue]) -> str:
    """Id of a method: its name, and the parameters that differ from their defaults.

    Good as a file name, in a shell and in Snakemake's wildcards. A value that isn't, or is long,
    stands there by the start of its hash; so do all, where they are too many.

    >>> method_id("power_bald", {"beta": 5.0})
    'power_bald,beta=5'
    """
    texts = {key: written(value) for key, value in changed.items()}
    whole = joined(name, {key: _safe(text) for key, text in texts.items()})
    return whole if len(whole) <= LONGEST_ID else f"{name},{_short_hash(joined('', texts))}"


def display_name(name: str, changed: Mapping[str, ParameterValue]) -> str:
    """Name on the leaderboard.

    >>> display_name("power_bald", {"beta": 5.0})
    'power_bald, beta = 5'
    """
    return ", ".join([name, *(f"{key} = {written(value)}" for key, value in changed.items())])


def written(value: ParameterValue) -> str:
    """A value as it is written in a METHOD string, in one way only: 5, 5.0 and 5e0 are ``5``."""
    if isinstance(value, bool) or value is None:
        return str(value).lower()
    if isinstance(value, float):
        if value.is_integer() and abs(value) < LARGEST_WHOLE:
            return str(int(value))
        return repr(value).replace("e+", "e")
    return str(value)


def _safe(text: str) -> str:
    fits = len(text) <= LONGEST_VALUE and re.fullmatch(r"[A-Za-z0-9_.-]+", text)
    return text if fits else _short_hash(text)


def _short_hash(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
