"""Channels that cases in nnU-Net's raw layout lack, or have beyond those of the card."""

import re
from collections.abc import Collection, Iterable, Sequence
from pathlib import Path

from nnactive.data.cards import CARD_FILE, Card
from nnactive.data.raw.files.formats import other_case
from nnactive.data.raw.layout import DESCRIPTION, IMAGES, Found
from nnactive.data.raw.missing import without_channel

LISTED = 10
"""Cases that a message names."""


def channel_problem(
    root: Path, images: Iterable[str], cases: Sequence[Found], card: Card
) -> str | None:
    """Why a folder's channels aren't the card's, in one line; None: they are.

    A known case has another channel, or no case has one of the card's.

    Args:
        root: folder with the images' folder.
        images: names of the files in that folder.
        cases: the cases, with files that may be missing.
        card: has the channels.
    """
    if problem := _surplus(root, images, {case.id for case in cases}, card):
        return problem
    for channel in range(len(card.channels)):
        having, lacking = _having(cases, channel, card.source.ending)
        if lacking and not having:
            field = "'channels'" if (card.folder / CARD_FILE).is_file() else "'channel_names'"
            return (
                f"{root / IMAGES}: no case has channel {channel} (_{channel:04d}); correct {field} "
                f"in {_described(card)}, or add the files"
            )
    return None


def incomplete_channel(cases: Sequence[Found], card: Card) -> str | None:
    """Which cases lack a channel that others have, in one line; None: none, or only one does."""
    for channel in range(len(card.channels)):
        having, lacking = _having(cases, channel, card.source.ending)
        if having and lacking[1:]:
            more = f" and {len(lacking) - LISTED} more" if lacking[LISTED:] else ""
            return (
                f"{lacking[0].files[channel].parent}: {len(lacking)} of {len(having + lacking)} "
                f"cases lack channel {channel} (_{channel:04d}): "
                f"{', '.join(case.id for case in lacking[:LISTED])}{more}; copy these files again"
            )
    return None


def _having(cases: Sequence[Found], channel: int, ending: str) -> tuple[list[Found], list[Found]]:
    """The cases with a channel, and those without; of the cases that have any image."""
    having: list[Found] = []
    lacking: list[Found] = []
    for case in cases:
        there = [_is_there(file, ending) for file in case.files]
        if any(there):
            (having if there[channel] else lacking).append(case)
    return having, lacking


def _is_there(file: Path, ending: str) -> bool:
    """Whether a file, or one that was meant to be it, is there; what is wrong is told later."""
    if file.exists() or file.is_symlink():
        return True
    plain = without_channel(file, ending)
    return other_case(file) is not None or (plain is not None and plain.is_file())


def _surplus(root: Path, images: Iterable[str], cases: Collection[str], card: Card) -> str | None:
    for name in sorted(images):
        case, _, channel = name.removesuffix(card.source.ending).rpartition("_")
        number = int(channel) if re.fullmatch("[0-9]{4}", channel) else 0
        if case in cases and number >= len(card.channels):
            return (
                f"{root / IMAGES / name}: channel {number}, but {card.title} has "
                f"{len(card.channels)}; remove it or add it to the card's 'channels' "
                "('channel_names' in a dataset.json)"
            )
    return None


def _described(card: Card) -> Path:
    """The file that gives the channels."""
    file = card.folder / CARD_FILE
    return file if file.is_file() else card.folder / DESCRIPTION
