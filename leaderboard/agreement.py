"""Whether results that claim the same data describe the same data.

A checksum is only text in a file. What follows from the data (or, for loop 0, from data, setting,
start and seed: protocol section 4) must be equal in all results; the baselines decide.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field

from benchmark.results import ExperimentResult
from leaderboard.consistency import reference_voxels
from leaderboard.formatting import NAME_LENGTH, plain
from nnactive.io.queries import PROTOCOL_START

Fact = Callable[[ExperimentResult], Hashable]
"""A fact stated by a result; None: not stated."""
OF_DATA: Mapping[str, Fact] = {
    "split": lambda result: result.dataset.split_kind,
    "foreground classes": lambda result: result.dataset.classes,
    "test cases": lambda result: result.dataset.test_cases,
    "number of cases in the pool": lambda result: result.dataset.pool_cases,
    "foreground voxels of the pool": lambda result: result.dataset.pool_foreground,
    "boundary voxels of the pool": lambda result: result.dataset.pool_boundary,
    "reference voxels of the test set (tp + fn)": lambda result: (
        reference_voxels(result.loops[0].counts) if result.loops else None
    ),
}
OF_START: Mapping[str, Fact] = {
    "starting patches": lambda result: (
        tuple(vars(result.loops[0].patches).values()) if result.loops else None
    ),
    "voxels of the starting patches": lambda result: (
        (result.loops[0].labelled_voxels, result.loops[0].labelled_foreground)
        if result.loops
        else None
    ),
    "boundary voxels of the starting patches": lambda result: (
        result.loops[0].labelled_boundary if result.loops else None
    ),
}


@dataclass
class _Votes:
    """How many results state each value."""

    baselines: Counter[Hashable] = field(default_factory=Counter)
    all: Counter[Hashable] = field(default_factory=Counter)

    def right(self) -> Hashable:
        """What most baselines state, or most results without any; None in a tie."""
        first, *others = (self.baselines or self.all).most_common(2)
        return None if others and others[0][1] == first[1] else first[0]


def disagreements(results: Iterable[ExperimentResult]) -> dict[int, str]:
    """Why results can't belong to the data or the starting budget that they name, by position.

    In a tie between two descriptions both are wrong, so the order of results changes nothing.
    """
    given = list(results)
    reasons: dict[int, str] = {}
    for facts, key in ((OF_DATA, _data), (OF_START, _run)):
        for what, fact in facts.items():
            said = {
                place: (key(result), value)
                for place, result in enumerate(given)
                if place not in reasons and (value := fact(result)) is not None
            }
            right = _right(given, said)
            reasons |= {
                place: _reason(what, key_, right[key_], given[place])
                for place, (key_, value) in said.items()
                if value != right[key_]
            }
    return reasons


def _right(
    given: list[ExperimentResult], said: Mapping[int, tuple[Hashable, Hashable]]
) -> dict[Hashable, Hashable]:
    votes: dict[Hashable, _Votes] = defaultdict(_Votes)
    for place, (key, value) in said.items():
        votes[key].all[value] += 1
        if given[place].method.origin == "builtin":
            votes[key].baselines[value] += 1
    return {key: vote.right() for key, vote in votes.items()}


def _reason(what: str, key: Hashable, right: Hashable, result: ExperimentResult) -> str:
    where = f"data {plain(result.dataset.checksum, 12)}"
    if key == _run(result):
        where += f", setting {plain(result.setting.name, NAME_LENGTH)}, seed {result.seed}"
    if right is None:
        return (
            f"{what}: the results of {where} disagree, and neither side has a majority; remove "
            "the wrong ones"
        )
    return f"{what}: different from the other results of {where}"


def _data(result: ExperimentResult) -> Hashable:
    return result.dataset.checksum


def _run(result: ExperimentResult) -> Hashable:
    """What the starting budget depends on (protocol section 4)."""
    about = result.setting
    version = ".".join(result.protocol_version.split(".")[:2])
    return (
        result.dataset.checksum,
        version,
        about.name,
        about.patch_size,
        about.starting_budget,
        result.method.start or PROTOCOL_START,
        result.seed,
    )
