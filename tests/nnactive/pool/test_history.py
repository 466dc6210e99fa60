"""The loops before a query, as a method sees them."""

import pickle
from dataclasses import replace

import pytest

from nnactive.errors import MethodError, NnactiveError
from nnactive.geometry import Patch
from nnactive.methods import QueryMethod
from nnactive.query.prediction import fold

START = Patch("a", (0, 0, 0), (4, 4, 4), loop=0)
FIRST = Patch("b", (0, 0, 0), (4, 4, 4), loop=1)
OTHER = Patch("a", (4, 4, 4), (4, 4, 4), loop=1)


class LooksBack(QueryMethod):
    needs = frozenset({"mean", "history"})


def test_a_patch_knows_its_loop_and_is_equal_without_it() -> None:
    plain = Patch("a", (0, 0, 0), (4, 4, 4))
    assert (plain.loop, START.loop) == (None, 0)
    later = replace(START, loop=3)
    assert plain == START == later
    assert len({plain, START, later}) == 1
    assert not plain < later
    assert not later < plain
    assert repr(plain) == repr(later)
    assert sorted([FIRST, START, OTHER]) == [START, OTHER, FIRST]
    assert START.overlaps(plain)
    assert pickle.loads(pickle.dumps(FIRST)).loop == 1  # noqa: S301


def test_each_loop_has_its_patches(make_pool) -> None:
    pool = make_pool(labelled=[START, FIRST, OTHER], loop=3)
    assert [(each.loop, each.patches) for each in pool.history] == [
        (0, (START,)),
        (1, (FIRST, OTHER)),
        (2, ()),
    ]
    assert pool.labelled == (START, FIRST, OTHER)
    assert pool.labels_in(Patch("b", (0, 0, 0), (4, 4, 4))).shape == (4, 4, 4)
    with pytest.raises(IndexError):
        pool.history[3]


def past(loop, case, needs):
    """Predictions that tell the loop."""
    import torch

    member = torch.zeros(3, 2, 2, 2)
    member[loop] = 1
    return fold(case, lambda: iter([member]), needs)


def test_earlier_loops_predict_and_the_last_is_the_current_one(make_pool) -> None:
    pool = make_pool(LooksBack, loop=3, history=past)
    for loop in (0, 1):
        prediction = pool.history[loop].predict("a")
        assert prediction.mean.argmax(0).unique().tolist() == [loop]
        with pytest.raises(MethodError, match="requires 'expected_entropy'"):
            _ = prediction.expected_entropy
    assert (pool.history[2].predict("a").mean == pool.predict("a").mean).all()
    assert (pool.history[-1].predict("a").mean == pool.predict("a").mean).all()


def test_predictions_of_earlier_loops_need_the_declaration(make_pool) -> None:
    pool = make_pool(loop=2, history=past)
    for each in pool.history:
        with pytest.raises(MethodError, match=rf"a: pool.history\[{each.loop}\].predict\(\) requ"):
            each.predict("a")


def test_what_goes_wrong_is_told(make_pool) -> None:
    def broken(*_):
        raise OSError("no disk")

    with pytest.raises(MethodError, match="'z'"):
        make_pool(LooksBack, loop=2, history=past).history[0].predict("z")
    with pytest.raises(MethodError, match="no earlier ensembles"):
        make_pool(LooksBack, loop=2).history[0].predict("a")
    with pytest.raises(NnactiveError, match="a: no prediction of loop 0"):
        make_pool(LooksBack, loop=2, history=broken).history[0].predict("a")
