"""Several METHODs from one string: ``name,beta=1|5|20`` is a METHOD for each value."""

from collections.abc import Iterable, Sequence
from itertools import product
from typing import Final

from benchmark.submission.method_string import Method
from nnactive.errors import UserError

OR: Final = "|"
"""Separates the values of a parameter."""
MOST: Final = 100
"""METHODs that one string may stand for."""


def swept(strings: Iterable[str], options: Sequence[str] = ()) -> list[Method]:
    """The METHODs that strings stand for, in order, the last parameter's values changing first.

    Args:
        strings: each a METHOD, with one value or several for a parameter: ``beta=1|5``.
        options: parameters given beside the string, each ``name=value``; not swept.

    Raises:
        UserError: a string that isn't a METHOD, an empty value, or too many METHODs.
    """
    return [method for text in strings for method in _methods(text, options)]


def _methods(text: str, options: Sequence[str]) -> list[Method]:
    whole = Method.parse(text, options)
    beside = {option.partition("=")[0].strip() for option in options}
    inline = {key: value for key, value in whole.parameters.items() if key not in beside}
    if not any(OR in value for value in inline.values()):
        return [whole]
    choices = {key: [each.strip() for each in value.split(OR)] for key, value in inline.items()}
    for key, values in choices.items():
        if "" in values:
            raise UserError(f"{text}: parameter '{key}' has an empty value; write {key}=1{OR}5")
    combinations = list(product(*choices.values()))
    if len(combinations) > MOST:
        raise UserError(
            f"{text}: stands for {len(combinations):,} methods, at most {MOST} are allowed; "
            "give fewer values"
        )
    return [
        Method.parse(",".join([whole.origin, *map("=".join, pairs)]), options)
        for pairs in (zip(choices, each, strict=True) for each in combinations)
    ]
