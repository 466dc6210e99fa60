"""A submission's requirements on the way from its manifest to its results."""

import subprocess
import sys
from importlib.metadata import version
from pathlib import Path

import pytest

from benchmark.cli.commands import tracks
from benchmark.cli.commands.author.methods import examine
from benchmark.cli.main import main
from benchmark.image.record import image_used
from benchmark.submission import requirements
from benchmark.submission.method_string import Method
from benchmark.submission.spec import describe, freeze, load_method, make
from nnactive.errors import UserError

METHOD = '''import nowhere_to_be_found
from nnactive.methods import QueryMethod


class Mine(QueryMethod):
    """Mine."""

    def score(self, prediction):
        return -prediction.mean.amax(0)
'''
SOURCE = Path("mine.py")
MISSING = "requirements: [nowhere-to-be-found==1.0]"
THERE = f"requirements: ['numpy=={version('numpy')}']"
LINE = (
    "mine.py:Mine: needs nowhere-to-be-found==1.0, which isn't installed here; "
    "run it in an image: make submit METHOD=mine.py:Mine IMAGE=1"
)


def mine() -> Method:
    return Method.parse("mine.py:Mine")


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine.py").write_text(METHOD)
    (tmp_path / "submission.yaml").write_text(MISSING)
    return tmp_path


@pytest.mark.parametrize(
    "command",
    [
        ["check", "mine.py:Mine"],
        ["submit", "mine.py:Mine"],
        ["track", "run", "demo", "--method", "mine.py:Mine"],
        ["method", "show", "mine.py:Mine"],
    ],
    ids=" ".join,
)
def test_what_is_not_installed_is_told_before_the_import_fails(folder, command, capfd) -> None:
    assert main(command) == 2
    errors = [line for line in capfd.readouterr().err.splitlines() if line.startswith("error: ")]
    assert errors == [f"error: {LINE}"]
    assert sorted(path.name for path in folder.iterdir()) == ["mine.py", "submission.yaml"]


def test_another_version_is_told_with_what_is_here(folder) -> None:
    (folder / "submission.yaml").write_text("requirements: [numpy==1.0, a==1, pydantic==0.1]")
    with pytest.raises(UserError) as caught:
        make(mine())
    assert (
        f"needs a==1, numpy==1.0 (here is {version('numpy')}) and pydantic==0.1 (here is "
        in str(caught.value)
    )
    assert "which aren't installed here" in str(caught.value)


@pytest.fixture
def runnable(folder) -> Path:
    """As in an image that has what the manifest pins."""
    (folder / "mine.py").write_text(METHOD.replace("import nowhere_to_be_found\n", ""))
    (folder / "submission.yaml").write_text(THERE)
    return folder


def test_the_record_keeps_what_the_manifest_pins(runnable) -> None:
    spec = describe(mine())
    assert spec.record.requirements == (f"numpy=={version('numpy')}",)
    (runnable / "submission.yaml").unlink()
    assert describe(mine()).record.requirements == ()
    assert describe(Method.parse("random")).record.requirements == ()


def test_a_query_runs_only_where_the_requirements_are(runnable) -> None:
    spec = examine(mine(), Path("runs"))
    freeze(Path("runs"), spec, SOURCE)
    (runnable / "submission.yaml").unlink()
    file = Path("runs/methods") / f"{spec.record.id}.json"
    assert type(load_method(file)).__name__ == "Mine"
    file.write_text(file.read_text().replace(f"numpy=={version('numpy')}", "numpy==1.0"))
    with pytest.raises(
        UserError, match=r"numpy==1.0 \(here is .*; continue in an image that has it"
    ):
        load_method(file)


def test_other_requirements_are_another_method(runnable) -> None:
    spec = examine(mine(), Path("runs"))
    freeze(Path("runs"), spec, SOURCE)
    assert examine(mine(), Path("runs")) == spec
    (runnable / "submission.yaml").write_text("requirements: []")
    assert examine(mine(), Path("runs")).record.id != spec.record.id


def test_a_file_known_to_the_track_still_needs_its_requirements(runnable, monkeypatch) -> None:
    freeze(Path("runs"), examine(mine(), Path("runs")), SOURCE)
    monkeypatch.setattr(requirements, "installed", dict)
    with pytest.raises(UserError, match=r"^mine.py:Mine: needs numpy==.*, which isn't installed"):
        examine(mine(), Path("runs"))


@pytest.mark.parametrize("command", [["check"], ["submit"], ["track", "run"]], ids=" ".join)
def test_a_layer_needs_an_image(command, monkeypatch, capsys) -> None:
    monkeypatch.setattr(tracks, "admitted", lambda *_: pytest.fail("ran"))
    assert main([*command, "random", "--layer"]) == 2
    line = "error: --layer: is for containers; add --runtime docker or apptainer\n"
    assert capsys.readouterr().err == line


def test_results_of_a_layer_have_both(tmp_path, monkeypatch) -> None:
    facts = ("version", "commit", "nnunet", "protocol", "lock")
    fields = ", ".join(f'"{name}": "1"' for name in facts)
    (tmp_path / "image.json").write_text(f'{{"variant": "cuda12", {fields}}}')
    (tmp_path / "layer.json").write_text('{"requirements": ["bar==2.0", "foo==1.0"]}')
    monkeypatch.setenv("NNACTIVE_BASE_DIGEST", "sha256:0")
    monkeypatch.setenv("NNACTIVE_IMAGE_DIGEST", "sha256:1")
    used = image_used(tmp_path)
    assert used
    assert (used.base, used.digest) == ("sha256:0", "sha256:1")
    assert used.requirements == ("bar==2.0", "foo==1.0")


def test_the_command_line_starts_without_docker() -> None:
    code = (
        "import sys, benchmark.cli.main, benchmark.containers;"
        "print([n for n in ('docker', 'torch') if n in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
