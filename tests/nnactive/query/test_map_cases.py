"""How an interrupted or failed query uses the results of earlier attempts."""

from pathlib import Path

import pytest

from nnactive.errors import MethodError
from nnactive.methods import QueryMethod
from nnactive.query.checkpoint import Checkpoint, Part, PartDone
from nnactive.steps.query import _resumable


class Fails(QueryMethod):
    """Stand-in for a method whose work on one case fails."""

    needs = frozenset()

    def __init__(self, calls):
        super().__init__()
        self.calls = calls

    def candidates(self, pool, case):
        self.calls.append(case)
        if case == "d":
            raise ValueError
        return []


class Forgets(QueryMethod):
    """Stand-in for a method that doesn't return its work on a case."""

    needs = frozenset()

    def __init__(self, calls):
        super().__init__()
        self.calls = calls

    def query(self, pool, n):
        found = []

        def work(case):
            self.calls.append(case)
            found.append(case)

        pool.map(work)
        if len(found) < len(pool.cases):
            raise KeyError
        return super().query(pool, n)

    def candidates(self, pool, case):
        return []


def checkpoint(folder: Path, part: Part | None = None) -> Checkpoint:
    return Checkpoint(folder / "stored", lambda: "key", part)


def choose(method, pool):
    return _resumable(method, pool.info, pool._sources, 1)


def test_the_same_error_again_discards_nothing(make_pool, tmp_path):
    for tried in (["a", "b", "c", "d"], ["d"], ["d"]):
        calls = []
        with pytest.raises(MethodError, match="Fails: d: ValueError"):
            choose(Fails(calls), make_pool(checkpoint=checkpoint(tmp_path)))
        assert calls == tried


def test_a_failed_part_leaves_the_others_work_alone(make_pool, tmp_path):
    with pytest.raises(PartDone):
        choose(Fails([]), make_pool(checkpoint=checkpoint(tmp_path, Part(1, 2))))
    calls = []
    with pytest.raises(MethodError):
        choose(Fails(calls), make_pool(checkpoint=checkpoint(tmp_path, Part(2, 2))))
    assert calls == ["b", "d"]
    assert [path.name for path in sorted((tmp_path / "stored" / "key").iterdir())] == [
        f"000_{case}.pickle" for case in "abc"
    ]


def test_a_method_that_cannot_resume_starts_over(make_pool, tmp_path):
    with pytest.raises(PartDone):
        choose(Forgets([]), make_pool(checkpoint=checkpoint(tmp_path, Part(1, 2))))
    calls = []
    with pytest.raises(MethodError, match="0 candidates for 1 patches"):
        choose(Forgets(calls), make_pool(checkpoint=checkpoint(tmp_path)))
    assert calls == ["b", "d", "a", "b", "c", "d"]


def test_parts_with_other_code_leave_one_another_alone(make_pool, tmp_path):
    for key in ("old", "new"):
        view = make_pool(
            checkpoint=Checkpoint(tmp_path / "stored", lambda key=key: key, Part(1, 2))
        )
        with pytest.raises(PartDone):
            view.map(str.upper)
    assert sorted(path.name for path in (tmp_path / "stored").iterdir()) == ["new", "old"]


def test_a_nested_call_reports_no_progress(make_pool):
    reports = []
    pool = make_pool(progress=lambda *counts: reports.append(counts))
    pool.map(lambda case: pool.map(str.upper))
    assert reports == [(1, 4), (2, 4), (3, 4), (4, 4)]
