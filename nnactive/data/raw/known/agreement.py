"""Whether the ``dataset.json`` of a raw folder says what an own dataset's card says."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nnactive.data.cards import CARD_FILE, DATASETS, Card
from nnactive.data.raw.known.find import description
from nnactive.data.raw.layout import DESCRIPTION
from nnactive.errors import UserError

SHOWN = 8
"""Labels that a message lists."""


class OtherDescriptionError(UserError):
    """A folder with an own dataset's case ids, and with another ``dataset.json``."""


def disagreement(root: Path, card: Card) -> str | None:
    """What a folder's ``dataset.json`` says otherwise than the card, in one line.

    None: nothing, or there is nothing to compare: no file, no such field, or a card that wasn't
    made from such a file.

    Args:
        root: the folder with the cases.
        card: the dataset's card.
    """
    own = card.folder.parent != DATASETS and card.layouts is None
    if not own or card.source.layout != "nnunet" or not (card.folder / CARD_FILE).is_file():
        return None
    said = description(root)
    if not said and (root / DESCRIPTION).is_file():
        return f"{DESCRIPTION} can't be read, so it can't be compared with the card"
    for field, differs in (
        ("labels", _labels(said, card)),
        ("channels", _channels(said, card)),
        ("ending", _ending(said, card)),
    ):
        if differs:
            there, wanted = differs
            verb = "differs" if field == "ending" else "differ"
            return f"{DESCRIPTION}'s {field} ({there}) {verb} from the card's ({wanted})"
    return None


def refuse_disagreement(root: Path, card: Card) -> None:
    """Refuse a folder that is another dataset, though its cases have the same ids.

    Raises:
        OtherDescriptionError: as ``disagreement`` says.
    """
    if differs := disagreement(root, card):
        raise OtherDescriptionError(f"{root}: {differs}; {way_out(card)}")


def way_out(card: Card) -> str:
    """What to do about a disagreement."""
    return (
        f"give the folder of {card.name}, add this one as a dataset of its own, or correct the "
        f"file that is wrong (the card is in {card.folder})"
    )


def _labels(said: Mapping[str, Any], card: Card) -> tuple[str, str] | None:
    listed = said.get("labels")
    if not isinstance(listed, dict) or _mean_the_same(listed, card):
        return None
    shown = {name: value for name, value in listed.items() if value != 0}
    return _listed(shown), _listed({name: n for name, n in card.labels.items() if n})


def _mean_the_same(listed: Mapping[str, Any], card: Card) -> bool:
    """Whether labels are the card's, or lead to it by its ``label_map``."""
    if not all(type(value) is int for value in listed.values()):
        return False
    mapped = {name: card.label_map.get(value, value) for name, value in listed.items()}
    # A class that the card leaves out is background to it.
    left = {name: n for name, n in mapped.items() if n or name in card.labels}
    named = {name: value for name, value in listed.items() if name in card.labels or value}
    return card.labels in (named, left)


def _channels(said: Mapping[str, Any], card: Card) -> tuple[str, str] | None:
    named = said.get("channel_names")
    if not isinstance(named, dict):
        return None
    found = [str(named[key]) for key in sorted(named, key=lambda key: (len(key), key))]
    numbered = [f"{name} {number}" for number, name in enumerate(found)]
    wanted = list(card.channels)
    return None if wanted in (found, numbered) else (", ".join(found), ", ".join(wanted))


def _ending(said: Mapping[str, Any], card: Card) -> tuple[str, str] | None:
    found, wanted = said.get("file_ending"), card.source.ending
    return None if not isinstance(found, str) or found == wanted else (found, wanted)


def _listed(labels: Mapping[str, Any]) -> str:
    shown = [f"{name}={value}" for name, value in labels.items()]
    return ", ".join([*shown[:SHOWN], *(["..."] if shown[SHOWN:] else [])])
