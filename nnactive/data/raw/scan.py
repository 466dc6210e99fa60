"""Scanning a raw folder: which cases there are, from file names and sizes alone."""

import re
from pathlib import Path

from nnactive.data.cards import CARD_FILE, Card
from nnactive.data.case_ids import id_problem
from nnactive.data.raw.files.formats import check_ending
from nnactive.data.raw.layout import (
    DESCRIPTION,
    IMAGES,
    LABELS,
    Found,
    case_in,
    channel_suffixes,
)
from nnactive.data.raw.missing import file_problem, left_out, no_case
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
        UserError: the files' format isn't read, a folder or file is missing or empty, a case
            occurs twice, or the cases are not the card's.
    """
    root, cases = list_cases(raw, card)
    for case in cases:
        for path in (*case.files, case.label):
            if problem := file_problem(path, case.id):
                raise UserError(problem)
    if problem := id_problem([case.id for case in cases], card):
        raise UserError(f"{root}: {problem}{_left_out(root, card)}")
    return cases


def list_cases(raw: Path, card: Card) -> tuple[Path, list[Found]]:
    """The folder with the cases, and these sorted by id, with files that may be missing.

    Raises:
        UserError: a folder is missing, or a file belongs to no case.
    """
    if card.converter is None:
        check_ending(card.source.ending, _where_ending(card))
    root = find_root(raw, card.source.root)
    if card.converter is None:
        cases = _standard_cases(root, card)
    else:
        script = load_script(card.converter, "find")
        with script_errors(card.converter, "find"):
            cases = list(script.find(root))
        if not all(isinstance(case, Found) for case in cases):
            raise UserError(f"{card.converter}: 'find' must return a list of Found; fix it")
    return root, sorted(cases, key=lambda case: case.id)


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
    if not with_image | with_label:
        there = [name for name in _files(root / IMAGES, "") if (root / IMAGES / name).is_file()]
        if error := no_case(root / IMAGES, there, ending):
            raise error
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


def _left_out(root: Path, card: Card) -> str:
    """Which images a dataset in a standard layout doesn't count, because of their ending."""
    if card.converter is not None or not (root / IMAGES).is_dir():
        return ""
    return left_out(_files(root / IMAGES, ""), card.source.ending)


def _where_ending(card: Card) -> str:
    """Where the user gave the ending of the files."""
    file = card.folder / CARD_FILE
    if file.is_file():
        return f"{file}: field 'source.ending'"
    return f"{card.folder / DESCRIPTION}: field 'file_ending'"
