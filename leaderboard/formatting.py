"""How figures are rounded and texts of others are cleaned: alike in files and on the page."""

import unicodedata
from collections.abc import Iterable
from decimal import ROUND_HALF_UP, Decimal

from leaderboard.model import Column, Value

MISSING = "n/a"
NAME_LENGTH = 60
"""Characters of a name that the page shows."""
BADGE_TEXTS = {"oracle": "uses ground truth"}
"""What readers see instead of a badge's name."""
DECIMALS = {"%": 1, "s": 1, "h": 1, "GiB": 1, "voxels": 0, "patches": 0}
"""Decimals shown by unit; ``PLAIN`` for a figure without a unit."""
PLAIN = 2
FURTHER = (2, 4, 9)
"""Extra decimals kept in files: the first number of them that rounds to what is shown."""


def plain(text: str, limit: int = 400) -> str:
    """One line of visible text: white space collapsed, control and direction marks dropped.

    Everything that a submission supplies (names, error texts) passes through here once; the page
    escapes markup.
    """
    spaced = " ".join(text.split())
    kept = "".join(c for c in spaced if not unicodedata.category(c).startswith("C"))
    return kept if len(kept) <= limit else kept[: limit - 1] + "\N{HORIZONTAL ELLIPSIS}"


def count(value: float) -> str:
    """A whole number with narrow spaces between thousands."""
    return f"{value:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def counted(number: int, thing: str) -> str:
    """``1 setting``, ``2 settings``."""
    return f"{count(number)} {thing}{'' if number == 1 else 's'}"


def badge_text(name: str) -> str:
    """A badge as readers see it."""
    return BADGE_TEXTS.get(name, name)


def listed(values: Iterable[int]) -> str:
    """Whole numbers as ``1, 2, 3``."""
    return ", ".join(str(value) for value in values)


def number(value: float, unit: str) -> float | int:
    """The value as written to files: two more decimals than shown, none for whole numbers.

    More decimals where two would change what is shown (84.2496 is not 84.25, which reads 84.3).

    >>> number(84.24961, "%"), number(12.0, "%"), number(84.31649, "%")
    (84.24961, 12, 84.316)
    """
    decimals = DECIMALS.get(unit, PLAIN)
    if not decimals:
        return int(_rounded(value, 0))
    kept = value
    for further in FURTHER:
        kept = round(value, decimals + further)
        if _rounded(kept, decimals) == _rounded(value, decimals):
            break
    return int(kept) if kept == int(kept) else kept


def shown(value: float, unit: str) -> str:
    """The value as readers see it: halves rounded up, narrow spaces between thousands.

    >>> shown(84.25, "%"), shown(0.125, ""), shown(1234.5, "s")
    ('84.3', '0.13', '1\u202f234.5')
    """
    text = str(_rounded(value, DECIMALS.get(unit, PLAIN)))
    whole, point, rest = text.partition(".")
    return ("-" if whole.startswith("-") else "") + count(abs(int(whole))) + point + rest


def beside(value: Value, column: Column) -> str:
    r"""The interval or spread shown with a mean; empty if there is neither.

    >>> score = Column("score", "Score", "%", "", higher_is_better=True)
    >>> beside(Value(50, 1.25, 49.01, 51.26), score), beside(Value(50, 1.25), score)
    ('49.0\u201351.3', '\xb1 1.3')
    """
    spread = (
        "" if value.spread is None else f"\N{PLUS-MINUS SIGN} {shown(value.spread, column.unit)}"
    )
    if value.low is None or value.high is None or (spread and column.beside == "spread"):
        return spread
    return f"{shown(value.low, column.unit)}\N{EN DASH}{shown(value.high, column.unit)}"


def _rounded(value: float, decimals: int) -> Decimal:
    rounded = Decimal(value).quantize(Decimal(1).scaleb(-decimals), ROUND_HALF_UP)
    return rounded or abs(rounded)
