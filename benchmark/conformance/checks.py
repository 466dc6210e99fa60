"""The checks of a query method: one property each, judged on all synthetic pools."""

from collections.abc import Iterator, Sequence
from typing import Final, Literal

from benchmark.conformance.pools import LARGE, POOLS, PoolSpec, fill
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
    resumed,
)
from nnactive.geometry import Patch
from nnactive.io.models import Frozen
from nnactive.io.queries import PatchRecord, record

LOADS: Final = "can be loaded"
REPEATED: Final = "same seed, same answer"
ORDER: Final = "any order of the cases"
WORKERS: Final = "1, 2 and 4 workers"
INTERRUPTED: Final = "resumes after an interruption"
PROCESS: Final = "another process"
VOLUME: Final = f"a volume of {LARGE.title}"
FIRST: Final = (CONTRACT, BUDGET, BOUNDS, OVERLAP, LABELS, UNCHANGED, HELD)
"""Checks that one query of each pool decides."""
CHECKS: Final = (LOADS, *FIRST, REPEATED, ORDER, WORKERS, INTERRUPTED, PROCESS, VOLUME)
"""All checks, in the order in which they are judged."""

_STATE_ADVICE = "carry nothing from case to case but what pool.map returns"
ADVICE: Final = {
    REPEATED: "draw from pool.rng alone",
    ORDER: _STATE_ADVICE,
    WORKERS: _STATE_ADVICE,
    INTERRUPTED: "pool.map's function must return everything it computes",
    PROCESS: "sort what comes from a set, and draw from pool.rng alone",
}
"""How to avoid the usual mistake, by check."""

State = Literal["ok", "FAILED", "not judged"]
Answers = dict[str, tuple[PatchRecord, ...] | None]
"""What was chosen in each pool, by its title; None where the contract was broken."""


class Verdict(Frozen):
    """Outcome of one check."""

    check: str
    state: State
    detail: str = ""
    """Why it failed, or a figure; one line."""
    trace: str = ""
    """Traceback of the method's error, if that is why it failed."""


class Judge:
    """Runs a method's queries and judges one check after the other."""

    def __init__(self, make: Make, pools: Sequence[PoolSpec] = POOLS) -> None:
        """Make the pools and let the method query each of them once."""
        self._make = make
        self._contents = [(spec, fill(spec)) for spec in pools]
        self._number = 0
        self._comparable = True
        self._first = self._trials()

    @property
    def answers(self) -> Answers:
        """What the first queries chose."""
        return {
            trial.spec.title: None if trial.chosen is None else record(trial.chosen)
            for trial in self._first
        }

    def verdicts(self) -> Iterator[Verdict]:
        """The checks from the contract to the interruption, each as soon as it is judged."""
        for check in FIRST:
            yield self._of_first_queries(check)
        repeated = self._compared(REPEATED, "in a second run", self._trials())
        yield repeated
        if repeated.state == "FAILED":
            # Otherwise changes from run to run would be blamed on the order or the workers.
            self._comparable = False
        yield self._compared(ORDER, "with the cases taken backwards", self._trials(backwards=True))
        trials = [*self._trials(workers=2), *self._trials(workers=4)]
        yield self._compared(WORKERS, "with more workers", trials)
        trials = [
            trial
            for spec, contents in self._contents
            for trial in resumed(self._make, spec, contents, self._number)
        ]
        yield self._compared(INTERRUPTED, "after an interruption", trials)

    def elsewhere(self, answers: Answers) -> Verdict:
        """Whether another process, with other string hashes, chose the same."""
        mine = self.answers
        judged = [title for title, answer in mine.items() if answer is not None]
        for title in judged if self._comparable else ():
            if answers.get(title) != mine[title]:
                return Verdict(
                    check=PROCESS,
                    state="FAILED",
                    detail=f"{title}: other patches in another process; {ADVICE[PROCESS]}",
                )
        known = judged and self._comparable
        return Verdict(check=PROCESS, state="ok" if known else "not judged")

    def _trials(self, *, workers: int = 1, backwards: bool = False) -> list[Trial]:
        trials = []
        for spec, contents in self._contents:
            self._number += 1
            trial = attempt(
                self._make, spec, contents, self._number, workers=workers, backwards=backwards
            )
            trials.append(trial)
        return trials

    def _of_first_queries(self, check: str) -> Verdict:
        for trial in self._first:
            if check in trial.broken:
                detail = f"{trial.spec.title}: {trial.broken[check]}"
                return Verdict(check=check, state="FAILED", detail=detail, trace=trial.trace)
        # Without a single answer, nothing is known about its patches.
        unknown = check in {BUDGET, BOUNDS, OVERLAP} and not any(t.chosen for t in self._first)
        return Verdict(check=check, state="not judged" if unknown else "ok")

    def _compared(self, check: str, when: str, trials: Sequence[Trial]) -> Verdict:
        before = {trial.spec.title: trial.chosen for trial in self._first}
        judged = [
            trial for trial in trials if self._comparable and before[trial.spec.title] is not None
        ]
        for trial in judged:
            expected = before[trial.spec.title] or []
            if trial.chosen != expected:
                how = _difference(expected, trial)
                detail = f"{trial.spec.title}: {how} {when}; {ADVICE[check]}"
                return Verdict(check=check, state="FAILED", detail=detail, trace=trial.trace)
        return Verdict(check=check, state="ok" if judged else "not judged")


def _difference(expected: Sequence[Patch], trial: Trial) -> str:
    if trial.chosen is None:
        return f"breaks the contract ({next(iter(trial.broken.values()))})"
    other = sum(patch not in trial.chosen for patch in expected)
    return f"{other} of {len(expected)} patches differ" if other else "another order of the patches"
