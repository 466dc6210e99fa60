"""A submitted file is imported alone: nothing beside it, in PYTHONPATH or elsewhere can be used."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import nnactive
from benchmark.cli.commands.author.methods import examine
from benchmark.submission.alone import WAY_OUT, import_copy
from benchmark.submission.files.find import find
from benchmark.submission.files.frozen import stage
from benchmark.submission.method_string import Method
from benchmark.submission.spec import describe, freeze, load_method
from nnactive.errors import UserError

METHOD = """from nnactive.methods import QueryMethod
{top}

class Mine(QueryMethod):
    '''Least confidence.'''

    def score(self, prediction):
        {lazy}
        return 1 - prediction.mean.amax(dim=0)
"""
APPEND = "import os, sys; sys.path.append(os.path.dirname(__file__))"


def write(folder: Path, top: str = "", lazy: str = "") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "helper_of_mine.py").write_text("VALUE = 1\n")
    file = folder / "mine.py"
    file.write_text(METHOD.format(top=top, lazy=lazy))
    return file


LINE = r"mine\.py:2: imports helper_of_mine, .* the line '- helper_of_mine\.py' under 'files:' in"


@pytest.mark.parametrize(
    ("top", "told"),
    [
        ("import helper_of_mine", LINE),
        (f"{APPEND}; import helper_of_mine", LINE),
        ("from . import helper_of_mine", LINE.replace("helper", ".*helper", 1)),
        ("import importlib; importlib.import_module('helper_of_mine')", LINE),
        (
            "import os; open(os.path.join(os.path.dirname(__file__), 'helper_of_mine.py'))",
            r"can't be imported: FileNotFoundError: .*mine\.py:2 in <module>\); .* under 'files:'",
        ),
    ],
)
def test_what_lies_beside_is_refused_with_the_line_to_add(tmp_path, top, told) -> None:
    file = write(tmp_path / "mine", top)
    with pytest.raises(UserError, match=told):
        examine(Method.parse(f"{file}:Mine"), tmp_path / "runs")


def test_pythonpath_is_not_seen(tmp_path, monkeypatch) -> None:
    file = write(tmp_path / "mine", "import helper_elsewhere")
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (elsewhere / "helper_elsewhere.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(elsewhere))
    with pytest.raises(UserError, match=r"No module named 'helper_elsewhere' \(mine\.py:2 in <mod"):
        examine(Method.parse(f"{file}:Mine"), tmp_path / "runs")


def test_an_absolute_path_is_told_by_the_file_it_leads_to(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(sys, "path", list(sys.path))
    folder = tmp_path / "elsewhere"
    write(folder)
    text = f"import sys; sys.path.append({str(folder)!r}); import helper_of_mine"
    file = write(tmp_path / "mine", text)
    (file.parent / "helper_of_mine.py").unlink()
    told = r"imports helper_of_mine from .*helper_of_mine\.py; a submission is frozen"
    with pytest.raises(UserError, match=told):
        import_copy(stage(find(file)))
    sys.modules.pop("helper_of_mine")


def test_installed_packages_may_be_used_and_the_frozen_copy_is_the_same(tmp_path) -> None:
    file = write(tmp_path / "mine", "import colorsys, scipy.ndimage, blosc2")
    spec = describe(Method.parse(f"{file}:Mine"))
    freeze(tmp_path / "runs", spec, file)
    loaded = load_method(tmp_path / "runs" / "methods" / f"{spec.record.id}.json")
    assert type(loaded).__name__ == "Mine"
    module = sys.modules[type(loaded).__module__]
    assert Path(module.__file__).read_bytes() == file.read_bytes()
    assert [path.name for path in Path(module.__file__).parent.iterdir()] == ["mine.py"]


def test_an_error_in_the_code_is_told_at_the_authors_file(tmp_path) -> None:
    module = import_copy(stage(find(write(tmp_path / "mine", lazy="raise KeyError('there')"))))
    code = module.Mine.score.__code__
    assert code.co_filename == str(tmp_path / "mine" / "mine.py")


@pytest.mark.parametrize(
    "way", ["sys.path.append(os.path.dirname(__file__))", "sys.path.append({!r})"]
)
@pytest.mark.slow
def test_a_helper_that_a_query_imports_fails_the_check(tmp_path, way) -> None:
    write(tmp_path / "elsewhere")
    way = way.format(str(tmp_path / "elsewhere"))
    file = write(tmp_path / "mine", "import os, sys", f"{way}; import helper_of_mine")
    (file.parent / "helper_of_mine.py").unlink()
    words = [sys.executable, "-P", "-m", "benchmark.cli", "check", f"{file}:Mine"]
    done = subprocess.run(
        words, capture_output=True, text=True, check=False, env=os.environ | {"COLUMNS": "300"}
    )
    assert done.returncode == 2
    assert "helper_of_mine" in done.stdout
    assert "Traceback" not in done.stderr


@pytest.mark.slow
@pytest.mark.parametrize(
    ("top", "lazy", "row"),
    [
        ("import numpy as np; TABLE = np.loadtxt({!r})", "pass", "can be loaded"),
        ("import numpy as np", "np.loadtxt({!r})", "contract kept"),
    ],
)
def test_a_file_read_by_its_path_fails_the_check(tmp_path, top, lazy, row) -> None:
    table = tmp_path / "elsewhere.csv"
    table.write_text("1 2\n")
    file = write(tmp_path / "mine", top.format(str(table)), lazy.format(str(table)))
    done = checked(f"{file}:Mine")
    assert done.returncode == 2
    # Without walls it is read, and seen to be; in a box it isn't there.
    told = (f"reads {table}, which isn't part of the submission; put it beside", WAY_OUT)
    shown = done.stderr if row == "can be loaded" else " ".join(done.stdout.split())
    assert any(each in shown for each in told)
    assert "elsewhere.csv" in shown
    assert f"{row}: FAILED" in done.stderr


@pytest.mark.slow
def test_a_file_of_the_checkout_is_not_part_of_a_submission_either(tmp_path) -> None:
    notes = Path(nnactive.__file__).parents[1] / "CHANGELOG.md"
    file = write(tmp_path / "mine", lazy=f"open({str(notes)!r}).read()")
    done = checked(f"{file}:Mine")
    assert done.returncode == 2
    shown = " ".join(done.stdout.split())
    assert f"reads {notes}, which isn't part of the submission" in shown or WAY_OUT in shown


@pytest.mark.slow
def test_a_failed_check_shows_the_traceback_if_asked(tmp_path) -> None:
    file = write(tmp_path / "mine", lazy="raise KeyError('there')")
    done = checked(f"{file}:Mine", NNACTIVE_DEBUG="1")
    assert "contract kept FAILED" in " ".join(done.stdout.split())
    assert "KeyError: 'there' (mine.py:8 in score)" in " ".join(done.stdout.split())
    assert f'File "{file}", line 8, in score' in done.stderr
    assert "raise KeyError('there')" in done.stderr
    assert "Traceback" not in checked(f"{file}:Mine").stderr


def checked(method: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    words = [sys.executable, "-P", "-m", "benchmark.cli", "check", method]
    env = os.environ | {"COLUMNS": "300"} | environment
    return subprocess.run(words, capture_output=True, text=True, check=False, env=env)
