"""Whether the files of a prepared dataset are what was prepared, before they are used."""

from pathlib import Path
from typing import Any, ClassVar

from nnactive.data.prepared import INFO, PLANNED, PreparedDataset
from nnactive.io.models import StateFile
from nnactive.io.seals import OWN_LINKS
from nnactive.nnunet.store import SUFFIX

CHECKSUM = "dataset"
"""Stands for the dataset among the inputs in a seal: its checksum, wherever it lies."""


class Checksums(StateFile):
    """``datasets.json``: the data that a track's runs began with."""

    SCHEMA: ClassVar[int] = 2

    checksums: dict[str, str]
    """By name of the dataset."""

    @classmethod
    def upgraded(cls, content: dict[str, Any], version: int) -> dict[str, Any]:  # noqa: ARG003
        """Version 1 had the checksums without a key around them."""
        return {"checksums": content}


def check_dataset(data: Path) -> dict[str, str]:
    """Check a dataset's small files; its volumes are checked as they are read.

    Returns:
        Its checksum as an input of a step.

    Raises:
        RefusedError: if one isn't what was prepared; says how to fix the dataset.
    """
    dataset = PreparedDataset(data)
    for name in (INFO, *PLANNED):
        dataset.check(data / name)
    return {CHECKSUM: dataset.info.checksum}


def check_images(train: Path) -> None:
    """Check each image that a training folder links to; nnU-Net reads them by itself.

    Raises:
        RefusedError: if one isn't what was prepared; says how to fix the dataset.
    """
    images = sorted(
        link.resolve()
        for link in train.rglob(f"*{SUFFIX}")
        if link.is_symlink() and not link.name.endswith(OWN_LINKS)
    )
    datasets: dict[Path, PreparedDataset] = {}
    for image in images:
        folder = image.parents[1]
        if folder not in datasets and (folder / INFO).is_file():
            check_dataset(folder)
            datasets[folder] = PreparedDataset(folder)
        if folder in datasets:
            datasets[folder].check(image)
