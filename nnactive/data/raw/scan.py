"""Raw folders as they are downloaded: which cases there are, by the names of their files."""

import re
from collections import Counter
from pathlib import Path

from nnactive.data.cards import CARD_FILE, DATASETS, Card
from nnactive.data.raw.layout import (
    DESCRIPTION,
    IMAGES,
    LABELS,
    Found,
    case_in,
    channel_suffixes,
)
from nnactive.data.raw.script import load_script, script_errors_told
from nnactive.errors import UserError

DEEPEST = 3
"""Folders above the cases that an archive may have."""
LEFTOVER = "__MACOSX"


def find_root(raw: Path, pattern: str) -> Path:
    """The folder in which ``pattern`` is found: ``raw``, one in it, or the one around it.

    Raises:
        UserError: there is none, or more than one.
    """
    folders = [raw]
    for _ in range(DEEPEST + 1):
        holding = [folder for folder in folders if any(folder.glob(pattern))]
        if len(holding) > 1:
            raise UserError(
                f"{raw}: {holding[0].name} and {holding[1].name} both hold {pattern}; "
                "give the one that is meant"
            )
        if holding:
            return holding[0]
        folders = [inner for folder in folders for inner in _folders(folder)]
    around = raw.parent.glob(pattern)
    if any(raw.is_relative_to(match) or match.is_relative_to(raw) for match in around):
        return raw.parent
    what = "such folder" if not raw.is_dir() else f"{pattern} in it"
    raise UserError(f"{raw}: no {what}; give the folder with the complete data")


def scan(raw: Path, card: Card) -> list[Found]:
    """Cases of a raw folder, sorted by id, from names and sizes of files alone.

    Ids are compared as text, so that liver_10 comes before liver_2.

    Args:
        raw: the archive's folder, or one above or below it.
        card: says how the folder is laid out, and how many cases it must have.

    Raises:
        UserError: a folder or file is missing or empty, an id comes twice, or the cases aren't
            the card's.
    """
    root = find_root(raw, card.source.root)
    if card.converter is None:
        cases = _standard_cases(root, card)
    else:
        script = load_script(card.converter, "find")
        with script_errors_told(card.converter, "find"):
            cases = list(script.find(root))
        if not all(isinstance(case, Found) for case in cases):
            raise UserError(f"{card.converter}: 'find' must return a list of Found; mend it")
    cases.sort(key=lambda case: case.id)
    for case in cases:
        for path in (*case.files, case.label):
            _check_file(path, case.id)
    _check_ids(root, [case.id for case in cases], card)
    return cases


def _standard_cases(root: Path, card: Card) -> list[Found]:
    ending = card.source.ending
    images = _files(root / IMAGES, ending)
    labels = _files(root / LABELS, ending)
    suffixes: tuple[str, ...] = (ending,)
    if card.source.layout == "nnunet":
        suffixes = channel_suffixes(len(card.channels), ending)
    with_image = {
        name.removesuffix(suffix) for name in images for suffix in suffixes if name.endswith(suffix)
    }
    with_label = {name.removesuffix(ending) for name in labels}
    if card.source.layout == "nnunet":
        _check_channels(root, images, with_image | with_label, card)
    return [case_in(root, case, suffixes, ending) for case in with_image | with_label]


def _check_channels(root: Path, images: list[str], cases: set[str], card: Card) -> None:
    """Refuse an image of a known case that is none of the card's channels."""
    for name in sorted(images):
        case, _, channel = name.removesuffix(card.source.ending).rpartition("_")
        number = int(channel) if re.fullmatch("[0-9]{4}", channel) else 0
        if case in cases and number >= len(card.channels):
            raise UserError(
                f"{root / IMAGES / name}: a channel {number}, but {card.title} has "
                f"{len(card.channels)}; remove it or name it under the card's 'channels' "
                "('channel_names' of a dataset.json)"
            )


def _files(folder: Path, ending: str) -> list[str]:
    if not folder.is_dir():
        raise UserError(
            f"{folder}: no such folder; give the folder that holds {IMAGES} and {LABELS}"
        )
    # macOS leaves "._name" companions in archives.
    return [p.name for p in folder.iterdir() if p.name.endswith(ending) and p.name[0] != "."]


def _folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    inner = [path for path in folder.iterdir() if path.is_dir() and path.name[0] != "."]
    return sorted(path for path in inner if path.name != LEFTOVER)


def _check_file(path: Path, case: str) -> None:
    if not path.is_file():
        raise UserError(f"{path}: missing, though case '{case}' has other files; copy it again")
    if path.stat().st_size == 0:
        raise UserError(f"{path}: empty file; copy or download it again")


def _check_ids(root: Path, ids: list[str], card: Card) -> None:
    # On some disks, names that differ in case alone are one name.
    twice = [case for case, n in Counter(case.casefold() for case in ids).items() if n > 1]
    if twice:
        same = [case for case in ids if case.casefold() == twice[0]]
        raise UserError(f"{root}: case '{same[0]}' is there {len(same)} times; remove all but one")
    known = set(card.ids)
    for what, cases in (("missing", known - set(ids)), ("unknown", set(ids) - known)):
        if known and cases:
            raise UserError(
                f"{root}: case '{min(cases)}' is {what} ({len(cases)} in all); "
                f"give the folder with the complete {card.title}"
            )
    if len(ids) != card.cases:
        raise UserError(
            f"{root}: {len(ids)} cases, but {card.title} has {card.cases}; "
            f"give the folder with the complete data{_or_mend_the_number(card)}"
        )


def _or_mend_the_number(card: Card) -> str:
    """A second way out where the number of cases is the user's own word."""
    if card.folder.parent == DATASETS:
        return ""
    field, file = "cases", card.folder / CARD_FILE
    if not file.is_file():
        field, file = "numTraining", card.folder / DESCRIPTION
    return f", or mend field '{field}' of {file}"
