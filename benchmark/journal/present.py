"""Which files of a track are there: one listing a folder, and none below a missing one."""

import os
from collections.abc import Iterable
from pathlib import Path


class Present:
    """What is in a track's folder, listed as it is asked for; each folder once."""

    def __init__(self, root: Path) -> None:
        """Of a track's folder."""
        self.root = str(root)
        self.listed: dict[str, frozenset[str]] = {}

    def has(self, file: str) -> bool:
        """Whether a path below the track's folder, or an absolute one, exists."""
        if file.startswith(os.sep):
            return Path(file).exists()
        folder, _, name = file.rpartition(os.sep)
        return name in self._names(folder)

    def _names(self, folder: str) -> frozenset[str]:
        if folder not in self.listed:
            there = not folder or self.has(folder)
            self.listed[folder] = self._list(folder) if there else frozenset()
        return self.listed[folder]

    def _list(self, folder: str) -> frozenset[str]:
        try:
            with os.scandir(f"{self.root}{os.sep}{folder}") as entries:
                return frozenset(entry.name for entry in entries)
        except OSError:
            return frozenset()


def present(root: Path, files: Iterable[str]) -> set[str]:
    """Those of the files, relative to the track's folder or absolute, that exist."""
    there = Present(root)
    return {file for file in files if there.has(file)}
