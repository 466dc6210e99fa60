import itertools
import subprocess
import sys

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnactive.errors import UserError
from nnactive.steps import folds as module
from nnactive.steps.folds import assign_folds
from nnactive.streams import stream


@st.composite
def pools(draw, most=12):
    count = draw(st.integers(1, most))
    return {
        f"case_{index:02d}": draw(st.frozensets(st.integers(0, 4), max_size=5))
        for index in range(count)
    }


def good(answer, classes_by_case, folds):
    sizes = [len(fold) for fold in answer]
    return (
        len(answer) == folds
        and sorted(itertools.chain(*answer)) == sorted(classes_by_case)
        and max(sizes) - min(sizes) <= 1
        and all(
            sum(any(label in classes_by_case[case] for case in fold) for fold in answer) >= 2
            for label in set().union(*classes_by_case.values())
        )
    )


def solvable(classes_by_case, folds):
    """Whether any of the folds ** cases assignments will do."""
    cases = sorted(classes_by_case)
    return len(cases) >= folds and any(
        good(
            [[c for c, own in zip(cases, way, strict=True) if own == f] for f in range(folds)],
            classes_by_case,
            folds,
        )
        for way in itertools.product(range(folds), repeat=len(cases))
    )


@pytest.mark.parametrize("deals", [0, 20], ids=["search alone", "deal first"])
@settings(max_examples=100, deadline=None)
@given(pools(most=6), st.integers(2, 3), st.integers(0, 9))
def test_folds_are_found_exactly_when_there_are_any(deals, classes_by_case, folds, seed):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_DEALS", deals)
        if solvable(classes_by_case, folds):
            answer = assign_folds(classes_by_case, folds, stream(seed))
            assert good(answer, classes_by_case, folds)
        else:
            with pytest.raises(UserError):
                assign_folds(classes_by_case, folds, stream(seed))


@settings(max_examples=100, deadline=None)
@given(pools(), st.integers(2, 5), st.randoms(use_true_random=False))
def test_answer_depends_on_content_and_stream_alone(classes_by_case, folds, random):
    items = [(case, list(classes)) for case, classes in classes_by_case.items()]
    for _, classes in items:
        random.shuffle(classes)
    random.shuffle(items)

    def answer(mapping):
        try:
            return assign_folds(mapping, folds, stream("x"))
        except UserError as error:
            return str(error)

    assert answer(classes_by_case) == answer(dict(items))


def test_search_alone_finds_what_the_deal_misses(monkeypatch):
    # A path of classes of two cases each has two solutions among the ten balanced ones.
    path = {"a": {0}, "b": {0, 1}, "c": {1, 2}, "d": {2, 3}, "e": {3}}
    monkeypatch.setattr(module, "_DEALS", 0)
    for seed in range(10):
        assert good(assign_folds(path, 2, stream(seed)), path, 2)
    with pytest.raises(UserError, match=r"no 2 folds of 3 cases .* class 0, in 2 cases"):
        assign_folds({"a": {0, 2}, "b": {0, 1}, "c": {1, 2}}, 2, stream())


def test_two_cases_of_the_rarest_class_go_to_different_folds_at_random():
    pool = {f"c{i}": {0} | ({1} if i < 2 else set()) for i in range(20)}
    homes = set()
    for seed in range(20):
        answer = assign_folds(pool, 5, stream(seed))
        assert [len(fold) for fold in answer] == [4] * 5
        homes.add(tuple(i for i, fold in enumerate(answer) if {"c0", "c1"} & set(fold)))
    assert all(len(home) == 2 for home in homes)
    assert len(homes) > 3


@pytest.mark.parametrize(
    ("pool", "names", "told"),
    [
        ({"a": {0}, "b": {0}}, (), "2 labelled cases can't fill 3 folds"),
        ({"a": {0}, "b": {0, 1}, "c": {0}}, (), "class 1 is labelled in 1 cases"),
        ({"a": {0}, "b": {0, 1}, "c": {0}}, ("bg", "heart"), "class 'heart' is labelled in 1"),
        ({"a": {0}, "b": {0}, "c": {0}}, ("bg", "heart"), "class 'heart' is labelled in 0"),
    ],
)
def test_impossible_folds_name_the_reason(pool, names, told):
    with pytest.raises(UserError, match=told):
        assign_folds(pool, 3, stream(), names)


def test_large_pools_are_dealt_quickly():
    pool = {f"{i:04d}": {0, 1 + i % 40} for i in range(1130)}
    assert good(assign_folds(pool, 5, stream()), pool, 5)


def test_another_hash_seed_changes_nothing():
    code = (
        "from nnactive.steps.folds import assign_folds; from nnactive.streams import stream;"
        "pool = {case: {ord(case) % 3, 0} for case in set('abcdefgh')};"
        "print(assign_folds(pool, 3, stream(1)))"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": str(seed)},
            capture_output=True,
            check=True,
            text=True,
        ).stdout
        for seed in (1, 2, 3)
    }
    assert len(told) == 1


def test_without_every_class_those_in_two_cases_still_lie_in_two_folds():
    pool = {"a": {0, 1, 2}, "b": {0, 1}, "c": {0}, "d": {0}, "e": {0}, "f": {0, 1}}
    names = ("bg", "heart", "vessel", "tumour")
    with pytest.raises(UserError, match="class 'vessel' is labelled in 1"):
        assign_folds(pool, 3, stream(), names)
    dealt = assign_folds(pool, 3, stream(), names, complete=False)
    assert sorted(case for fold in dealt for case in fold) == sorted(pool)
    assert sum(any(1 in pool[case] for case in fold) for fold in dealt) >= 2
    assert {len(fold) for fold in dealt} == {2}
    with pytest.raises(UserError, match="can't fill 7 folds"):
        assign_folds(pool, 7, stream(), names, complete=False)
