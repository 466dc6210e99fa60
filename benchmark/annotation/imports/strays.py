"""Files whose name or place says not at once which patch they are of."""

from collections.abc import Iterable
from pathlib import Path
from typing import Final

from benchmark.annotation.imports.files.names import IMAGE, aim_of, stem_of
from benchmark.annotation.imports.files.place import lie_of
from benchmark.annotation.imports.files.read import Labels, read_labels
from benchmark.annotation.imports.files.wrong import WrongLabelsError
from benchmark.annotation.imports.fit import Aim, box_in
from benchmark.annotation.imports.known import Known
from benchmark.annotation.project.places import round_name
from benchmark.annotation.rounds.model import Round, RoundPatch
from nnactive.data.prepared import array_digest

SAYS_LABEL: Final = ("label", "seg", "mask")
"""In the name of a file that is meant to be imported."""


def explained(known: Known, number: Round, file: Path) -> str | None:
    """Why a file of a round's folder isn't imported, and its right name.

    Returns:
        None: it isn't meant to be, or is a copy of what is known already.
    """
    says_label = any(word in file.name.lower() for word in SAYS_LABEL)
    try:
        labels = read_labels(file, known.names)
    except WrongLabelsError as wrong:
        return str(wrong) if says_label else None
    name = round_name(number.number)
    cause = f"isn't the name of a patch or image of {name}"
    if (there := _patch_at(known, number, labels)) is not None:
        return _in_place(known, labels, there, cause, says_label=says_label)
    if not says_label:
        return None
    if (case := known.image_at(labels.grid)) is not None:
        return f"{cause}, but has the grid of {case}; rename it to {known.label_name(case, case)}"
    return (
        f"{cause} ({_ids(number)}), nor in the place of one; export it on the grid of its image, "
        "and name it after that"
    )


def _in_place(
    known: Known,
    labels: Labels,
    there: tuple[Round, RoundPatch],
    cause: str,
    *,
    says_label: bool,
) -> str | None:
    """The same for a file that lies in a patch's place."""
    number, patch = there
    try:
        box = box_in(known, labels, Aim(number, patch, of_case=False))
    except WrongLabelsError as wrong:
        return f"{cause}, and {wrong}" if says_label else None
    digests = {patch.template, *(each.labels for each in known.history(number.number, patch))}
    if box is not None and array_digest(box) in digests:
        return None
    said = known.said(number.number, patch.id)
    right = known.label_file(number, patch)
    return f"{cause}, but lies in {said}'s place; rename it to {right}"


def named(known: Known, labels: Labels, case: str | None) -> list[Aim]:
    """What a file is for that the person named.

    Args:
        known: the project.
        labels: the file, read.
        case: of the image that it is of, if that was said.

    Raises:
        WrongLabelsError: neither its name nor what was said tells.
    """
    stem = stem_of(labels.file.name) or labels.file.name.split(".")[0]
    if case is None:
        aims = [(each, aim) for each in reversed(known.rounds) if (aim := aim_of(stem, each))]
        patches = [(each, each.patch(name)) for each, (kind, name) in aims if kind == "patch"]
        if found := [(each, patch) for each, patch in patches if patch is not None]:
            return [Aim(*_fitting(known, labels, found), of_case=False)]
        case = next((name for _, (_, name) in aims), None)
    if case is None:
        raise WrongLabelsError(_unnamed(known, labels))
    if case not in known.sources.cases:
        raise WrongLabelsError(f"the project has no image {case}; see its images in project.json")
    return _of_case(known, labels, case)


def _of_case(known: Known, labels: Labels, case: str) -> list[Aim]:
    """The patches that a file of a whole image is for: the open ones, else the newest round's."""
    mine = [
        Aim(each, patch, of_case=True)
        for each, patch in known.newest_first()
        if patch.patch.case == case
    ]
    if (own := _own_round(known, labels)) is not None:
        mine = [aim for aim in mine if aim.round == own]
    if not mine:
        raise WrongLabelsError(f"no patch of image {case} was chosen; leave it out")
    todo = [aim for aim in mine if not known.history(aim.round.number, aim.patch)]
    return todo or [aim for aim in mine if aim.round == mine[0].round]


def _fitting(
    known: Known, labels: Labels, found: list[tuple[Round, RoundPatch]]
) -> tuple[Round, RoundPatch]:
    """Of patches of one id, the one of the file's folder, else the one in whose place it lies."""
    if (own := _own_round(known, labels)) is not None:
        return next((pair for pair in found if pair[0] == own), found[0])
    for each, patch in found:
        lie = lie_of(known.grid(patch.patch.case), labels.grid)
        if lie is not None and lie.is_at(patch.crop):
            return each, patch
    return found[0]


def _own_round(known: Known, labels: Labels) -> Round | None:
    """The round in whose folder a file lies."""
    folder = labels.file.resolve().parent
    return next(
        (each for each in known.rounds if known.folder(each.number).resolve() == folder), None
    )


def _unnamed(known: Known, labels: Labels) -> str:
    stem = stem_of(labels.file.name) or ""
    if IMAGE.fullmatch(stem):
        return "has the name of an image; give the labels that belong to it"
    if (there := known.at(labels.grid)) is not None:
        said = known.said(there[0].number, there[1].id)
        return (
            f"isn't named after a patch or image, but lies in {said}'s place; rename it to "
            f"{known.label_file(*there)}"
        )
    if (case := known.image_at(labels.grid)) is not None:
        return (
            f"isn't named after a patch or image, but has the grid of {case}; give it as "
            f"--labels {case}={labels.file.name}"
        )
    cause = "isn't named after a patch or image, and lies in no patch's place"
    return f"{cause}; give it as --labels ID={labels.file.name}"


def _patch_at(known: Known, number: Round, labels: Labels) -> tuple[Round, RoundPatch] | None:
    """The patch in whose place a file lies, of its own round rather than of another."""
    for patch in number.patches:
        lie = lie_of(known.grid(patch.patch.case), labels.grid)
        if lie is not None and lie.is_at(patch.crop):
            return number, patch
    return known.at(labels.grid)


def _ids(number: Round) -> str:
    ids: Iterable[str] = (each.id for each in number.patches)
    first, *rest = ids
    return f"{first} to {rest[-1]}" if rest else first
