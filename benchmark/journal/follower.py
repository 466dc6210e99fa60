"""Reading a track's journals as they grow, at a bounded rate of file-system calls."""

import os
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from benchmark import layout
from benchmark.journal.events import Event, parse

CALLS_PER_SECOND: Final = 10.0
"""Of the file system, whatever the size of a track."""
SPARE_PER_SECOND: Final = 2.0
"""Of these, for other journals than a run's own: hundreds of shards may look at once."""
BLOCK: Final = 1 << 17
"""Most bytes of one journal that a look reads: some 700 events, a few milliseconds."""
LOOK_AT: Final = 1
READ: Final = 4
"""Calls: a stat, and where there is news, open, read, close."""
LIST: Final = 5
NAMES_PER_CALL: Final = 400
"""Calls of listing the folder, beside one for so many names."""
SECONDS_BETWEEN_LISTS: Final = 10.0


class Budget:
    """Calls of the file system that may be made: a rate, and a second's worth at once."""

    def __init__(self, rate: float, clock: Callable[[], float] = time.monotonic) -> None:
        """Begin with a second's worth; ``rate`` is in calls a second."""
        self.rate, self.left, self.clock = rate, rate, clock
        self.spare_rate, self.spare = rate, rate
        self.filled = clock()

    def fill(self) -> None:
        """Add what has accrued."""
        now = self.clock()
        self.left = min(self.rate, self.left + (now - self.filled) * self.rate)
        accrued = self.spare + (now - self.filled) * self.spare_rate
        self.spare = min(self.spare_rate, accrued)
        self.filled = now

    def take(self, calls: float) -> bool:
        """Take so many calls, if as many are left."""
        if self.left < calls:
            return False
        self.left -= calls
        return True

    def take_spare(self) -> bool:
        """Take one call for something that can wait."""
        if self.spare < LOOK_AT or not self.take(LOOK_AT):
            return False
        self.spare -= LOOK_AT
        return True


@dataclass
class _Journal:
    writer: str
    path: Path
    offset: int = 0
    """Where the first unread line begins."""
    file: tuple[int, int] | None = None
    """Device and inode; another file in its place is read from its beginning."""
    seen: float = 0.0
    """When it was last looked at."""


@dataclass
class Follower:
    """Follows a track's journals; each event is given once, unless a journal was replaced."""

    root: Path
    writer: str = ""
    """The journal that every look reads; the others take turns, those of living runs first."""
    budget: Budget = field(default_factory=lambda: Budget(CALLS_PER_SECOND))
    skipped: int = 0
    """Lines that this release doesn't understand."""
    _journals: dict[str, _Journal] = field(default_factory=dict)
    _running: deque[_Journal] = field(default_factory=deque)
    _quiet: deque[_Journal] = field(default_factory=deque)
    _listed: float | None = None

    def __post_init__(self) -> None:
        if self.writer:
            self.budget.spare_rate = self.budget.spare = SPARE_PER_SECOND

    def catch_up(self) -> Iterator[tuple[str, Event]]:
        """All that no look has given yet, at any cost; for a beginning."""
        self._list()
        left = self.budget.left
        own = [self._journal(self.writer)] if self.writer else []
        for journal in [*own, *self._running, *self._quiet]:
            before = -1
            while journal.offset != before:
                before = journal.offset
                yield from self._news(journal)
        self.budget.left = left

    def look(self) -> Iterator[tuple[str, Event]]:
        """Writers and their news, as far as the budget of calls goes."""
        self.budget.fill()
        if self.writer and self.budget.take(LOOK_AT):
            yield from self._news(self._journal(self.writer))
        now = self.budget.clock()
        if self._listed is None or now - self._listed >= SECONDS_BETWEEN_LISTS:
            if not self.budget.take(LIST + len(self._journals) / NAMES_PER_CALL):
                return
            self._list()
        for turns in (self._running, self._quiet):
            for _ in range(len(turns)):
                if not self.budget.take_spare():
                    return
                turns.rotate(-1)
                yield from self._news(turns[-1])

    def _journal(self, writer: str) -> _Journal:
        if writer not in self._journals:
            path = self.root / layout.journal_file(writer)
            self._journals[writer] = _Journal(writer, path)
        return self._journals[writer]

    def _list(self) -> None:
        """Find journals; the running ones are those whose run holds a lease."""
        self._listed = self.budget.clock()
        names = _names(self.root / layout.journal_folder())
        kind, lease = layout.journal_file("").name, layout.run_lease("").name
        writers = [name.removesuffix(kind) for name in names if name.endswith(kind)]
        leased = {name.removesuffix(lease) for name in names if name.endswith(lease)}
        others = [self._journal(writer) for writer in writers if writer != self.writer]
        others.sort(key=lambda journal: (journal.seen, journal.writer))
        self._running = deque(each for each in others if each.writer in leased)
        self._quiet = deque(each for each in others if each.writer not in leased)

    def _news(self, journal: _Journal) -> list[tuple[str, Event]]:
        """Events of a journal's next block; what follows its last newline waits for its end."""
        journal.seen = self.budget.clock()
        try:
            there = journal.path.stat()
        except OSError:
            return []
        file = (there.st_dev, there.st_ino)
        if journal.file not in {None, file} or there.st_size < journal.offset:
            journal.offset = 0
        journal.file = file
        if there.st_size <= journal.offset:
            return []
        self.budget.left -= READ - LOOK_AT
        block = _read(journal.path, journal.offset)
        lines, newline, _ = block.rpartition(b"\n")
        if not newline:
            # Longer than a block: no event is.
            journal.offset += len(block) if len(block) == BLOCK else 0
            return []
        journal.offset += len(lines) + 1
        events = [parse(line) for line in lines.split(b"\n")]
        self.skipped += events.count(None)
        return [(journal.writer, event) for event in events if event is not None]


def _read(path: Path, offset: int) -> bytes:
    try:
        handle = os.open(path, os.O_RDONLY)
    except OSError:
        return b""
    try:
        return os.pread(handle, BLOCK, offset)
    except OSError:
        return b""
    finally:
        os.close(handle)


def _names(folder: Path) -> list[str]:
    try:
        return [path.name for path in folder.iterdir()]
    except OSError:
        return []
