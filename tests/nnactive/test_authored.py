"""Errors name the author's line."""

import sys
import types
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from pools import build_pool

from nnactive.authored import MARK, Authored, authored, files_of, place_of, with_place
from nnactive.errors import MethodError
from nnactive.methods.run_method import run_method
from nnactive.query.checkpoint import code_hash

SOURCE = """
from nnactive.methods import QueryMethod


def inner(value):
    return 1 / value


class Mine(QueryMethod):
    def score(self, prediction):
        return inner(0)


class Hidden(QueryMethod):
    def score(self, prediction):
        try:
            inner(0)
        except ZeroDivisionError:
            raise ValueError("no") from None


class Asks(QueryMethod):
    def query(self, pool, n):
        pool.shape("nowhere")


class Reads(QueryMethod):
    def query(self, pool, n):
        return pool.file("x.pt")
"""


@pytest.fixture
def module(monkeypatch):
    made = types.ModuleType("authored_for_the_test")
    monkeypatch.setitem(sys.modules, made.__name__, made)
    vars(made)[MARK] = Authored("mine.py", "0" * 64, {"a.csv": Path("/frozen/a.csv")})
    exec(compile(SOURCE, "/somewhere/mine.py", "exec"), vars(made))  # noqa: S102
    return made


@pytest.mark.parametrize("workers", [1, 3])
@pytest.mark.parametrize(
    ("name", "line"),
    [
        ("Mine", "Mine: a: ZeroDivisionError: division by zero (mine.py:6 in inner)"),
        ("Hidden", "Hidden: a: ValueError: no (mine.py:19 in score)"),
        (
            "Asks",
            "Asks: the pool has no case 'nowhere'; pool.cases lists them (mine.py:24 in query)",
        ),
        (
            "Reads",
            (
                "Reads: pool.file('x.pt'): submission.yaml lists no such file under files:; "
                "it lists none (mine.py:29 in query)"
            ),
        ),
    ],
)
def test_an_error_of_the_methods_code_names_the_authors_line(module, name, line, workers) -> None:
    method = getattr(module, name)()
    with pytest.raises(MethodError) as caught:
        run_method(method, build_pool(method, workers=workers), 1)
    assert str(caught.value) == line


def test_an_error_elsewhere_names_no_line() -> None:
    with pytest.raises(ValueError, match="max_workers") as caught:
        ThreadPoolExecutor(max_workers=0)
    assert place_of(caught.value) == ""
    assert with_place("a", caught.value) == "a"


def test_a_class_is_known_by_its_module(module) -> None:
    assert authored(module.Mine).file == "mine.py"
    assert files_of(module.Mine) == {"a.csv": Path("/frozen/a.csv")}
    assert authored(Path) is None
    assert files_of(Path) == {}


def test_finished_work_of_another_version_is_not_used(module) -> None:
    before = code_hash(module.Mine)
    assert code_hash(module.Mine) == before
    vars(module)[MARK] = Authored("mine.py", "1" * 64)
    assert code_hash(module.Mine) != before
