"""Progress callbacks: how the caller of a long operation on a dataset learns how far it is."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeVar

Progress = Callable[[str, int, int], None]
"""Receives a stage, the number of cases done and their total, in the caller's thread."""
Amount = Callable[[int, int | None], None]
"""Receives the number of bytes done and their total (None: unknown)."""
Stage = Literal["ask", "fetch", "check", "unpack", "wait"]
"""ask: a source was asked for a file; wait: nothing comes meanwhile."""
Item = TypeVar("Item")


@dataclass(frozen=True)
class Step:
    """How far one file of a download is: ``done`` of ``total`` bytes (None: unknown).

    Of a wait, these are seconds.
    """

    stage: Stage
    name: str
    """The file; of a wait, also its reason and what ends it."""
    number: int
    """Of ``count`` files, from 1."""
    count: int
    done: int
    total: int | None


Report = Callable[[Step], None]
"""Receives every step of a download."""


def tracked(progress: Progress, stage: str, items: Iterable[Item], total: int) -> Iterator[Item]:
    """Yield ``items``, reporting each one as done when the next is asked for."""
    progress(stage, 0, total)
    for done, item in enumerate(items, 1):
        yield item
        progress(stage, done, total)


@dataclass(frozen=True)
class FileReport:
    """Reports on one file of a download."""

    report: Report
    name: str
    number: int
    """Of ``count`` files, from 1."""
    count: int

    def ask(self, source: str) -> None:
        """Report that ``source`` is being asked for the file."""
        name = f"{self.name} from {source}"
        self.report(Step("ask", name, self.number, self.count, 0, None))

    def wait(self, why: str, seconds: float, limit: float) -> None:
        """Report that nothing has come for ``seconds``, ``limit`` at most, and why."""
        name = f"{self.name}: {why}"
        self.report(Step("wait", name, self.number, self.count, round(seconds), round(limit)))

    def amount(self, stage: Stage) -> Amount:
        """Reports the bytes that are through ``stage``."""
        return lambda done, total: self.report(
            Step(stage, self.name, self.number, self.count, done, total)
        )


def part_of(amount: Amount, before: int, total: int) -> Amount:
    """For one file of several: reports how far all of them are, ``before`` bytes being done."""
    return lambda done, _: amount(before + done, total)
