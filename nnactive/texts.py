"""Texts that others supply, made fit for a line of a message or a page."""

import unicodedata
from typing import Final

HIDDEN: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})
"""Unicode categories of what can't be seen, or changes how the rest is shown."""


def plain(text: str, limit: int = 400) -> str:
    r"""One line of visible text: white space collapsed, control and direction marks dropped.

    What others supply (names, error texts) passes through here once; a page escapes its markup.

    Args:
        text: of any length; no more of it than can be shown is looked at.
        limit: characters that may come back.

    >>> plain("two\n lines\x00")
    'two lines'
    """
    start = text[: 4 * limit]
    words = ("".join(c for c in word if not is_hidden(c)) for word in start.split())
    kept = " ".join(filter(None, words))
    whole = len(kept) <= limit and len(start) == len(text)
    return kept if whole else kept[: limit - 1] + "\N{HORIZONTAL ELLIPSIS}"


def is_hidden(character: str) -> bool:
    """Whether a character can't be seen, or changes how the rest is shown."""
    return unicodedata.category(character) in HIDDEN
