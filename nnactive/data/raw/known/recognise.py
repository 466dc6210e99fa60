"""Which dataset, in which layout, a raw folder is."""

import re
from pathlib import Path

from nnactive.data.card_layouts import Lookalike
from nnactive.data.cards import Card, list_cards, load_card
from nnactive.data.raw.known.find import Sighting, description, sighting
from nnactive.data.raw.layout import folders_below
from nnactive.errors import UserError

ENOUGH = 4
"""Complete cases from which on a folder is taken for a dataset."""


def best_sighting(raw: Path, card: Card) -> Sighting | None:
    """The layout of a card in which most cases of a folder are complete; None: none is.

    Raises:
        UserError: a file is there compressed and not compressed.
    """
    known = card.layouts.known if card.layouts else ()
    seen = [one for layout in known if (one := sighting(raw, card, layout)) and one.complete]
    return max(seen, key=lambda one: one.complete, default=None)  # the first of equal ones


def undecided(raw: Path, card: Card) -> str | None:
    """What a folder's ``dataset.json`` would have to say for its layout to be known; None: nothing.

    Raises:
        UserError: a file is there compressed and not compressed.
    """
    known = [one for one in (card.layouts.known if card.layouts else ()) if one.highest]
    by_name = (sighting(raw, card, one.model_copy(update={"highest": None})) for one in known)
    if not any(seen and seen.complete for seen in by_name):
        return None
    ways = " or ".join(f"{one.highest} ({one.title})" for one in known)
    return f"the highest label value in its dataset.json must be {ways}; get the file that belongs"


def lookalike(raw: Path, card: Card) -> str | None:
    """Title of what a folder is, if it is only similar to a card's dataset."""
    others = card.layouts.others if card.layouts else ()
    folders = [raw.parent, *folders_below(raw)]
    return next((other.title for other in others if _is(other, raw, folders)), None)


def identify(raw: Path) -> Sighting | None:
    """Which known dataset in which layout a folder is; None: unknown.

    Cards that can't be read are passed over.
    """
    seen = []
    for name in list_cards():
        try:
            found = best_sighting(raw, load_card(name))
        except UserError:
            continue
        if found and found.complete >= min(ENOUGH, found.card.cases):
            seen.append(found)
    return max(seen, key=lambda one: one.complete, default=None)


def is_another(raw: Path, card: Card) -> str | None:
    """What a folder is, for a message, if it isn't a card's dataset; None: unknown."""
    if title := lookalike(raw, card):
        return title
    seen = identify(raw)
    return None if seen is None or seen.card.name == card.name else seen.told


def _is(other: Lookalike, raw: Path, folders: list[Path]) -> bool:
    if other.called:
        named = [folder.name for folder in folders[1:]]
        named += [str(description(folder).get("name", "")) for folder in folders[1:]]
        named.append(raw.absolute().name)
        if any(re.search(other.called, name) for name in named):
            return True
    if other.has is None:
        return False
    holding = [folder for folder in folders if any(folder.glob(other.has))]
    lacking = other.lacks
    return bool(holding) and not (lacking and any(any(folder.glob(lacking)) for folder in holding))
