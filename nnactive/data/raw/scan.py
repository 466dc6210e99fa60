"""Scanning a raw folder: which cases there are, from file names and sizes alone."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from nnactive.data.cards import CARD_FILE, Card
from nnactive.data.case_ids import id_problem
from nnactive.data.raw.channels import channel_problem, incomplete_channel
from nnactive.data.raw.files.formats import METAIMAGE, check_ending, files_of
from nnactive.data.raw.known.agreement import refuse_disagreement
from nnactive.data.raw.known.find import Sighting, complete_cases
from nnactive.data.raw.known.naming import lacks_channel, naming_problem
from nnactive.data.raw.known.recognise import (
    best_sighting,
    identify,
    labels_problem,
    lookalike,
    undecided,
)
from nnactive.data.raw.layout import (
    DESCRIPTION,
    IMAGES,
    LABELS,
    Found,
    case_in,
    channel_suffixes,
    find_root,
)
from nnactive.data.raw.missing import file_problem, left_out, no_case
from nnactive.data.raw.script import load_script, script_errors
from nnactive.errors import UserError


def scan(raw: Path, card: Card) -> list[Found]:
    """List the cases of a raw folder, sorted by id.

    Ids are sorted as text: liver_10 comes before liver_2.

    Args:
        raw: the archive's folder, or one above or below it.
        card: has the layout of the folder and the expected number of cases.

    Raises:
        UserError: the files' format isn't read, a folder or file is missing or empty, a case
            occurs twice, or the cases, or what ``dataset.json`` says of them, are not the card's.
    """
    root, cases, seen = survey(raw, card)
    if card.source.layout == "nnunet" and not seen:
        problem = wrong_channels(root, cases, card) or incomplete_channel(cases, card)
        if problem:
            raise UserError(problem)
    for case in cases:
        for path in (*case.files, case.label):
            if problem := file_problem(path, case.id):
                raise UserError(problem)
    if problem := shared_file(cases):
        raise UserError(problem)
    if problem := id_problem([case.id for case in cases], card):
        raise UserError(f"{root}: {problem}{'' if seen else _left_out(root, card)}")
    refuse_disagreement(root, card)
    return cases


def shared_file(cases: Iterable[Found]) -> str | None:
    """Which two headers name one file for their voxels, in one line; None: no two do."""
    owners: dict[Path, Path] = {}
    for path in (path for case in cases for path in (*case.files, case.label)):
        for part in files_of(path)[1:] if path.name.endswith(METAIMAGE) else ():
            owner = owners.setdefault(part.resolve(), path)
            if owner != path:
                return f"{path}: names the voxels of {owner}, {part.name}; correct its header"
    return None


def list_cases(raw: Path, card: Card) -> tuple[Path, list[Found]]:
    """The folder with the cases, and these sorted by id, with files that may be missing.

    Raises:
        UserError: a folder is missing, most files are named in another way, or it is another
            dataset.
    """
    root, cases, _ = survey(raw, card)
    return root, cases


def recognised(raw: Path, card: Card) -> str | None:
    """What a folder is called, if it isn't laid out as the card's archive but in another known way.

    Raises:
        UserError: as ``list_cases``.
    """
    seen = survey(raw, card)[2]
    return seen.told if seen else None


def survey(raw: Path, card: Card) -> tuple[Path, list[Found], Sighting | None]:
    """The cases of a folder, as in ``list_cases``; and its layout, if it is not the archive's.

    Raises:
        UserError: as ``list_cases``.
    """
    refusal: UserError | None = None
    root, cases = raw, list[Found]()
    try:
        root, cases = _as_published(raw, card)
    except UserError as error:
        refusal = error
    complete = complete_cases(cases, card)
    if refusal is None and (card.layouts is None or complete == card.cases):
        return root, cases, None
    if raw.is_dir() and card.layouts is not None:
        if title := lookalike(raw, card):
            raise _another(raw, title, card)
        seen = best_sighting(raw, card)
        if seen and seen.complete > complete and not (refusal and _is_spoilt(seen)):
            if problem := labels_problem(seen):
                raise UserError(problem)
            return seen.root, list(seen.cases), seen
        if not complete and (missing := undecided(raw, card)):
            raise UserError(f"{raw}: {missing} to the data")
        if not complete and (other := identify(raw)) and other.card.name != card.name:
            raise _another(raw, other.told, card)
    if refusal is not None:
        raise refusal
    return root, cases, None


def _is_spoilt(seen: Sighting) -> bool:
    """Whether a folder is the archive's, but with a fault that the card's own layout tells best."""
    return seen.layout.archive and bool(id_problem([case.id for case in seen.cases], seen.card))


def _another(raw: Path, title: str, card: Card) -> UserError:
    source = f" (from {card.url})" if card.url else ""
    return UserError(f"{raw}: this is {title}; {card.title} is wanted, give its folder{source}")


def _as_published(raw: Path, card: Card) -> tuple[Path, list[Found]]:
    """As ``list_cases``, in the layout of the card's archive."""
    if card.converter is None:
        check_ending(card.source.ending, _where_ending(card))
    root = find_root(raw, card.source.root)
    if card.converter is None:
        cases = _standard_cases(root, card)
        # Where other layouts are known, it may be one of them.
        if card.layouts is not None and (problem := wrong_channels(root, cases, card)):
            raise UserError(problem)
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
    nnunet = card.source.layout == "nnunet"
    suffixes = channel_suffixes(len(card.channels), ending) if nnunet else (ending,)
    if nnunet and (problem := naming_problem(root, images, labels, ending)):
        raise UserError(problem)
    with_image = {
        name.removesuffix(suffix)
        for name in images
        for suffix in suffixes
        if name.endswith(suffix) and not (nnunet and lacks_channel(name, labels, ending))
    }
    with_label = {name.removesuffix(ending) for name in labels}
    if not with_image | with_label:
        there = [name for name in _files(root / IMAGES, "") if (root / IMAGES / name).is_file()]
        if error := no_case(root / IMAGES, there, ending):
            raise error
    return [case_in(root, case, suffixes, ending) for case in sorted(with_image | with_label)]


def wrong_channels(root: Path, cases: Sequence[Found], card: Card) -> str | None:
    """Why the channels of a folder in nnU-Net's raw layout aren't the card's; None: they are.

    Args:
        root: from ``list_cases``.
        cases: likewise.
        card: the dataset's card.
    """
    if card.source.layout != "nnunet" or not (root / IMAGES).is_dir():
        return None
    ending = card.source.ending
    labels = {case.label.name for case in cases if case.label.is_file()}
    images = [n for n in _files(root / IMAGES, ending) if not lacks_channel(n, labels, ending)]
    return channel_problem(root, images, cases, card)


def _files(folder: Path, ending: str) -> list[str]:
    if folder.is_symlink() and not folder.exists():
        raise UserError(
            f"{folder}: a link to {folder.readlink()}, which doesn't exist; fix the link"
        )
    if not folder.is_dir():
        raise UserError(
            f"{folder}: no such folder; give the folder that contains {IMAGES} and {LABELS}"
        )
    # macOS adds "._name" companions to archives.
    return [p.name for p in folder.iterdir() if p.name.endswith(ending) and p.name[0] != "."]


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
