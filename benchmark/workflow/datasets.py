"""The folders of a track's datasets."""

from pathlib import Path

from benchmark.machine.places import Place, image_mounts, write_problem
from nnactive.data.cards import load_card
from nnactive.data.prepared import INFO

GENERATED = ".datasets"
"""Folder below the runs, for generated datasets if the data folder is not writable."""


def dataset_folder(name: str, data: Path, runs: Path) -> Path:
    """The folder of a prepared dataset, or the one to prepare it in.

    Args:
        name: the dataset.
        data: folder of the prepared datasets; it may be missing or read-only.
        runs: folder of the runs.

    Raises:
        UserError: if there is no such dataset: neither a card nor a prepared folder.
    """
    usual, below_runs = data / name, runs / GENERATED / name
    if (usual / INFO).is_file() or load_card(name).generator is None:
        return usual
    if (below_runs / INFO).is_file() or not _is_lasting(data):
        return below_runs
    return usual


def _is_lasting(data: Path) -> bool:
    """Whether files written there persist: a folder inside an image goes with the container."""
    place = Place("data", data, "--data", image_mounts())
    return not place.missing_mount and write_problem(data) is None
