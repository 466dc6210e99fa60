"""The rows of the check: one property of a query method each, judged on all synthetic pools."""

from collections.abc import Iterator, Sequence
from typing import Final, Literal

from benchmark.conformance.pools import LARGE, WORLDS, World, fill
from benchmark.conformance.trials import (
    BOUNDS,
    BUDGET,
    CONTRACT,
    HELD,
    LABELS,
    OVERLAP,
    UNCHANGED,
    Make,
    Trial,
    attempt,
    gone_on,
)
from nnactive.geometry import Patch
from nnactive.io.queries import PatchRecord, record
from nnactive.settings import Frozen

LOADS: Final = "can be loaded"
REPEATED: Final = "same seed, same answer"
ORDER: Final = "any order of the cases"
WORKERS: Final = "1, 2 and 4 workers"
INTERRUPTED: Final = "interrupted and gone on"
PROCESS: Final = "another process"
VOLUME: Final = f"a volume of {LARGE.title}"
AT_ONCE: Final = (CONTRACT, BUDGET, BOUNDS, OVERLAP, LABELS, UNCHANGED, HELD)
"""Rows that one query of each pool judges."""
ROWS: Final = (LOADS, *AT_ONCE, REPEATED, ORDER, WORKERS, INTERRUPTED, PROCESS, VOLUME)
"""All rows, in the order in which they are judged."""

_KEEP = "keep nothing from case to case but what pool.map returns"
ADVICE: Final = {
    REPEATED: "draw from pool.rng alone",
    ORDER: _KEEP,
    WORKERS: _KEEP,
    INTERRUPTED: "what pool.map's function computes must be what it returns",
    PROCESS: "sort what comes from a set, and draw from pool.rng alone",
}
"""The usual mistake, by row."""

State = Literal["ok", "FAILED", "not judged"]
Answers = dict[str, tuple[PatchRecord, ...] | None]
"""What was chosen in each pool; None where the contract was broken."""


class Verdict(Frozen):
    """One row."""

    row: str
    state: State
    detail: str = ""
    """Why it failed, or a figure; one line."""


class Judge:
    """Runs a method's queries and judges them row by row."""

    def __init__(self, make: Make, worlds: Sequence[World] = WORLDS) -> None:
        """Make the pools and let the method query each of them once."""
        self._make = make
        self._contents = [(world, fill(world)) for world in worlds]
        self._number = 0
        self._comparable = True
        self._first = self._trials()

    @property
    def answers(self) -> Answers:
        """What the first queries chose."""
        return {
            trial.world.title: None if trial.chosen is None else record(trial.chosen)
            for trial in self._first
        }

    def verdicts(self) -> Iterator[Verdict]:
        """The rows from the contract to the interruption, each as soon as it is judged."""
        for row in AT_ONCE:
            yield self._at_once(row)
        repeated = self._compared(REPEATED, "in a second run", self._trials())
        yield repeated
        if repeated.state == "FAILED":
            # What changes from run to run would be taken for the order's or the workers' fault.
            self._comparable = False
        yield self._compared(ORDER, "with the cases taken backwards", self._trials(backwards=True))
        trials = [*self._trials(workers=2), *self._trials(workers=4)]
        yield self._compared(WORKERS, "with more workers", trials)
        resumed = [
            trial
            for world, contents in self._contents
            for trial in gone_on(self._make, world, contents, self._number)
        ]
        yield self._compared(INTERRUPTED, "after an interruption", resumed)

    def elsewhere(self, answers: Answers) -> Verdict:
        """Whether another process, with other hashes of strings, chose the same."""
        mine = self.answers
        judged = [title for title, answer in mine.items() if answer is not None]
        for title in judged if self._comparable else ():
            if answers.get(title) != mine[title]:
                return Verdict(
                    row=PROCESS,
                    state="FAILED",
                    detail=f"{title}: other patches in another process; {ADVICE[PROCESS]}",
                )
        known = judged and self._comparable
        return Verdict(row=PROCESS, state="ok" if known else "not judged")

    def _trials(self, *, workers: int = 1, backwards: bool = False) -> list[Trial]:
        found = []
        for world, contents in self._contents:
            self._number += 1
            trial = attempt(
                self._make, world, contents, self._number, workers=workers, backwards=backwards
            )
            found.append(trial)
        return found

    def _at_once(self, row: str) -> Verdict:
        for trial in self._first:
            if row in trial.broken:
                detail = f"{trial.world.title}: {trial.broken[row]}"
                return Verdict(row=row, state="FAILED", detail=detail)
        # Without a single answer nothing is known of its patches.
        unknown = row in {BUDGET, BOUNDS, OVERLAP} and not any(t.chosen for t in self._first)
        return Verdict(row=row, state="not judged" if unknown else "ok")

    def _compared(self, row: str, when: str, trials: Sequence[Trial]) -> Verdict:
        before = {trial.world.title: trial.chosen for trial in self._first}
        judged = [
            trial for trial in trials if self._comparable and before[trial.world.title] is not None
        ]
        for trial in judged:
            expected = before[trial.world.title] or []
            if trial.chosen != expected:
                how = _difference(expected, trial)
                detail = f"{trial.world.title}: {how} {when}; {ADVICE[row]}"
                return Verdict(row=row, state="FAILED", detail=detail)
        return Verdict(row=row, state="ok" if judged else "not judged")


def _difference(expected: Sequence[Patch], trial: Trial) -> str:
    if trial.chosen is None:
        return f"breaks the contract ({next(iter(trial.broken.values()))})"
    other = sum(patch not in trial.chosen for patch in expected)
    return f"{other} of {len(expected)} patches differ" if other else "another order of the patches"
