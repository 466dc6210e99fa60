"""The checks of a query method: one property each, judged on all synthetic pools."""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Final, Literal

from benchmark.conformance.pools import LARGE, POOLS, Contents, PoolSpec, fill
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
from benchmark.conformance.views import LABELS as ANY_LABELS
from benchmark.conformance.views import MAP, PREDICTIONS
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
BEFORE: Final = (LOADS, *FIRST, REPEATED, ORDER, WORKERS, INTERRUPTED)
"""Those before two processes are compared, which none of the two can do."""
CHECKS: Final = (*BEFORE, PROCESS, VOLUME)
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

NEEDED: Final = {
    LABELS: ANY_LABELS,
    HELD: PREDICTIONS,
    ORDER: MAP,
    WORKERS: MAP,
    INTERRUPTED: MAP,
}
"""What a method must ask for so that a check says anything of it, by check."""
UNANSWERED: Final = "no query gives valid patches"
OTHER_ORDER: Final = "another order of the patches"
UNEQUAL: Final = "queries differ from run to run"

State = Literal["ok", "FAILED", "not reached", "not judged"]
"""not reached: no query did what the check is about; not judged: an earlier check rules it out."""


class Answer(Frozen):
    """What one query chose and saved."""

    patches: tuple[PatchRecord, ...]
    state: str | None
    """SHA-256 of the saved state."""


Answers = dict[str, Answer | None]
"""By the pool's title; None where the contract was broken."""


class Verdict(Frozen):
    """Outcome of one check."""

    check: str
    state: State
    detail: str = ""
    """Why it failed or wasn't reached or judged, or a figure; one line."""
    trace: str = ""
    """Traceback of the method's error, if that is why it failed."""


class Judge:
    """Runs a method's queries and judges one check after the other."""

    def __init__(self, make: Make, pools: Sequence[PoolSpec] = POOLS) -> None:
        """Make the pools and let the method query each of them once, from its loop 1 on."""
        self._make = make
        self._number = 0
        self._comparable = True
        self._contents: list[tuple[PoolSpec, Contents]] = []
        self._earlier: list[Trial] = []
        for spec in pools:
            self._begin(spec)
        self._first = self._trials()

    def _begin(self, spec: PoolSpec) -> None:
        """Lead a pool to its loop; one in which an earlier query fails is left out."""
        contents = fill(spec)
        for loop in range(1, spec.loop):
            before = replace(spec, loop=loop)
            trial = self._attempt(before, contents)
            self._earlier.append(trial)
            if trial.chosen is None:
                return
            contents = contents.after(before, trial.chosen, trial.saved)
        self._contents.append((spec, contents))

    @property
    def answers(self) -> Answers:
        """What the first queries chose and saved."""
        return {trial.spec.title: _answer(trial) for trial in self._first}

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

    def _trials(self, *, workers: int = 1, backwards: bool = False) -> list[Trial]:
        return [
            self._attempt(spec, contents, workers=workers, backwards=backwards)
            for spec, contents in self._contents
        ]

    def _attempt(
        self, spec: PoolSpec, contents: Contents, *, workers: int = 1, backwards: bool = False
    ) -> Trial:
        self._number += 1
        return attempt(
            self._make, spec, contents, self._number, workers=workers, backwards=backwards
        )

    def _of_first_queries(self, check: str) -> Verdict:
        for trial in (*self._earlier, *self._first):
            if check in trial.broken:
                detail = f"{trial.spec.title}: {trial.broken[check]}"
                return Verdict(check=check, state="FAILED", detail=detail, trace=trial.trace)
        if check == CONTRACT:
            return Verdict(check=check, state="ok")
        answered = any(trial.chosen for trial in (*self._earlier, *self._first))
        without = self._unreached(check) or _unanswered(check, answered=answered)
        return without or Verdict(check=check, state="ok")

    def _compared(self, check: str, when: str, trials: Sequence[Trial]) -> Verdict:
        before = {trial.spec.title: trial for trial in self._first}
        judged = [trial for trial in trials if before[trial.spec.title].chosen is not None]
        without = self._unknown(check, judged=bool(judged))
        for trial in [] if without else judged:
            how = _difference(before[trial.spec.title], trial)
            if how:
                detail = f"{trial.spec.title}: {how} {when}; {ADVICE[check]}"
                return Verdict(check=check, state="FAILED", detail=detail, trace=trial.trace)
        return without or self._unreached(check) or Verdict(check=check, state="ok")

    def _unknown(self, check: str, *, judged: bool) -> Verdict | None:
        return _unknown(check, judged=judged, comparable=self._comparable)

    def _unreached(self, check: str) -> Verdict | None:
        """The verdict if no query did what the check is about."""
        needed = NEEDED.get(check)
        if needed is None or any(needed in t.reached for t in (*self._earlier, *self._first)):
            return None
        detail = f"no query asks for {needed}" if needed != MAP else f"no query calls {MAP}"
        return Verdict(check=check, state="not reached", detail=detail)


def elsewhere(answers: Answers, others: Answers, *, comparable: bool) -> Verdict:
    """Whether another process, with other string hashes, chose the same.

    Args:
        answers: of the process with the other checks.
        others: of the other one.
        comparable: whether a second query in the same process chose the same.
    """
    judged = {title: answer for title, answer in answers.items() if answer is not None}
    without = _unknown(PROCESS, judged=bool(judged), comparable=comparable)
    for title, answer in {} if without else judged.items():
        other = others.get(title)
        if other != answer:
            same = other and other.patches == answer.patches
            what = "another state" if same else "other patches"
            detail = f"{title}: {what} in another process; {ADVICE[PROCESS]}"
            return Verdict(check=PROCESS, state="FAILED", detail=detail)
    return without or Verdict(check=PROCESS, state="ok")


def _unknown(check: str, *, judged: bool, comparable: bool) -> Verdict | None:
    """The verdict on a check that compares queries, if they can't be compared."""
    if judged and not comparable:
        return Verdict(check=check, state="not judged", detail=UNEQUAL)
    return _unanswered(check, answered=judged)


def _unanswered(check: str, *, answered: bool) -> Verdict | None:
    return None if answered else Verdict(check=check, state="not judged", detail=UNANSWERED)


def _answer(trial: Trial) -> Answer | None:
    if trial.chosen is None:
        return None
    saved = None if trial.saved is None else hashlib.sha256(trial.saved).hexdigest()
    return Answer(patches=record(trial.chosen), state=saved)


def _difference(first: Trial, trial: Trial) -> str:
    """How a query's patches and state differ from those of the first one; empty: they don't."""
    expected = first.chosen or []
    if trial.chosen is None:
        return f"breaks the contract ({next(iter(trial.broken.values()))})"
    if trial.chosen != expected:
        other = sum(patch not in trial.chosen for patch in expected)
        return f"{other} of {len(expected)} patches differ" if other else OTHER_ORDER
    return "" if trial.saved == first.saved else "another state is saved"
