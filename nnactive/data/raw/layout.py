"""The files of one raw case, and where nnU-Net's raw layout has them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nnactive.errors import check_name

IMAGES = "imagesTr"
LABELS = "labelsTr"
DESCRIPTION = "dataset.json"


@dataclass(frozen=True)
class Found:
    """Files of one case in a raw folder.

    Raises:
        UserError: a file's name isn't in UTF-8.
    """

    id: str
    files: tuple[Path, ...]
    """What its image is made of; one file per channel, in order, unless a script converts them."""
    label: Path

    def __post_init__(self) -> None:
        for path in (*self.files, self.label):
            check_name(str(path))


def channel_suffixes(channels: int, ending: str) -> tuple[str, ...]:
    """What follows the case id in the names of its images: ``_0000.nii.gz``, ..."""
    return tuple(f"_{channel:04d}{ending}" for channel in range(channels))


def case_in(root: Path, case: str, suffixes: Sequence[str], ending: str) -> Found:
    """Where ``root`` has the files of ``case``: an image for each suffix, and the label."""
    images = tuple(root / IMAGES / f"{case}{suffix}" for suffix in suffixes)
    return Found(case, images, root / LABELS / f"{case}{ending}")
