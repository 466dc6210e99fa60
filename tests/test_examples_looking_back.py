"""The examples that look back: they do what they say."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from pools import SHAPES, build_pool, make_members

from benchmark.submission.method_string import Method
from benchmark.submission.spec import make
from nnactive.geometry import Patch
from nnactive.methods import QueryMethod
from nnactive.methods.run_method import run_method
from nnactive.pool.state import StateSlot, decode, encode
from nnactive.query.prediction import Prediction, fold

EXAMPLES = Path(__file__).parents[1] / "examples"
NAMES = {"change_between_loops.py": "ChangeBetweenLoops", "method_bandit.py": "MethodBandit"}
SIZE = (4, 4, 4)


def made(file: str) -> QueryMethod:
    return make(Method.parse(f"{EXAMPLES / file}:{NAMES[file]}"))[1]


def test_change_goes_where_the_prediction_changed() -> None:
    def past(loop: int, case: str, needs: frozenset[str]) -> Prediction:
        assert loop == 1
        members = make_members(case, SHAPES[case])
        if case == "b":
            for member in members:
                member[:, 4:8, 2:6, 8:12] = member[:, 4:8, 2:6, 8:12].roll(1, 0)
        return fold(case, lambda: iter(members), needs)

    method = made("change_between_loops.py")
    pool = build_pool(method, loop=3, history=past)
    assert run_method(method, pool, 1) == [Patch("b", (4, 2, 8), SIZE)]
    first = build_pool(method)
    entropy = build_pool(make(Method.parse("predictive_entropy"))[1])
    chosen = run_method(method, first, 4)
    assert chosen == run_method(make(Method.parse("predictive_entropy"))[1], entropy, 4)


@pytest.fixture
def bandit() -> Callable[..., dict]:
    def query(state: dict | None, loop: int, labelled: tuple[Patch, ...] = ()) -> dict:
        method = made("method_bandit.py")
        slot = StateSlot(None if state is None else encode(state))
        pool = build_pool(method, labelled=labelled, loop=loop, state=slot)
        assert len(run_method(method, pool, 3)) == 3
        return decode(slot.saved)

    return query


def test_the_bandit_tries_each_method_then_the_one_with_the_highest_bound(bandit) -> None:
    found = bandit(None, 1)
    assert (found["arm"], found["pulls"].tolist()) == (0, [1, 0, 0])
    labelled = (Patch("d", (3, 3, 3), SIZE, loop=1),)
    share = float((build_pool(labelled=labelled).labels_in(labelled[0]) > 0).mean())
    found = bandit(found, 2, labelled)
    assert found["reward"].tolist() == [share, 0, 0]
    assert (found["arm"], found["pulls"].tolist()) == (1, [1, 1, 0])
    rewarded = {"arm": 2, "pulls": np.array([1.0, 1, 1]), "reward": np.array([0, 0.5, 0])}
    found = bandit(rewarded, 2, labelled)
    assert found["arm"] == 1
    assert found["reward"].tolist() == [0, 0.5, share]
