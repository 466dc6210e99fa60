"""A card for your own dataset, from the ``dataset.json`` of nnU-Net's raw layout."""

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import yaml
from pydantic import ValidationError

from nnactive.data.card_fields import NNUNET_NAME
from nnactive.data.cards import CARD_FILE, Card, list_cards, load_card
from nnactive.data.own.description import (
    cases_of,
    channels_of,
    ending_of,
    field_of,
    read_description,
)
from nnactive.data.own.guide import Guide
from nnactive.data.own.own_labels import own_labels
from nnactive.data.raw.layout import DESCRIPTION
from nnactive.errors import UserError
from nnactive.io.files import atomic_folder, first_problem, write_text

NO_MAPPING: Mapping[int, int] = {}
REGIME = "guide"
"""Label regime with the guideline's budget."""
FIRST_ID, LAST_ID = 500, 999
"""Ids that nnU-Net leaves to its users; one is chosen if the folder's name has none."""
HEAD = "# Your own dataset; nnactive/data/cards.py explains each field.\n"
GIVEN_AS = {
    "field 'name'": "--name",
    "field 'cases'": "field 'numTraining'",
    "field 'source.ending'": "field 'file_ending'",
    "field 'split.group'": "--group",
    "field 'label_map'": "--map",
}
"""Where the user gave the fields of a card."""


def describe_raw(
    raw: Path,
    name: str | None = None,
    group: str | None = None,
    mapping: Mapping[int, int] = NO_MAPPING,
) -> Card:
    """A card for a folder in nnU-Net's raw layout; its query patch and budget are placeholders.

    Args:
        raw: folder with ``dataset.json``, ``imagesTr`` and ``labelsTr``.
        name: the dataset's name; None: from the folder's, ``Dataset123_Mine`` or ``mine``.
        group: regular expression whose first group is the patient in a case id; None: a case is
            a patient.
        mapping: labels by the value in the label maps, where these differ.

    Raises:
        UserError: the file is missing, one of its fields is missing or wrong, or the name isn't
            a valid one.
    """
    file = raw / DESCRIPTION
    if not raw.is_dir():
        raise UserError(f"{raw}: no such folder; give one in nnU-Net's raw layout")
    if not file.exists() and (inner := [*raw.glob(f"*/{DESCRIPTION}")])[:1] and not inner[1:]:
        raise UserError(f"{file}: missing, but {inner[0]} is there; give {inner[0].parent}")
    content = read_description(file)
    folder = raw.resolve().name
    described = re.fullmatch(NNUNET_NAME, folder)
    channels = channels_of(content, file)
    labels, label_map = own_labels(field_of(content, "labels", file), mapping, file)
    fields = {
        "folder": raw,
        "id": int(described[1]) if described else _free_id(),
        "name": _name(name, described[2] if described else folder),
        "title": _one_line(content.get("name")) or _one_line(folder),
        "description": str(content.get("description") or "A dataset of your own."),
        "modality": ", ".join(channels),
        "licence": str(content.get("licence") or content.get("license") or "not stated"),
        "citation": str(content.get("reference") or "none"),
        "channels": channels,
        "labels": labels,
        "label_map": label_map,
        "cases": cases_of(content, len(labels), file),
        "source": {"layout": "nnunet", "ending": ending_of(content, file)},
        "split": {"kind": "rule", "group": group},
        "query_patch": (1, 1, 1),
        "budgets": {REGIME: {"starting": 1, "query": 1, "loops": 2}},
    }
    if described:
        fields["nnunet_name"] = folder
    try:
        return Card.model_validate(fields)
    except ValidationError as error:
        problem = first_problem(error)
        for field, given in GIVEN_AS.items():
            problem = problem.replace(field, given)
        where = "" if problem.startswith("--") else f"{file}: "
        raise UserError(where + problem) from None


def free_folder(card: Card, datasets: Path) -> Path:
    """Where to put the new card's folder, below a folder of datasets.

    Raises:
        UserError: a dataset of that name exists.
    """
    target = datasets / card.name
    if target.exists() or card.name in list_cards():
        raise UserError(f"{target}: dataset '{card.name}' already exists; give another --name")
    return target


def write_card(card: Card, guide: Guide, target: Path) -> Path:
    """Write the folder of a new dataset, with the guideline's patch and budget.

    Patches are scored at every position, and each image keeps as many candidates as a query has
    patches, as for most of the papers' roll-out datasets.

    Args:
        card: from ``describe_raw``.
        guide: the guideline's numbers for it.
        target: from ``free_folder``.

    Returns:
        The card's file.
    """
    loop = guide.patches_per_loop
    fields = card.model_dump(mode="json", exclude_defaults=True) | {
        "nnunet_name": card.nnunet_name,
        "source": card.source.model_dump(include={"layout", "ending"}),
        "spacing": None,
        "query_patch": list(guide.patch),
        "stride": list(card.stride),
        "candidates": loop,
        "budgets": {REGIME: {"starting": loop, "query": loop, "loops": guide.loops}},
    }
    ordered = {name: fields[name] for name in Card.model_fields if name in fields}
    with atomic_folder(target) as draft:
        text = yaml.safe_dump(
            ordered, sort_keys=False, allow_unicode=True, width=100, default_flow_style=None
        )
        write_text(draft / CARD_FILE, HEAD + text)
    return target / CARD_FILE


def _free_id() -> int:
    taken = set()
    for name in list_cards():
        # An error in another dataset's card is reported when that dataset is used.
        with suppress(UserError):
            taken.add(load_card(name).id)
    return next(number for number in range(FIRST_ID, LAST_ID + 1) if number not in taken)


def _one_line(text: object) -> str:
    """A text without line breaks and control characters."""
    words = str(text or "").split()
    return " ".join("".join(filter(str.isprintable, word)) for word in words)


def _name(given: str | None, folder: str) -> str:
    """The given name, or one derived from the folder's; the card checks it."""
    return given or re.sub(r"[^a-z0-9]+", "_", folder.lower()).strip("_")
