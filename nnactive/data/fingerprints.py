"""Known voxel counts, which no check derives from the data that it checks (protocol section 2).

They tell whose split a test set is from, whether it can be this dataset at all, and whether each
published case is the published one.
"""

from collections.abc import Sequence
from pathlib import Path

from pydantic import TypeAdapter, ValidationError

from nnactive.data.card_fields import Voxels
from nnactive.data.cards import Card
from nnactive.errors import UserError
from nnactive.geometry import Spacing, Triple
from nnactive.io.files import first_problem, read_json
from nnactive.io.models import Frozen

CLASS_TOLERANCE = 0.0015
"""Relative difference in a class's voxels up to which a fingerprint still agrees."""


ANOTHER_DRAW = 2.0
"""Factor by which the voxels of two test sets of one dataset may differ, drawn as they like."""
ANOTHER_DRAW_CLASS = 10.0
"""Likewise for the voxels of a class: few cases may hold most of a tumour's."""


class KnownCase(Frozen):
    """Fingerprint of a published case."""

    shape: Triple
    """``(Z, Y, X)`` of the raw image, cropped to non-zero."""
    spacing: Spacing
    """mm, (z, y, x)."""
    voxels: tuple[int, ...]
    """Of each foreground class in the raw label map, in label order."""


_CASES = TypeAdapter(dict[str, KnownCase])


def known_cases(card: Card) -> dict[str, KnownCase]:
    """Fingerprints by case id; empty where none are known.

    Raises:
        UserError: the file beside the card is wrong.
    """
    file: Path | None = card.facts_file
    if file is None:
        return {}
    try:
        return _CASES.validate_python(read_json(file, "restore it"))
    except ValidationError as error:
        raise UserError(f"{file}: {first_problem(error)}") from None


def case_problem(
    case: str, shape: Sequence[int], voxels: Sequence[int], known: KnownCase
) -> str | None:
    """How a case differs from its fingerprint, at the raw spacing; None if it doesn't.

    Args:
        case: its id.
        shape: ``(Z, Y, X)`` of the image, cropped to non-zero.
        voxels: of each foreground class.
        known: the fingerprint.
    """
    if tuple(shape) != known.shape:
        return f"case '{case}' has shape {tuple(shape)}, but as published {known.shape}"
    if tuple(voxels) != known.voxels:
        found, wanted = list(voxels), list(known.voxels)
        return f"case '{case}' has {found} voxels a class, but as published {wanted}"
    return None


def agrees(total: int, classes: Sequence[int], known: Voxels) -> bool:
    """Whether a test set has a known fingerprint: the same total, classes within 0.15 %."""
    return total == known.voxels and all(
        abs(found - wanted) <= CLASS_TOLERANCE * wanted
        for found, wanted in zip(classes, known.classes, strict=True)
    )


def whose_split(counts: Sequence[int], card: Card, *, by_split: bool) -> tuple[bool, str]:
    """Whether a test set is the authors' or the rule's, and a sentence saying so.

    Args:
        counts: voxels of the resampled test set per class, background first.
        card: the dataset's card, with the known fingerprints.
        by_split: whether the case ids are those of the card's split; decides if no fingerprint
            is known.
    """
    total, classes = sum(counts), counts[1:]
    text = f"{total:,} voxels, {sum(classes):,} of them foreground"
    neither = f"neither the authors' split nor the rule's: {text}"
    authors, rule = card.fingerprints.authors_test, card.fingerprints.rule_test
    if authors and (problem := _impossible(total, classes, authors, card)):
        return False, f"not this dataset: {problem}"
    for owner, known in (("authors'", authors), ("rule's", rule)):
        if known and agrees(total, classes, known):
            return (
                True,
                f"the {owner} split: {text}, classes within {_deviation(classes, known):.2%}",
            )
    expected = authors if card.split.kind == "authors" else rule
    if expected:
        return False, f"{neither}, not {expected.voxels:,} and {sum(expected.classes):,}"
    if not by_split:
        return False, neither
    note = f"the authors' has {authors.voxels:,}" if authors else "no fingerprint is known"
    return True, f"the rule's split: {text} ({note})"


def _impossible(total: int, classes: Sequence[int], known: Voxels, card: Card) -> str | None:
    """Why no test set of this dataset can have these voxels, given those of another one."""
    if not known.voxels / ANOTHER_DRAW <= total <= known.voxels * ANOTHER_DRAW:
        return f"{total:,} voxels in the test set, but the authors' has {known.voxels:,}"
    for name, found, wanted in zip(card.classes[1:], classes, known.classes, strict=True):
        if not wanted / ANOTHER_DRAW_CLASS <= found <= wanted * ANOTHER_DRAW_CLASS:
            return (
                f"{found:,} voxels of class '{name}' in the test set, but the authors' has "
                f"{wanted:,}"
            )
    return None


def _deviation(classes: Sequence[int], known: Voxels) -> float:
    """Largest relative difference in a class's voxels."""
    pairs = zip(classes, known.classes, strict=True)
    return max(abs(found - wanted) / max(wanted, 1) for found, wanted in pairs)
