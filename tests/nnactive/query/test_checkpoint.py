import threading
from pathlib import Path

import pytest

from nnactive.errors import MethodError, UserError
from nnactive.methods import BUILTIN, QueryMethod
from nnactive.query.checkpoint import Checkpoint, Part, PartDone, code_hash


class Work:
    """A function for `map` that records the cases it is called for, and can fail on one."""

    def __init__(self, fails_at: str = "") -> None:
        self.fails_at = fails_at
        self.done: list[str] = []

    def __call__(self, case):
        if case == self.fails_at:
            raise RuntimeError
        self.done.append(case)
        return {"case": case.upper(), "none": None}


EXPECTED = [{"case": case, "none": None} for case in "ABCD"]


@pytest.fixture
def resumed(make_pool, tmp_path: Path):
    """Views that store what they finish in one folder."""

    def build(key: str = "key", part: Part | None = None, **changes):
        checkpoint = Checkpoint(tmp_path / "stored", lambda: key, part)
        return make_pool(checkpoint=checkpoint, **changes)

    return build


@pytest.mark.parametrize("workers", [1, 3])
def test_finished_images_are_not_computed_again(resumed, workers: int) -> None:
    with pytest.raises(MethodError, match="d: RuntimeError"):
        resumed(workers=workers).map(Work(fails_at="d"))
    reports, work = [], Work()
    pool = resumed(workers=workers, progress=lambda *counts: reports.append(counts))
    assert pool.map(work) == EXPECTED
    assert work.done == ["d"]
    assert reports == [(4, 4)]
    assert pool._sources.checkpoint.used


def test_a_result_may_be_none(resumed) -> None:
    calls = []
    for _ in range(2):
        assert resumed().map(calls.append) == [None] * 4
    assert calls == ["a", "b", "c", "d"]


def test_another_key_starts_empty_and_removes_the_old(resumed, tmp_path: Path) -> None:
    resumed("old").map(Work())
    work = Work()
    resumed("new").map(work)
    assert work.done == ["a", "b", "c", "d"]
    assert [folder.name for folder in (tmp_path / "stored").iterdir()] == ["new"]


def test_calls_are_identified_by_their_number(resumed) -> None:
    for _ in range(2):
        pool = resumed()
        assert pool.map(str.upper) == ["A", "B", "C", "D"]
        assert pool.map(lambda case: case * 2, ["d", "a"]) == ["dd", "aa"]


def test_a_nested_call_is_not_counted(resumed) -> None:
    def nested(pool):
        return pool.map(lambda case: pool.map(str.upper, [case]))

    assert nested(resumed()) == nested(resumed()) == [["A"], ["B"], ["C"], ["D"]]
    pool = resumed()
    pool.map(lambda _: None)
    assert pool.map(lambda case: case * 2) == ["aa", "bb", "cc", "dd"]


def test_a_broken_file_is_computed_again(resumed, tmp_path: Path) -> None:
    resumed().map(Work())
    files = sorted((tmp_path / "stored" / "key").iterdir())
    files[1].write_bytes(files[1].read_bytes()[:-3])
    files[2].write_bytes(b"")
    work = Work()
    assert resumed().map(work) == EXPECTED
    assert work.done == ["b", "c"]


def test_what_cannot_be_pickled_is_not_stored(resumed) -> None:
    for _ in range(2):
        assert [made() for made in resumed().map(lambda case: lambda: case)] == list("abcd")
    with pytest.raises(MethodError, match=r"a: .*without --part"):
        resumed(part=Part(1, 2)).map(lambda case: lambda: case)


def test_the_key_is_evaluated_only_by_the_first_call(make_pool, tmp_path: Path) -> None:
    asked = []
    pool = make_pool(checkpoint=Checkpoint(tmp_path, lambda: asked.append(1) or "key"))
    assert not asked
    pool.map(str.upper)
    pool.map(str.upper)
    assert asked == [1]


def test_parts_share_the_first_call_between_them(resumed) -> None:
    shares = []
    for number in (3, 1, 2):
        work = Work()
        with pytest.raises(PartDone):
            resumed(part=Part(number, 3)).map(work)
        shares.append(work.done)
    assert shares == [["c"], ["a", "d"], ["b"]]
    work = Work()
    assert resumed().map(work) == EXPECTED
    assert work.done == []


def test_a_part_resumes_too(resumed) -> None:
    with pytest.raises(MethodError):
        resumed(part=Part(1, 2)).map(Work(fails_at="c"))
    work = Work()
    with pytest.raises(PartDone):
        resumed(part=Part(1, 2)).map(work)
    assert work.done == ["c"]


def test_images_are_announced_as_far_as_they_are_computed(resumed) -> None:
    heard = []
    with pytest.raises(PartDone):
        resumed(part=Part(1, 2), announce=heard.append).map(Work())
    resumed(announce=heard.append).map(Work())
    assert heard == [["a", "c"], (), ["b", "d"], ()]


def test_threads_know_which_calls_are_nested(resumed) -> None:
    pool = resumed(workers=2)
    inner = threading.Barrier(2, timeout=300)
    result = pool.map(lambda case: (inner.wait() >= 0, *pool.map(str.upper, [case])))
    assert result == [(True, case) for case in "ABCD"]


@pytest.mark.parametrize("text", ["", "1", "0/3", "4/3", "a/3", "1/0", "1/3/5", "-1/3", "1.0/3"])
def test_malformed_parts_are_refused(text: str) -> None:
    with pytest.raises(UserError, match=r"write K/N"):
        Part.parse(text)


def test_a_part_as_text() -> None:
    assert Part.parse("2/3") == Part(2, 3)


def test_code_hash_follows_the_classs_own_file(tmp_path: Path, monkeypatch) -> None:
    import importlib

    monkeypatch.syspath_prepend(str(tmp_path))
    file = tmp_path / "author_of_a_method.py"
    text = "from nnactive.methods import QueryMethod\nclass Mine(QueryMethod): pass\n"
    file.write_text(text)
    kind = importlib.import_module("author_of_a_method").Mine
    before = code_hash(kind)
    assert before == code_hash(kind) != code_hash(QueryMethod)
    file.write_text(text + "# changed\n")
    assert code_hash(kind) != before
    assert code_hash(BUILTIN["bald"]) == code_hash(QueryMethod)
