"""What was finished: `finished.json`."""

from typing import ClassVar, Final

from benchmark.annotation.project.places import Places
from nnactive.io.files import read_model
from nnactive.io.models import StateFile

RECORD: Final = "finished.json"


class Finished(StateFile):
    """Content of ``finished.json``."""

    SCHEMA: ClassVar[int] = 1

    ensemble: str
    """A hash of everything that the predictions depend on."""
    last_round: int
    """The ensemble was trained on the labels of all rounds up to this one."""
    labelled: int
    """Patches with labels, given ones not counted."""
    open: int
    """Patches without."""
    dataset: str
    """nnU-Net's name of the dataset."""
    folds: int
    begun: str = ""
    """When, in UTC: imports before then are part of it; empty: written before this was recorded."""


def finished_of(places: Places) -> Finished | None:
    """What a project's ``finished/`` is; None: nothing is finished."""
    file = places.finished / RECORD
    return read_model(file, Finished) if file.is_file() else None
