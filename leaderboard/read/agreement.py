"""Whether results that claim the same data describe the same data.

A checksum is only text in a file. What follows from the data (or, for loop 0, from data, setting,
start and seed: protocol section 4) must be equal in all results; the baselines decide.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Container, Hashable, Iterable, Mapping
from dataclasses import dataclass, field

from leaderboard.formatting import NAME_LENGTH, plain
from leaderboard.read.facts import Facts
from leaderboard.read.groups import details
from nnactive.io.queries import PROTOCOL_START

Fact = Callable[[Facts], Hashable]
"""A fact stated by a result; None: not stated."""


def _shapes(known: Mapping[str, Hashable] | None) -> Hashable:
    return None if known is None else frozenset(known.items())


OF_DATA: Mapping[str, Fact] = {
    "split": lambda result: result.dataset.split_kind,
    "foreground classes": lambda result: result.dataset.classes,
    "test cases": lambda result: result.dataset.test_cases,
    "number of cases in the pool": lambda result: result.dataset.pool_cases,
    "shapes of the pool's images": lambda result: _shapes(result.dataset.pool_shapes),
    "foreground voxels of the pool": lambda result: result.dataset.pool_foreground,
    "boundary voxels of the pool": lambda result: result.dataset.pool_boundary,
    "effort of labelling the pool": lambda result: result.dataset.pool_effort,
    "reference voxels of the test set (tp + fn)": lambda result: result.reference,
    "tolerances of the surface Dice": lambda result: result.tolerances,
    "diagonals of the test images": lambda result: result.diagonals,
}
OF_START: Mapping[str, Fact] = {
    "starting patches": lambda result: result.start,
    "voxels of the starting patches": lambda result: (
        (result.loops[0].labelled_voxels, result.loops[0].labelled_foreground)
        if result.loops
        else None
    ),
    "boundary voxels of the starting patches": lambda result: (
        result.loops[0].labelled_boundary if result.loops else None
    ),
    "effort of the starting patches": lambda result: (
        result.loops[0].effort if result.loops else None
    ),
}


OF_TRAINING: Mapping[str, Fact] = {
    "full-data Dice": lambda result: result.dataset.full_data_dice,
}


@dataclass
class _Votes:
    """How many results state each value, by how much they count."""

    sure: Counter[Hashable] = field(default_factory=Counter)
    """Of baselines that something vouches for."""
    baselines: Counter[Hashable] = field(default_factory=Counter)
    all: Counter[Hashable] = field(default_factory=Counter)

    def right(self) -> Hashable:
        """What most of those that count state; None in a tie."""
        first, *others = (self.sure or self.baselines or self.all).most_common(2)
        return None if others and others[0][1] == first[1] else first[0]


def disagreements(results: Iterable[Facts], vouched: Container[int] = ()) -> dict[int, str]:
    """Why results can't belong to the data or the starting budget that they name, by position.

    Baselines decide: those that something vouches for; without such, all; without any, all
    results. In a tie between two descriptions both are wrong, so the order of results changes
    nothing.

    Args:
        results: to be compared.
        vouched: positions of those that something vouches for.
    """
    given = list(results)
    reasons: dict[int, str] = {}
    sure = [each for place, each in enumerate(given) if place in vouched and _is_builtin(each)]
    for facts, key in ((OF_DATA, _data), (OF_START, _run), (OF_TRAINING, _training)):
        judged = {key(result) for result in sure}
        for what, fact in facts.items():
            said = {
                place: (key(result), value)
                for place, result in enumerate(given)
                if place not in reasons and (value := fact(result)) is not None
            }
            right = _right(given, said, vouched, judged)
            reasons |= {
                place: _reason(what, key_, right[key_], given[place])
                for place, (key_, value) in said.items()
                if key_ in right and value != right[key_]
            }
    return reasons


def _right(
    given: list[Facts],
    said: Mapping[int, tuple[Hashable, Hashable]],
    vouched: Container[int],
    judged: Container[Hashable],
) -> dict[Hashable, Hashable]:
    """What is right, by key; nothing of what vouched baselines there are silent about.

    Strangers who contradict each other would remove each other's rows.
    """
    votes: dict[Hashable, _Votes] = defaultdict(_Votes)
    for place, (key, value) in said.items():
        votes[key].all[value] += 1
        if _is_builtin(given[place]):
            votes[key].baselines[value] += 1
            if place in vouched:
                votes[key].sure[value] += 1
    return {key: vote.right() for key, vote in votes.items() if vote.sure or key not in judged}


def _is_builtin(result: Facts) -> bool:
    return result.method.origin == "builtin"


def _reason(what: str, key: Hashable, right: Hashable, result: Facts) -> str:
    where = f"data {plain(result.dataset.checksum, 12)}"
    if key == _run(result):
        where += f", setting {plain(result.setting.name, NAME_LENGTH)}, seed {result.seed}"
    if right is None:
        return (
            f"{what}: the results of {where} disagree, and neither side has a majority; remove "
            "the wrong ones"
        )
    return f"{what}: different from the other results of {where}"


def _data(result: Facts) -> Hashable:
    return result.dataset.checksum


def _run(result: Facts) -> Hashable:
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


def _training(result: Facts) -> Hashable:
    """What a training on the whole pool depends on."""
    return result.dataset.checksum, details(result.setting)
