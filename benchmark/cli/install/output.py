"""How far an installation is, from what uv or pip says and what lies on the disk."""

import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmark.cli.progress import Pace

UNITS: Final = {"bytes": 1, "B": 1, "kB": 1e3, "MB": 1e6, "GB": 1e9}
UNITS_OF_UV: Final = {"KiB": 2**10, "MiB": 2**20, "GiB": 2**30}
BEGUN = re.compile(r"^ *(Downloading|Using cached) (\S+) \(([\d.]+) ?(\w+)\)$")
FINISHED = re.compile(r"^ *Downloaded (\S+)$")
NEXT = re.compile(r"^(?:Collecting|Requirement already satisfied:) ([\w.-]+)")
UNPACKING = re.compile(r"^(?:Installing collected packages|Prepared \d+ package)")
COMPILING = re.compile(r"^Installed \d+ package")
ENOUGH: Final = 0.1
"""Share from which the time left is estimated."""


def size(count: float) -> str:
    """A number of bytes in decimal units, as disks and connections are sold.

    >>> size(7.1e9), size(160e6)
    ('7.1 GB', '160 MB')
    """
    return f"{count / 1e9:.1f} GB" if count >= 1e9 else f"{count / 1e6:.0f} MB"  # noqa: PLR2004


@dataclass
class Course:
    """An installation's course; reads the lines of uv, which says all sizes first, and of pip."""

    packages: int
    """Number to install; 0: nothing is known of this step but the time."""
    expected: float = 0.0
    """Bytes to download, if the tool doesn't say it first."""
    venv: Path = Path()
    """Environment into which they go."""
    unpacked: float = 0.0
    """Bytes that the environment has in the end, if unpacking takes long."""

    begun: dict[str, float] = field(default_factory=dict)
    """Bytes by file whose download began."""
    cached: float = 0.0
    """Bytes that needn't be downloaded."""
    finished: set[str] = field(default_factory=set)
    met: int = 0
    """Packages that pip has come to."""
    phase: str = "looking up"
    pace: Pace | None = None

    def read(self, line: str, now: float) -> None:
        """Take in a line of the tool's output at the time ``now`` in s."""
        if match := BEGUN.match(line):
            doing, name, number, unit = match.groups()
            count = float(number) * {**UNITS, **UNITS_OF_UV}.get(unit, 0)
            if doing == "Downloading":
                self.begun[name] = count
                self._enter("downloading", now)
            else:
                self.cached += count
        elif match := FINISHED.match(line):
            self.finished.add(match[1])
        elif NEXT.match(line):
            self.met += 1
            self.finished |= set(self.begun)  # pip downloads one after another
        elif UNPACKING.match(line):
            self._enter("unpacking", now)
        elif COMPILING.match(line):
            self._enter("compiling", now)

    def told(self, now: float) -> str:
        """How far it is at the time ``now``, in words."""
        if not self.packages:
            return "working"
        if self.phase == "downloading":
            return self._downloading(now)
        if self.phase == "unpacking" and self.unpacked:
            there = bytes_below(self.venv)
            text = f"unpacking, {size(there)} of about {size(self.unpacked)}"
            return self._with_left(text, there / self.unpacked, now)
        if self.phase == "compiling":
            modules, compiled = (files_below(self.venv, end) for end in (".py", ".pyc"))
            text = f"compiling, {compiled:,} of about {modules:,} modules"
            return self._with_left(text, compiled / max(modules, 1), now)
        if self.phase == "looking up" and self.met:
            return f"package {self.met} of {self.packages}, {size(self.cached)} already present"
        return f"{self.phase} {self.packages} packages"

    def _downloading(self, now: float) -> str:
        done = sum(self.begun[name] for name in self.finished if name in self.begun)
        total = max(self.expected - self.cached, 1.0) if self.expected else sum(self.begun.values())
        about = "about " if self.expected else ""
        where = f"package {self.met} of {self.packages}, " if self.met else ""
        text = f"{where}{size(done)} of {about}{size(total)} downloaded"
        return self._with_left(text, done / max(total, 1.0), now)

    def _with_left(self, text: str, share: float, now: float) -> str:
        left = self.pace.left(share, now) if self.pace and share >= ENOUGH else ""
        return ", ".join(filter(None, (text, left)))

    def _enter(self, phase: str, now: float) -> None:
        if phase != self.phase:
            there = bytes_below(self.venv) if phase == "unpacking" and self.unpacked else 0
            self.phase, self.pace = phase, Pace(there / max(self.unpacked, 1.0), now)


def bytes_below(folder: Path) -> int:
    """Bytes of all files below a folder, 0 if there is none."""
    total = 0
    for path in _below(folder):
        try:
            total += os.lstat(path).st_size
        except OSError:
            continue
    return total


def files_below(folder: Path, end: str) -> int:
    """Number of files below a folder whose names have this end."""
    return sum(path.endswith(end) for path in _below(folder))


def _below(folder: Path) -> Iterator[str]:
    for place, _, names in os.walk(folder):
        for name in names:
            yield f"{place}/{name}"  # 80,000 of them
