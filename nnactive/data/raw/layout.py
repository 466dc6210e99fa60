"""The files of one raw case, and where nnU-Net's raw layout has them."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from nnactive.data.card_fields import is_plain
from nnactive.data.cards import Card
from nnactive.errors import UserError, check_name

IMAGES = "imagesTr"
LABELS = "labelsTr"
DESCRIPTION = "dataset.json"
DEEPEST = 3
"""Levels of folders that an archive may have above the cases."""
LEFTOVER = "__MACOSX"
"""Folder that macOS adds to archives."""


@dataclass(frozen=True)
class Found:
    """Files of one case in a raw folder.

    Raises:
        UserError: the id is empty or has control characters, or a file's name isn't in UTF-8.
    """

    id: str
    files: tuple[Path, ...]
    """What its image is made of; one file per channel, in order, unless a script converts them."""
    label: Path
    ready: bool = False
    """Whether there is nothing to convert: one file a channel, and the card's label values."""

    def __post_init__(self) -> None:
        for path in (*self.files, self.label):
            check_name(str(path))
        if not is_plain(self.id):
            raise UserError(
                f"{self.files[0].parent}: case id {self.id!r} is empty or has control characters; "
                "rename its files"
            )

    def values(self, card: Card) -> dict[int, int]:
        """Label by the value in this case's file, background left out."""
        own = {value: value for value in card.labels.values() if value}
        return own if self.ready else card.raw_labels


def channel_suffixes(channels: int, ending: str) -> tuple[str, ...]:
    """What follows the case id in the names of its images: ``_0000.nii.gz``, ..."""
    return tuple(f"_{channel:04d}{ending}" for channel in range(channels))


def case_in(root: Path, case: str, suffixes: Sequence[str], ending: str) -> Found:
    """Where ``root`` has the files of ``case``: an image for each suffix, and the label."""
    images = tuple(root / IMAGES / f"{case}{suffix}" for suffix in suffixes)
    return Found(case, images, root / LABELS / f"{case}{ending}")


def find_root(raw: Path, pattern: str) -> Path:
    """Find the folder that contains ``pattern``: ``raw``, one inside it, or its parent.

    Raises:
        UserError: there is none, or more than one.
    """
    folders = [raw]
    for _ in range(DEEPEST + 1):
        holding = [folder for folder in folders if any(folder.glob(pattern))]
        if len(holding) > 1:
            raise UserError(
                f"{raw}: {holding[0].name} and {holding[1].name} both contain {pattern}; "
                "give the right one"
            )
        if holding:
            return holding[0]
        folders = [inner for folder in folders for inner in _folders(folder)]
    around = raw.parent.glob(pattern)
    if any(raw.is_relative_to(match) or match.is_relative_to(raw) for match in around):
        return raw.parent
    if raw.is_dir() and (alike := [p for p in _folders(raw) if p.name.lower() == pattern.lower()]):
        raise UserError(f"{alike[0]}: must be called {pattern}; rename it")
    cause = f"contains no {pattern}" if raw.is_dir() else "no such folder"
    raise UserError(f"{raw}: {cause}; give the folder with the complete data")


def folders_below(raw: Path) -> list[Path]:
    """``raw`` and the folders inside it, as deep as an archive's cases may be, level by level."""
    found = level = [raw]
    for _ in range(DEEPEST):
        level = [inner for folder in level for inner in _folders(folder)]
        found = found + level
    return found


def _folders(folder: Path) -> list[Path]:
    if not folder.is_dir():
        return []
    inner = [path for path in folder.iterdir() if path.is_dir() and path.name[0] != "."]
    return sorted(path for path in inner if path.name != LEFTOVER)
