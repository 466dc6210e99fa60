"""Which known dataset, in which layout, a raw folder holds."""

from dataclasses import dataclass
from pathlib import Path

from nnactive.data.cards import DATASETS, Card, list_cards, load_card
from nnactive.data.raw.known.agreement import OtherDescriptionError, disagreement
from nnactive.data.raw.known.find import description
from nnactive.data.raw.known.recognise import identify
from nnactive.data.raw.scan import scan, survey
from nnactive.errors import UserError

LAYOUTS = {
    "nnunet": "nnU-Net's raw layout",
    "msd": "the Decathlon's layout",
    "code": "the layout of its archive",
}


@dataclass(frozen=True)
class Recognised:
    """A known dataset that a folder holds, or that it looks like."""

    card: Card
    complete: bool
    """Whether all its cases are there under their published names."""
    text: str


def recognise(raw: Path) -> Recognised | None:
    """The known dataset that a folder holds, from names alone; None if it looks like none.

    A complete one is preferred to one that only has the name, or only the case ids.
    """
    if seen := identify(raw):
        text = f"{seen.card.title} ({seen.card.name}): {seen.told}"
        return Recognised(seen.card, complete=True, text=text)
    named = other = None
    for name in list_cards():
        try:
            card = load_card(name)
            scan(raw, card)
        except OtherDescriptionError:
            other = other or Recognised(card, complete=False, text=_of_its_own(raw, card))
            continue
        except UserError as error:
            if named is None and _is_named(raw, name):
                named = Recognised(
                    load_card(name), complete=False, text=f"named as {name}: {error}"
                )
            continue
        if card.ids or card.id_rule or card.folder.parent != DATASETS:
            layout = LAYOUTS[card.source.layout]
            return Recognised(card, complete=True, text=f"{card.title} ({name}), in {layout}")
    return named or other


def _of_its_own(raw: Path, card: Card) -> str:
    """What a folder is that has a card's case ids, but describes them otherwise."""
    differs = disagreement(survey(raw, card)[0], card)
    return (
        f"no known dataset, though its cases have the ids of {card.title} ({card.name}): "
        f"{differs}; a dataset of your own"
    )


def _is_named(raw: Path, name: str) -> bool:
    """Whether the folder, or the ``dataset.json`` in it, has nnU-Net's name of a dataset."""
    try:
        wanted = load_card(name).nnunet_name.casefold()
    except UserError:
        return False
    said = str(description(raw).get("name", ""))
    return wanted in (raw.resolve().name.casefold(), said.casefold())
