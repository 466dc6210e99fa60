"""What code means and imports, as read from its source."""

import ast
import sys
import types

import pytest

from benchmark.submission.files.code import Import, Rename, imports, meaning, resolve

CODE = '''
"""What it is."""
import numpy as np


def double(x: int = 3) -> float:
    """Twice."""
    return f"{x * 2:>4}" if x else None
'''


def digest(text: str) -> str:
    return meaning(ast.parse(text))


@pytest.mark.parametrize(
    "same",
    [
        f"# first\n\n{CODE}# last",
        CODE.replace("    return", "\n    # why\n    return"),
        CODE.replace("x * 2", "x*2"),
        CODE.replace("(x: int = 3)", "(\n    x: int = 3,\n)"),
        CODE.replace('"{x * 2:>4}"', "'{x * 2:>4}'"),
    ],
)
def test_comments_and_layout_mean_nothing(same) -> None:
    assert same != CODE
    assert digest(same) == digest(CODE)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("x * 2", "x * 3"),
        ("x * 2", "x * 2.0"),
        ("x * 2", "x * True"),
        ("Twice", "Two times"),
        (">4", ">5"),
        ("int = 3", "int = 0x" + "f" * 5000),
        ("None", "0"),
        ("import numpy as np", "import numpy as xp"),
        ("if x", "if not x"),
    ],
)
def test_everything_else_does(old, new) -> None:
    assert old in CODE
    assert digest(CODE.replace(old, new)) != digest(CODE)


def test_a_meaning_is_the_same_in_every_python() -> None:
    # Written down on 3.11; 3.12 and 3.13 have new fields in these nodes.
    known = "e779acab0b9603a48102989179f72c16a9e83a895b752525a21e010125388a80"
    assert (
        digest("class A(B):\n    def f(self, x=[]):\n        return f'{x!r:>4}', None\n") == known
    )


def test_imports_are_found_wherever_they_are() -> None:
    text = (
        "import a.b, c\n"
        "def f():\n"
        "    from ..d import e\n"
        "    importlib.import_module('g')\n"
        "    __import__(name)\n"
        "from . import h\n"
    )
    assert imports(ast.parse(text)) == [
        Import("a.b", 0, 1),
        Import("c", 0, 1),
        Import("d", 2, 3),
        Import("d.e", 2, 3),
        Import("g", 0, 4),
        Import("", 1, 6),
        Import("h", 1, 6),
    ]


def test_relative_imports_are_resolved() -> None:
    assert resolve(Import("a.b", 0, 1), ("p",)) == ("a", "b")
    assert resolve(Import("a", 1, 1), ("p", "q")) == ("p", "q", "a")
    assert resolve(Import("a", 2, 1), ("p", "q")) == ("p", "a")
    assert resolve(Import("a", 1, 1), ()) == ("a",)


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("import helper", "helper.VALUE"),
        ("import helper as h", "h.VALUE"),
        ("import helper.part", "helper.VALUE + helper.part.MORE - 1"),
        ("import helper.part as p", "p.MORE + 1"),
        ("from helper import VALUE", "VALUE"),
        ("from helper.part import MORE", "MORE + 1"),
        ("import importlib; h = importlib.import_module('helper')", "h.VALUE"),
    ],
)
def test_a_helper_is_the_submissions_own(text, name, monkeypatch) -> None:
    for module, values in {
        "rt": {},
        "rt.helper": {"VALUE": 2},
        "rt.helper.part": {"MORE": 1},
    }.items():
        made = types.ModuleType(module)
        vars(made).update(values, __path__=[])
        monkeypatch.setitem(sys.modules, module, made)
        above, _, last = module.rpartition(".")
        if above:
            setattr(sys.modules[above], last, made)
    tree = ast.fix_missing_locations(Rename("rt", frozenset({"helper"})).visit(ast.parse(text)))
    space: dict = {}
    exec(compile(tree, "x", "exec"), space)  # noqa: S102
    assert eval(name, space) == 2  # noqa: S307
    assert "helper" not in sys.modules
