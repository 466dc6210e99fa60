"""Files that a submission reads although they aren't part of it."""

import os
import sys
from pathlib import Path
from types import FrameType
from typing import Any, Final

from benchmark.submission.alone import own_packages
from benchmark.submission.requirements import MANIFEST
from nnactive.authored import MARK

SYSTEM: Final = ("/bin", "/dev", "/etc", "/lib", "/lib64", "/proc", "/sys", "/usr")
"""Folders of the operating system."""


class ReadWatch:
    """Records the files that an author's code opens to read, from now on in this process."""

    def __init__(self, frozen: Path) -> None:
        """Begin; files below ``frozen``, the copy of the submission, may be read."""
        # As folders, so that none is the beginning of another's name.
        allowed = [*SYSTEM, sys.prefix, sys.base_prefix, *map(str, own_packages())]
        found = {os.path.realpath(each) for each in (*allowed, *sys.path, str(frozen)) if each}
        found.discard(os.path.realpath(own_packages()[0].parent))  # a checkout in the search path
        self._allowed = tuple(f"{each}/" for each in {*found, *SYSTEM})
        self._written: set[str] = set()
        self.found: list[str] = []
        """Their paths, each once."""
        sys.addaudithook(self._hook)

    @property
    def problem(self) -> str:
        """What was read, and the way out; empty if nothing was."""
        if not self.found:
            return ""
        path = self.found[0]
        return (
            f"reads {path}, which isn't part of the submission; put it beside the method, list it "
            f"under 'files:' in {MANIFEST}, and open pool.file({Path(path).name!r})"
        )

    def _hook(self, event: str, arguments: tuple[Any, ...]) -> None:
        if event != "open" or not isinstance(arguments[0], str | bytes):
            return
        path = os.path.realpath(os.fsdecode(arguments[0]))
        if arguments[2] & (os.O_WRONLY | os.O_RDWR):
            self._written.add(path)
            return
        if path.startswith(self._allowed) or path in self._written or path in self.found:
            return
        if os.path.isfile(path) and _is_authors(sys._getframe(1)):  # noqa: PTH113, SLF001
            self.found.append(path)


def _is_authors(frame: FrameType | None) -> bool:
    """Whether an author's code asked for what this frame does, and not an import of a package."""
    while frame is not None:
        if MARK in frame.f_globals:
            return True
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return False
        frame = frame.f_back
    return False
