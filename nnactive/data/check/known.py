"""Which known dataset, in which layout, a raw folder holds."""

import json
from dataclasses import dataclass
from pathlib import Path

from nnactive.data.cards import DATASETS, Card, list_cards, load_card
from nnactive.data.raw.known.recognise import identify
from nnactive.data.raw.layout import DESCRIPTION
from nnactive.data.raw.scan import scan
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

    A complete one is preferred to one that only has the name.
    """
    if seen := identify(raw):
        text = f"{seen.card.title} ({seen.card.name}): {seen.told}"
        return Recognised(seen.card, complete=True, text=text)
    named = None
    for name in list_cards():
        try:
            card = load_card(name)
            scan(raw, card)
        except UserError as error:
            if named is None and _is_named(raw, name):
                named = Recognised(
                    load_card(name), complete=False, text=f"named as {name}: {error}"
                )
            continue
        if card.ids or card.id_rule or card.folder.parent != DATASETS:
            layout = LAYOUTS[card.source.layout]
            return Recognised(card, complete=True, text=f"{card.title} ({name}), in {layout}")
    return named


def _is_named(raw: Path, name: str) -> bool:
    """Whether the folder, or the ``dataset.json`` in it, has nnU-Net's name of a dataset."""
    try:
        wanted = load_card(name).nnunet_name.casefold()
    except UserError:
        return False
    try:
        content = json.loads((raw / DESCRIPTION).read_text(encoding="utf-8-sig"))
        said = str(content.get("name", "")) if isinstance(content, dict) else ""
    except (OSError, ValueError):
        said = ""
    return wanted in (raw.resolve().name.casefold(), said.casefold())
