"""Datasets to develop methods on, and datasets to prove them: ``role`` of a dataset's card."""

import re
from collections.abc import Iterable, Iterator
from functools import cache

from nnactive.data.cards import list_cards, load_card
from nnactive.errors import UserError

ROLLOUT = "rollout"
"""The track of the datasets that only prove methods (docs/rules.md)."""
PROVING = "roll-out"
ROLES = {"dev": "development", "rollout": PROVING}
"""What readers see instead of a card's role."""


@cache
def role_of(dataset: str) -> str:
    """``development`` or ``roll-out``; empty for a dataset that has no role or no card."""
    try:
        return ROLES.get(load_card(dataset).role or "", "")
    except UserError:
        return ""


def proving_datasets(texts: Iterable[str]) -> frozenset[str]:
    """The roll-out datasets that texts name; all of them if one names the roll-out as a whole.

    >>> sorted(proving_datasets(["MAMA-MIA, 20 cases", "wordnet", "acdc"]))
    ['mama_mia']
    >>> sorted(proving_datasets(["roll-out"]))
    ['lits', 'mama_mia', 'toothfairy2', 'word']
    """
    named = {name for text in texts for name in _names(text)}
    known = _proving()
    if ROLLOUT in named:
        return frozenset(known.values())
    return frozenset(dataset for name, dataset in known.items() if name in named)


def _names(text: str) -> Iterator[str]:
    """Words of a text, and each two and three of them as one: ``mama``, ``mamamia``."""
    words = re.findall(r"[a-z0-9]+", text.casefold())
    for place in range(len(words)):
        for length in (1, 2, 3):
            yield "".join(words[place : place + length])


@cache
def _proving() -> dict[str, str]:
    """Roll-out datasets by their name without signs."""
    found = (name for name in list_cards() if role_of(name) == PROVING)
    return {"".join(re.findall(r"[a-z0-9]+", name)): name for name in found}
