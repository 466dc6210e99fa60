"""A wheel works by itself: in an environment without the checkout, from another folder.

The wheel is built from the source distribution, so both hold what is needed. The locked packages
are those of the environment that runs the tests.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path, PurePath
from typing import Final

import pytest

from benchmark.provenance import installed_commit
from nnactive.errors import UserError
from nnactive.io.content import checkout, content_folder

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[1]
SOURCES: Final = ("pyproject.toml", "setup.py", "MANIFEST.in", "README.md", "LICENSE")
FOLDERS: Final = ("nnactive", "benchmark", "leaderboard", "datasets", "docs", "tests")
CONTENT: Final = {"nnactive_datasets": "datasets", "nnactive_docs": "docs"}
"""The packages of content, by their folder in the checkout."""
SDIST: Final = "from setuptools.build_meta import build_sdist; build_sdist('made')"


def call(*words: object, cwd: Path, **more: str) -> str:
    """Output of a command that must succeed."""
    hidden = ("PYTHONPATH", "NNACTIVE_DATA", "NNACTIVE_RUNS", "NNACTIVE_DATASETS")
    env = {name: value for name, value in os.environ.items() if name not in hidden} | more
    done = subprocess.run(
        [*map(str, words)], cwd=cwd, env=env, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.fixture(scope="module")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The source distribution, built from a copy so that nothing of an earlier build is in it."""
    copy = tmp_path_factory.mktemp("source")
    for name in SOURCES:
        shutil.copy(ROOT / name, copy)
    ignore = shutil.ignore_patterns("__pycache__", "*.pyc", "*.egg-info")
    for name in FOLDERS:
        shutil.copytree(ROOT / name, copy / name, ignore=ignore)
    (copy / "made").mkdir()
    call(sys.executable, "-c", SDIST, cwd=copy)
    (made,) = (copy / "made").glob("*.tar.gz")
    return made


@pytest.fixture(scope="module")
def wheel(sdist: Path) -> Path:
    """The wheel, built from the source distribution, offline."""
    options = ("--quiet", "--no-deps", "--no-build-isolation", "--no-index", "--wheel-dir", ".")
    call(sys.executable, "-m", "pip", "wheel", *options, sdist, cwd=sdist.parent)
    (made,) = sdist.parent.glob("*.whl")
    return made


@pytest.fixture(scope="module")
def bench(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., str]:
    """Runs ``nnactive-bench`` of the wheel, in a folder of its own."""
    folder = tmp_path_factory.mktemp("installed")
    call(sys.executable, "-m", "venv", "--without-pip", "environment", cwd=folder)
    home = folder / "environment"
    pip = (sys.executable, "-m", "pip", "--python", home / "bin" / "python", "install", "--quiet")
    call(*pip, "--no-deps", "--no-index", wheel, cwd=folder)
    # A path file adds the locked packages, but not the editable install among them.
    (packages,) = (home / "lib").glob("python*/site-packages")
    (packages / "locked.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    work = folder / "elsewhere"
    work.mkdir()
    shutil.copy(ROOT / "examples" / "my_method.py", work)

    def run(*words: str) -> str:
        # Nothing beside the scripts of the datasets can be written in many installs.
        return call(home / "bin" / "nnactive-bench", *words, cwd=work, PYTHONDONTWRITEBYTECODE="1")

    return run


def test_the_source_distribution_holds_no_tests_and_no_leftovers(sdist: Path) -> None:
    with tarfile.open(sdist) as archive:
        names = [PurePath(*PurePath(name).parts[1:]) for name in archive.getnames()]
    tops = {name.parts[0] for name in names if name.parts}
    made = {"PKG-INFO", "setup.cfg", "nnactive_bench.egg-info"}
    assert tops == {*SOURCES, *FOLDERS, *made} - {"tests"}
    assert not [name for name in names if name.suffix == ".pyc"]


BOARD = PurePath("leaderboard", "entries")
"""The public board, which a checkout or a repository of its own has."""


def test_the_wheel_holds_every_module_and_nothing_that_is_not_in_the_checkout(wheel: Path) -> None:
    held = set()
    with zipfile.ZipFile(wheel) as archive:
        for name in map(PurePath, archive.namelist()):
            if not name.parts[0].endswith(".dist-info"):
                held.add(PurePath(CONTENT.get(name.parts[0], name.parts[0]), *name.parts[1:]))
    assert [str(name) for name in held if not (ROOT / name).is_file()] == []
    files = [path.relative_to(ROOT) for name in FOLDERS[:4] for path in (ROOT / name).rglob("*")]
    # The page's parts, the published figures, the tracks: all but what builds an image.
    parts = {".py", ".typed", ".yaml", ".csv", ".bib", ".html", ".css", ".js", ""}
    needed = {
        path
        for path in files
        if (ROOT / path).is_file() and path.suffix in parts and "__pycache__" not in path.parts
        if not path.is_relative_to(BOARD)
    }
    assert not [path for path in held if path.is_relative_to(BOARD)]
    assert len(needed) > 150
    assert sorted(map(str, needed - held)) == []
    assert {path.name for path in held if path.parts[0] == "docs"} == {"protocol.md"}


def test_tracks_and_cards_are_found(bench: Callable[..., str]) -> None:
    assert "phantom_demo" in bench("track", "show", "demo")
    assert "12 x 12 x 4" in bench("track", "list")
    listed = bench("data", "list")
    names = {path.parent.name for path in (ROOT / "datasets").glob("*/card.yaml")}
    assert len(names) == 9
    assert all(f"\n{name} " in listed for name in names)


def test_a_dataset_that_generates_itself_is_prepared(bench: Callable[..., str]) -> None:
    assert "24 pool and 8 test cases" in bench("data", "prepare", "phantom", "--data", "data")


@pytest.mark.parametrize("method", ["random", "my_method.py:MyMethod"])
def test_methods_are_checked(method: str, bench: Callable[..., str]) -> None:
    assert "FAILED" not in bench("check", method)


def test_the_page_is_drawn(bench: Callable[..., str], tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    bench("leaderboard", "build", "--results", str(tmp_path), "--published", "--out", str(page))
    assert page.stat().st_size > 100_000


def test_the_doctor_says_what_it_cannot_know(bench: Callable[..., str]) -> None:
    told = bench("doctor")
    assert "FAILED" not in told
    (line,) = [line for line in told.splitlines() if line.startswith("versions ")]
    assert " note " in line
    assert "installed from a wheel" in line


# What stands in for the checkout


def test_a_checkout_is_known_by_its_project_file(tmp_path: Path) -> None:
    assert checkout() == ROOT
    assert checkout(tmp_path) is None
    for text in ("broken = ", "[project]\nname = 'another'\n", "project = 1\n"):
        (tmp_path / "pyproject.toml").write_text(text)
        assert checkout(tmp_path) is None


def test_content_that_is_not_installed_is_an_error_with_a_way_out() -> None:
    with pytest.raises(UserError, match=r"^nnactive_absent: not installed; run: python -m pip "):
        content_folder("nnactive_absent")


@pytest.mark.parametrize(
    ("origin", "commit"),
    [
        (None, "unknown"),
        (json.dumps({"url": "file:///x", "dir_info": {}}), "unknown"),
        (json.dumps({"url": "u", "vcs_info": {"vcs": "git", "commit_id": "c0ffee"}}), "c0ffee"),
    ],
)
def test_the_commit_of_an_install_is_the_one_that_pip_recorded(
    origin: str | None, commit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Installed:
        def read_text(self, _: str) -> str | None:
            return origin

    monkeypatch.setattr("importlib.metadata.distribution", lambda _: Installed())
    assert installed_commit() == commit


# What the images are built from


def test_both_images_are_given_the_same_files_and_all_that_an_install_reads() -> None:
    definition = (ROOT / "apptainer.def").read_text(encoding="utf-8")
    (files,) = re.findall(r"^%files\n(.*?)^%", definition, re.DOTALL | re.MULTILINE)
    apptainers = set()
    for line in filter(None, map(str.strip, files.splitlines())):
        source, target = line.split()
        assert target == f"/opt/benchmark/{source}"
        apptainers.add(source)
    ignored = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    dockers = {line[1:] for line in ignored if line.startswith("!")}
    assert {"docs", "docs/protocol.md"} <= dockers  # the folder, of which only that is left
    assert "docs/*" in ignored
    assert dockers - {"docs"} == apptainers
    assert set(SOURCES) - {"MANIFEST.in"} <= apptainers
    assert set(FOLDERS) - {"docs", "tests"} <= apptainers
    facts = (ROOT / "benchmark/image/facts.sh").read_text(encoding="utf-8")
    (copied,) = re.findall(r'^copied="(.*)"$', facts, re.MULTILINE)
    assert set(copied.split()) <= apptainers
    assert all((ROOT / name).exists() for name in apptainers)
