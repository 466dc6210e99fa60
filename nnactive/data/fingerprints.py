"""Recognising whose split a test set is from, by its voxels (protocol section 2)."""

from collections.abc import Sequence

from nnactive.data.card_fields import Voxels
from nnactive.data.cards import Card

CLASS_TOLERANCE = 0.0015
"""Relative difference in a class's voxels up to which a fingerprint still agrees."""


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


def _deviation(classes: Sequence[int], known: Voxels) -> float:
    """Largest relative difference in a class's voxels."""
    pairs = zip(classes, known.classes, strict=True)
    return max(abs(found - wanted) / max(wanted, 1) for found, wanted in pairs)
