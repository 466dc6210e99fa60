"""Links that lead out of a mounted folder: what is there has to be mounted, too."""

import os
from collections.abc import Iterator
from pathlib import Path, PurePosixPath


def links_out(folder: Path, inside: PurePosixPath) -> Iterator[tuple[Path, PurePosixPath]]:
    """What the links below a folder lead to outside it, and where a container looks for that.

    Links that lead nowhere and folders that can't be read are left to the command.

    Args:
        folder: resolved.
        inside: its path in the container.
    """
    waiting, seen = [(folder, inside)], {folder}
    while waiting:
        place, there = waiting.pop()
        for entry in _entries(place):
            if entry.is_symlink():
                target = led_to(Path(entry), there / entry.name)
                real = Path(os.path.realpath(entry))
                if target.is_relative_to(inside) or not real.exists():
                    continue
                yield real, target
            elif entry.is_dir():
                real, target = Path(entry), there / entry.name
            else:
                continue
            if real.is_dir() and real not in seen:
                seen.add(real)
                waiting.append((real, target))


def led_to(link: Path, inside: PurePosixPath) -> PurePosixPath:
    """Where a container looks for what a link leads to: the first of several links in a row counts.

    Args:
        link: on the host.
        inside: its path in the container.
    """
    return PurePosixPath(os.path.normpath(inside.parent / link.readlink()))


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    try:
        with os.scandir(folder) as found:
            return sorted(found, key=lambda entry: entry.name)
    except OSError:
        return []
