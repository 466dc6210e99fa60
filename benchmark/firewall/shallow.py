"""Keep what a box has left no deeper than ordinary tools can walk and remove."""

import os
import secrets
import stat
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Iterator

DEEPEST: Final = 32
"""Folders in one another; Python's own tools call themselves once a level."""


def make_shallow(folder: Path, levels: int = DEEPEST) -> None:
    """Remove all folders that lie deeper; what can't be removed stays.

    Paths there may be longer than the kernel takes, and another box may still write there, so each
    step names one entry of an open folder and follows no link.

    Args:
        folder: one that a box could write.
        levels: folders that may lie in one another below it.
    """
    with suppress(OSError), _opened(str(folder)) as at:
        _cut(at, levels)


@contextmanager
def shallow_after(folder: Path) -> "Iterator[None]":
    """Call `make_shallow` after the block, as the process that would have may be killed."""
    try:
        yield
    finally:
        make_shallow(folder)


def _cut(at: int, levels: int) -> None:
    for name in _folders(at):
        with suppress(OSError):
            if levels == 0:
                _remove(at, name)
            else:
                with _opened(name, at) as inner:
                    _cut(inner, levels - 1)


def _remove(at: int, name: str) -> None:
    """Remove a folder, by moving those in it up until none has another one in it."""
    mark, moved = secrets.token_hex(8), 0
    with _opened(name, at) as top:
        while names := _folders(top):
            for each in names:
                with _opened(each, top) as inner:
                    for below in _folders(inner):
                        with _opened(below, inner):  # to be moved it must be writable
                            pass
                        os.rename(below, f"{mark}{moved}", src_dir_fd=inner, dst_dir_fd=top)
                        moved += 1
                    _remove_files(inner)
                os.rmdir(each, dir_fd=top)
        _remove_files(top)
    os.rmdir(name, dir_fd=at)


def _folders(at: int) -> list[str]:
    with os.scandir(at) as entries:
        return [each.name for each in entries if each.is_dir(follow_symlinks=False)]


def _remove_files(at: int) -> None:
    with os.scandir(at) as entries:
        names = [each.name for each in entries if not each.is_dir(follow_symlinks=False)]
    for name in names:
        os.unlink(name, dir_fd=at)


@contextmanager
def _opened(name: str, at: int | None = None) -> "Iterator[int]":
    """A folder, with the right to change it."""
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    place = os.open(name, os.O_PATH | flags, dir_fd=at) if hasattr(os, "O_PATH") else None
    try:
        if place is not None and os.fstat(place).st_mode & stat.S_IRWXU != stat.S_IRWXU:
            Path("/proc/self/fd", str(place)).chmod(stat.S_IRWXU)
        descriptor = os.open(name, flags, dir_fd=at)
    finally:
        if place is not None:
            os.close(place)
    try:
        yield descriptor
    finally:
        os.close(descriptor)
