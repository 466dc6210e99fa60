"""Which dataset, in which layout, a raw folder is."""

import re
from pathlib import Path

from nnactive.data.card_layouts import Lookalike
from nnactive.data.cards import Card, list_cards, load_card
from nnactive.data.raw.known.find import Sighting, description, sighting
from nnactive.data.raw.layout import DESCRIPTION, folders_below
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


def labels_problem(seen: Sighting) -> str | None:
    """Why a converted folder's label values are not the card's, by its ``dataset.json``.

    None if they are, or if it doesn't say.
    """
    listed = description(seen.root).get("labels")
    if not seen.layout.ready or not isinstance(listed, dict):
        return None
    values = {str(name).casefold(): value for name, value in listed.items()}
    if not all(isinstance(value, int) for value in values.values()):
        return None  # regions; their values are those that they are made of
    file, wanted = seen.root / DESCRIPTION, seen.card.labels
    for name, value in wanted.items():
        found = values.get(name.casefold(), value)
        if found != value:
            return (
                f"{file}: label '{name}' is {found}, but {value} in {seen.card.title}; renumber "
                "the label maps or give the published data"
            )
    if max(values.values(), default=0) != max(wanted.values()):
        return (
            f"{file}: labels go up to {max(values.values(), default=0)}, but to "
            f"{max(wanted.values())} in {seen.card.title}; give the published data"
        )
    return None


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
    return bool(holding) and not (lacking and any(any(folder.glob(lacking)) for folder in folders))
