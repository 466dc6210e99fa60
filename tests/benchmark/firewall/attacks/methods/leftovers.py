"""Attacks by what is left in the folders that a method may write, and in its log."""

import os
from contextlib import suppress
from pathlib import Path

from nnactive.methods import BUILTIN

Random = BUILTIN["random"]
DEPTH = 1200


def writable() -> list[Path]:
    """The folders of this process's room."""
    home = Path(os.environ["HOME"])
    seed = home.parent.parent
    found = {home, home.with_name("answer"), *seed.glob(".*.checkpoint")}
    return sorted(each for each in found if os.access(each, os.W_OK))


class Leaves(Random):
    """Leaves something in each folder that it may write, and answers as `random` does."""

    class Parameters(Random.Parameters):
        runs: str = "/results"
        data: str = "/data"

    def query(self, pool, n):
        patches = super().query(pool, n)
        for folder in writable():
            self.leave(folder)
        return patches

    def leave(self, folder):
        raise NotImplementedError


class DeepFolders(Leaves):
    """Folders within folders, deeper than Python's recursion and longer than a path may be."""

    def leave(self, folder):
        at = os.open(folder, os.O_RDONLY)
        for _ in range(DEPTH):
            os.mkdir("deep", dir_fd=at)
            deeper = os.open("deep", os.O_RDONLY, dir_fd=at)
            os.close(at)
            at = deeper
        os.close(at)


class StrangeNames(Leaves):
    """Names with line breaks, bytes that are no text, and the rights of nobody."""

    def leave(self, folder):
        for name in ("a\nb", "\udcff\udcfe", "-rf", "*", "x" * 255):
            place = folder / name
            (place / "in").mkdir(parents=True)
            (place / "link").symlink_to("/")
            (place / "in").chmod(0)
            place.chmod(0)


class HugeLog(Random):
    """Makes its log seem 60 GB long, and fails."""

    class Parameters(Random.Parameters):
        runs: str = "/results"
        data: str = "/data"

    def query(self, pool, n):
        for number in (1, 2):
            for place in (number, f"/proc/self/fd/{number}"):
                with suppress(OSError):
                    os.truncate(place, 60 * 10**9)
        raise ValueError("a huge log")
