"""What is unusual about raw files and yet no reason to refuse them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True)
class Note:
    """One peculiarity of one file."""

    what: str
    """What was found and what is done about it; the same text for every file."""
    file: Path


def summarised(notes: Iterable[Note]) -> list[str]:
    """One line a peculiarity, which names the first of its files; sorted."""
    found: dict[str, list[Path]] = {}
    for note in sorted(set(notes)):
        found.setdefault(note.what, []).append(note.file)
    return [
        f"{files[0]}{f' and {len(files) - 1} more' if len(files) > 1 else ''}: {what}"
        for what, files in found.items()
    ]
