"""Scanning a raw folder: which cases there are, from file names and sizes alone."""

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
from nnactive.data.raw.script import load_script, script_errors
from nnactive.errors import UserError

DEEPEST = 3
"""Levels of folders that an archive may have above the cases."""
LEFTOVER = "__MACOSX"
"""Folder that macOS adds to archives."""


def find_root(raw: Path, pattern: str) -> Path:
    """Find the folder that contains ``pattern``: ``raw``, one inside it, or its parent.

    Raises:
        UserError: there is none, or more than one.
    """
    folders = [raw]
    for _ in range(DEEPEST + 1):
        holding = [folder for folder in folders if any(folder.glob(pattern))]
        if len(holding) > 1:
            raise UserError(
                f"{raw}: {holding[0].name} and {holding[1].name} both contain {pattern}; "
                "give the right one"
            )
        if holding:
            return holding[0]
        folders = [inner for folder in folders for inner in _folders(folder)]
    around = raw.parent.glob(pattern)
    if any(raw.is_relative_to(match) or match.is_relative_to(raw) for match in around):
        return raw.parent
    cause = f"contains no {pattern}" if raw.is_dir() else "no such folder"
    raise UserError(f"{raw}: {cause}; give the folder with the complete data")


def scan(raw: Path, card: Card) -> list[Found]:
    """List the cases of a raw folder, sorted by id.

    Ids are sorted as text: liver_10 comes before liver_2.

    Args:
        raw: the archive's folder, or one above or below it.
        card: has the layout of the folder and the expected number of cases.

    Raises:
        UserError: a folder or file is missing or empty, a case occurs twice, or the cases are
            not the card's.
    """
    root = find_root(raw, card.source.root)
    if card.converter is None:
        cases = _standard_cases(root, card)
    else:
        script = load_script(card.converter, "find")
        with script_errors(card.converter, "find"):
            cases = list(script.find(root))
        if not all(isinstance(case, Found) for case in cases):
            raise UserError(f"{card.converter}: 'find' must return a list of Found; fix it")
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
    """Refuse images of known cases whose channel is not on the card."""
    for name in sorted(images):
        case, _, channel = name.removesuffix(card.source.ending).rpartition("_")
        number = int(channel) if re.fullmatch("[0-9]{4}", channel) else 0
        if case in cases and number >= len(card.channels):
            raise UserError(
                f"{root / IMAGES / name}: channel {number}, but {card.title} has "
                f"{len(card.channels)}; remove it or add it to the card's 'channels' "
                "('channel_names' in a dataset.json)"
            )


def _files(folder: Path, ending: str) -> list[str]:
    if not folder.is_dir():
        raise UserError(
            f"{folder}: no such folder; give the folder that contains {IMAGES} and {LABELS}"
        )
    # macOS adds "._name" companions to archives.
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
    # Some file systems ignore upper and lower case.
    twice = [case for case, n in Counter(case.casefold() for case in ids).items() if n > 1]
    if twice:
        same = [case for case in ids if case.casefold() == twice[0]]
        raise UserError(f"{root}: case '{same[0]}' occurs {len(same)} times; remove all but one")
    known = set(card.ids)
    for what, cases in (("missing", known - set(ids)), ("unknown", set(ids) - known)):
        if known and cases:
            raise UserError(
                f"{root}: case '{min(cases)}' is {what} ({len(cases)} in total); "
                f"give the folder with the complete {card.title}"
            )
    if len(ids) != card.cases:
        raise UserError(
            f"{root}: {len(ids)} cases, but {card.title} has {card.cases}; "
            f"give the folder with the complete data{_or_fix_the_number(card)}"
        )


def _or_fix_the_number(card: Card) -> str:
    """A second way out, if the user wrote the number of cases."""
    if card.folder.parent == DATASETS:
        return ""
    field, file = "cases", card.folder / CARD_FILE
    if not file.is_file():
        field, file = "numTraining", card.folder / DESCRIPTION
    return f", or fix field '{field}' in {file}"
