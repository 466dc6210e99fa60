"""Label values that are no label, and what to do about them."""

from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from pathlib import Path

from nnactive.data.card_fields import RAW_VALUES
from nnactive.data.cards import CARD_FILE, Card
from nnactive.errors import UserError

SHOWN = 5
"""Number of foreign label values that a message names."""


class ForeignLabelsError(UserError):
    """A label map with values that are no label."""

    def __init__(
        self,
        path: Path,
        values: Sequence[float],
        known: Mapping[int, int],
        present: AbstractSet[int],
    ) -> None:
        self.path = path
        self.values = values
        """Sorted."""
        self.present = present
        """Labels that the same file has."""
        self.listed = ", ".join(f"{value:.9g}" for value in values[:SHOWN])
        gaps = " (with gaps)" if len(known) <= max(known) else ""
        super().__init__(
            f"{path}: label values {self.listed} are not among the card's 0 to {max(known)}{gaps}; "
            "replace the file, or give the card a 'label_map' with the label of every value"
        )


def told_of(error: ForeignLabelsError, card: Card) -> str:
    """The error, and its way out; as long as there is no card, ``data add --map``."""
    if (card.folder / CARD_FILE).is_file():
        return str(error)
    known = f"{error.path}: label values {error.listed} are not among the labels 0 to "
    known += f"{len(card.labels) - 1}"
    if not all(float(value).is_integer() for value in error.values):
        return f"{known}, and not whole; fix or replace the file"
    if taken := [int(value) for value in error.values if value in card.labels.values()]:
        mapped = ",".join(f"{value}={label}" for value, label in card.label_map.items())
        return (
            f"{error.path}: has the label value {taken[0]}, which --map doesn't name, though it "
            f"gives its label to another; name it, too, as in --map {mapped},{taken[0]}={taken[0]}"
        )
    if not RAW_VALUES[0] <= min(error.values) <= max(error.values) <= RAW_VALUES[1]:
        return f"{known}, and more than 16 bits can hold; renumber or replace the file"
    return (
        f"{known}; tell 'data add' which label each has with {_example(error, card)} (0: "
        "background), or replace the file"
    )


def _example(error: ForeignLabelsError, card: Card) -> str:
    """The mapping that suggests itself: foreign values are the labels that the file lacks."""
    absent = sorted(set(card.labels.values()) - error.present - {0})
    values = [int(value) for value in error.values]
    given = [f"{value}={label}" for value, label in card.label_map.items() if value != label]
    if len(values) == len(absent):
        pairs = [f"{value}={label}" for value, label in zip(values, absent, strict=True)]
        return f"--map, such as --map {','.join(given + pairs)}"
    return f"--map, as in --map {','.join([*given, f'{values[0]}=LABEL'])}"
