"""How far a dataset is on this disk."""

from pathlib import Path

from nnactive.data.cards import Card
from nnactive.data.download import dataset
from nnactive.data.download.folders import Folders
from nnactive.data.prepare.job import SCRATCH
from nnactive.data.prepared import INFO

RAW_STATES = {"absent": "nothing", "partial": "part downloaded", "complete": "downloaded"}


def state(card: Card, data: Path) -> str:
    """What is there of a dataset below the folder ``data``, in a few words.

    No volume is read: ``data verify`` tells whether a prepared dataset is whole.
    """
    if (data / card.name / INFO).is_file():
        return "prepared"
    if (data / card.name / SCRATCH).is_dir():
        return "part prepared"
    if card.generator is not None:
        return "generates itself"
    return RAW_STATES[dataset.state(card, Folders.of(data, card.name))]
