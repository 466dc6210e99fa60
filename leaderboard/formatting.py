"""How a page writes numbers and what others wrote."""

import unicodedata
from collections.abc import Iterable

MISSING = "n/a"
NAME_LENGTH = 60
"""Letters of a name that the page shows."""


def plain(text: str, limit: int = 400) -> str:
    """One line of visible text: white space collapsed, control and direction marks dropped.

    What a submission brings (names, error texts) passes here once; markup is escaped by the page.
    """
    spaced = " ".join(text.split())
    kept = "".join(c for c in spaced if not unicodedata.category(c).startswith("C"))
    return kept if len(kept) <= limit else kept[: limit - 1] + "\N{HORIZONTAL ELLIPSIS}"


def percent(value: float) -> str:
    """A share as percent with one decimal."""
    return f"{100 * value:.1f}"


def count(value: float) -> str:
    """A whole number with narrow spaces between thousands."""
    return f"{value:,.0f}".replace(",", "\N{NARROW NO-BREAK SPACE}")


def counted(number: int, thing: str) -> str:
    """``1 setting``, ``2 settings``."""
    return f"{count(number)} {thing}{'' if number == 1 else 's'}"


def seconds(value: float) -> str:
    """Seconds: one decimal below 100, none above."""
    return f"{value:.1f}" if value < 100 else count(value)  # noqa: PLR2004


def listed(values: Iterable[int]) -> str:
    """Whole numbers as ``1, 2, 3``."""
    return ", ".join(str(value) for value in values)
