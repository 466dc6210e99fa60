"""Where a track's datasets lie."""

from pathlib import Path

from benchmark.machine.places import Place, image_mounts, write_problem
from nnactive.data.cards import load_card
from nnactive.data.prepared import INFO

GENERATED = ".datasets"
"""Folder below the runs, of datasets that generate themselves where data can't be written."""


def dataset_folder(name: str, data: Path, runs: Path) -> Path:
    """The prepared folder of a dataset, or where it is to be made.

    Args:
        name: the dataset.
        data: folder of the prepared datasets; may be absent, or not writable.
        runs: folder of the runs.

    Raises:
        UserError: if there is no such dataset.
    """
    usual, own = data / name, runs / GENERATED / name
    if (usual / INFO).is_file() or load_card(name).generator is None:
        return usual
    if (own / INFO).is_file() or not _can_keep(data):
        return own
    return usual


def _can_keep(data: Path) -> bool:
    """Whether what is written there stays: an image's own folder is gone with the container."""
    place = Place("data", data, "--data", image_mounts())
    return not place.missing_mount and write_problem(data) is None
