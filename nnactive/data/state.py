"""How much of a dataset is on this disk: the one place that knows of downloading and preparing."""

from enum import StrEnum
from pathlib import Path

from nnactive.data.cards import Card
from nnactive.data.download import dataset
from nnactive.data.download.folders import Folders
from nnactive.data.prepared import INFO, SCRATCH


class State(StrEnum):
    """A dataset's state, in words for tables."""

    ABSENT = "nothing"
    GENERATED = "generated on demand"
    PARTLY_DOWNLOADED = "partly downloaded"
    DOWNLOADED = "downloaded"
    PARTLY_PREPARED = "partly prepared"
    PREPARED = "prepared"

    @property
    def on_disk(self) -> bool:
        """Whether anything of the dataset is there."""
        return self not in {State.ABSENT, State.GENERATED}


RAW_STATES: dict[dataset.State, State] = {
    "absent": State.ABSENT,
    "partial": State.PARTLY_DOWNLOADED,
    "complete": State.DOWNLOADED,
}


def state(card: Card, data: Path) -> State:
    """State of a dataset below the folder ``data``.

    No volume is read: ``data verify`` says whether a prepared dataset is intact.
    """
    if (data / card.name / INFO).is_file():
        return State.PREPARED
    if (data / card.name / SCRATCH).is_dir():
        return State.PARTLY_PREPARED
    if card.generator is not None:
        return State.GENERATED
    return RAW_STATES[dataset.state(card, Folders.of(data, card.name))]
