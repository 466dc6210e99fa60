import os
from pathlib import Path
from textwrap import dedent

import pytest

from benchmark.cli.methods import examine
from benchmark.submission import describe, freeze, load_method
from nnactive.errors import UserError
from nnactive.files import sha256
from nnactive.methods import BUILTIN

GOOD = '''from nnactive.methods import QueryMethod


class Mine(QueryMethod):
    """Mine is the best.

    And more of it.
    """

    def score(self, prediction):
        return -prediction.mean.amax(0)
'''

REFUSED = {
    "syntax": ("class Mine(\n", "line 1: '(' was never closed"),
    "import": ("import nowhere_to_be_found\n", "can't be imported: ModuleNotFoundError: No module"),
    "raises": ("1 / 0\n", "can't be imported: ZeroDivisionError: division by zero"),
    "exits": ("import sys\nsys.exit(0)\n", "can't be imported: SystemExit"),
    "no class": ("x = 1\n", "has no class Mine"),
    "no subclass": ("class Mine:\n    pass\n", "Mine is not a subclass of nnactive.methods"),
    "a function": ("def Mine():\n    pass\n", "Mine is not a subclass"),
    "does nothing": (
        "from nnactive.methods import QueryMethod\nclass Mine(QueryMethod):\n    pass\n",
        "Mine chooses nothing; it must define score or query",
    ),
    "the base itself": (
        "from nnactive.methods import QueryMethod as Mine\n",
        "Mine chooses nothing",
    ),
    "needs arguments": (
        f"{GOOD}\n    def __init__(self, beta, gamma=1):\n        pass\n",
        "the constructor needs beta; give every parameter a default",
    ),
    "constructor raises": (
        f"{GOOD}\n    def __init__(self):\n        raise RuntimeError('no\\nway')\n",
        "can't be made: RuntimeError: no way",
    ),
    "wrong needs": (f"{GOOD}\n    needs = frozenset({{'labels'}})\n", "needs = frozenset"),
}


def method_file(tmp_path: Path, text: str) -> str:
    path = tmp_path / "mine.py"
    path.write_text(text)
    return str(path)


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_no_query_method_is_refused_in_one_line(tmp_path, case) -> None:
    text, message = REFUSED[case]
    path = method_file(tmp_path, text)
    with pytest.raises(UserError) as caught:
        describe(f"{path}:Mine")
    assert str(caught.value).startswith(path)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("method", "message"),
    [
        ("nowhere.py:Mine", "nowhere.py: no such file"),
        ("nowhere.py", "no class given; write path/to/file.py:Class"),
        ("nowhere.py:", "no class given"),
        ("nowhere.py:a b", "no class given"),
        (".:Mine", "no such file"),
        ("randon", "unknown method 'randon'; known are bald, predictive_entropy, random"),
    ],
)
def test_a_method_string_that_names_nothing_is_refused(method, message) -> None:
    with pytest.raises(UserError, match=r"^[^\n]*$") as caught:
        describe(method)
    assert message in str(caught.value)


def test_a_file_that_is_not_python_is_refused(tmp_path) -> None:
    path = tmp_path / "mine.txt"
    path.write_text(GOOD)
    with pytest.raises(UserError, match="not a Python file"):
        describe(f"{path}:Mine")


def test_a_submission_is_known_by_its_class_and_content(tmp_path) -> None:
    path = method_file(tmp_path, GOOD)
    record = describe(f"{path}:Mine").record
    assert record.id == f"Mine-{sha256(Path(path))[:8]}"
    assert (record.name, record.description) == ("Mine", "Mine is the best.")
    assert (record.origin, record.oracle) == ("submission", False)
    method_file(tmp_path, f"{GOOD}\n# mended\n")
    assert describe(f"{path}:Mine").record.id != record.id


def test_queries_run_the_frozen_copy(tmp_path) -> None:
    path = Path(method_file(tmp_path, GOOD))
    spec = describe(f"{path}:Mine")
    freeze(tmp_path / "run", spec, path)
    path.unlink()
    file = tmp_path / "run" / "methods" / f"{spec.record.id}.json"
    assert type(load_method(file)).__name__ == "Mine"
    copy = file.with_suffix(".py")
    copy.write_text(f"{GOOD}\n# not what was submitted\n")
    with pytest.raises(UserError, match="isn't the file that was submitted"):
        load_method(file)


def test_a_file_that_changes_under_the_check_is_refused(tmp_path) -> None:
    path = Path(method_file(tmp_path, GOOD))
    spec = describe(f"{path}:Mine")
    method_file(tmp_path, f"{GOOD}\n# changed\n")
    with pytest.raises(UserError, match="changed while it was checked"):
        freeze(tmp_path / "run", spec, path)


@pytest.mark.parametrize("name", BUILTIN)
def test_builtin_methods_need_no_file(tmp_path, name) -> None:
    spec, source = examine(name, tmp_path)
    assert source is None
    assert (spec.record.id, spec.record.origin) == (name, "builtin")
    assert spec.record.oracle == name.startswith("random_fg")
    assert len(spec.record.source_hash) == 64
    freeze(tmp_path, spec, None)
    assert type(load_method(tmp_path / "methods" / f"{name}.json")) is BUILTIN[name]


def test_the_check_runs_elsewhere_and_only_once(tmp_path, monkeypatch) -> None:
    # Where the class is imported, a file appears; and what it prints is not taken for an answer.
    seen = tmp_path / "seen"
    text = f"import os\nprint('noise')\nopen({str(seen)!r}, 'a').write(f'{{os.getpid()}} ')\n{GOOD}"
    method = f"{method_file(tmp_path, text)}:Mine"
    spec, source = examine(method, tmp_path)
    assert source is not None
    pids = [int(pid) for pid in seen.read_text().split()]
    assert len(pids) == 1
    assert pids != [os.getpid()]
    freeze(tmp_path, spec, source)
    assert examine(method, tmp_path) == (spec, source)
    assert len(seen.read_text().split()) == 1

    with pytest.raises(UserError, match="division by zero"):
        examine(f"{method_file(tmp_path, '1 / 0')}:Mine", tmp_path)
    with pytest.raises(UserError, match="can't be imported: exit status 3"):
        examine(f"{method_file(tmp_path, 'import os; os._exit(3)')}:Mine", tmp_path)


def test_whether_a_method_is_an_oracle_cannot_depend_on_who_asks(tmp_path) -> None:
    text = """
    import sys

    from nnactive.methods import QueryMethod


    class Sly(QueryMethod):
        @property
        def oracle(self):
            return "query" in sys.argv

        def query(self, pool, n):
            return []
    """
    (tmp_path / "sly.py").write_text(dedent(text))
    with pytest.raises(UserError, match="oracle must be plainly True or False"):
        describe(f"{tmp_path / 'sly.py'}:Sly")
