"""Imports from outside the lock are refused, with the line to add."""

from importlib import metadata
from pathlib import Path

import pytest

from benchmark.submission.files import declared
from benchmark.submission.files.find import find
from benchmark.submission.files.frozen import stage
from nnactive.errors import UserError

VERSION = metadata.version("pytest")


def submission(folder: Path, text: str, manifest: str = "files: []") -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "mine.py").write_text(text)
    (folder / "submission.yaml").write_text(manifest)
    return folder / "mine.py"


@pytest.mark.parametrize(
    "text",
    [
        "import json, numpy, torch.nn, nnactive.methods, yaml, PIL, cc3d, mpl_toolkits",
        "from sklearn import *",
        "try:\n    import nowhere_to_be_found\nexcept ImportError:\n    pass",
        "import mine",
    ],
)
def test_what_the_benchmark_comes_with_may_be_imported(tmp_path, text) -> None:
    stage(find(submission(tmp_path, text)))


@pytest.mark.parametrize(
    "text",
    [
        "import pytest",
        "def later():\n    import _pytest.config",
        "from pytest import mark",
        "import importlib\nimportlib.import_module('pytest.x')",
    ],
)
def test_an_installed_package_outside_the_lock_is_refused(tmp_path, text) -> None:
    file = submission(tmp_path, text)
    line = f"the line '- pytest=={VERSION}' under 'requirements:' in {tmp_path}/submission.yaml"
    with pytest.raises(UserError, match=r"^[^\n]*mine\.py:\d: imports _?pytest, which ") as caught:
        stage(find(file))
    assert line in str(caught.value)
    (tmp_path / "submission.yaml").write_text(f"requirements: [pytest=={VERSION}]")
    stage(find(file))


def test_the_lock_is_known_without_its_file(tmp_path, monkeypatch) -> None:
    from benchmark.submission import pins

    pins.locked_packages.cache_clear()
    monkeypatch.setattr(pins, "LOCK", "no.lock")
    try:
        found = pins.locked_packages()
    finally:
        pins.locked_packages.cache_clear()
    assert {"torch", "numpy", "nnunetv2", "pydantic-core", "nnactive-bench"} <= found
    assert "pytest" not in found


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("import helper", "helper.py"),
        ("def later():\n    from helper import VALUE", "helper.py"),
        ("from . import helper", "helper.py"),
        ("from .parts.tools import two", "parts/tools.py"),
        ("import parts.tools", "parts/tools.py"),
        ("from parts import tools", "parts/__init__.py"),
    ],
)
def test_a_module_beside_it_is_refused_until_it_is_listed(tmp_path, text, name) -> None:
    file = submission(tmp_path, text)
    (tmp_path / "parts").mkdir()
    files = ["helper.py", "parts/__init__.py", "parts/tools.py"]
    for each in files:
        (tmp_path / each).write_text("VALUE = two = 1\n")
    with pytest.raises(UserError, match=rf"mine\.py:\d: .* the line '- {name}' under 'files:' in"):
        stage(find(file))
    (tmp_path / "submission.yaml").write_text(f"files: [{', '.join(files)}]")
    assert set(stage(find(file)).bundle.files) == {"mine.py", *files}


def test_a_listed_helper_is_judged_too(tmp_path) -> None:
    file = submission(tmp_path, "import helper", "files: [helper.py]")
    (tmp_path / "helper.py").write_text("\nimport pytest")
    with pytest.raises(UserError, match=r"helper\.py:2: imports pytest, which isn't one of"):
        stage(find(file))


def test_a_packages_own_module_is_imported_from_it(tmp_path) -> None:
    folder = tmp_path / "pack"
    folder.mkdir()
    (folder / "__init__.py").write_text("import helper")
    (folder / "helper.py").touch()
    with pytest.raises(UserError, match=r"imports helper from its own .*; write: from \. import h"):
        stage(find(folder))


def test_a_module_that_belongs_to_no_package_is_refused(tmp_path, monkeypatch) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "loose_module.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path / "site"))
    with pytest.raises(UserError, match=r"which no installed package has; .*'- loose_module\.py'"):
        stage(find(submission(tmp_path / "mine", "import loose_module")))


def test_packages_are_looked_up_once(monkeypatch, tmp_path) -> None:
    declared._packages.cache_clear()
    calls = []
    found = metadata.packages_distributions()
    monkeypatch.setattr(metadata, "packages_distributions", lambda: calls.append(1) or found)
    for _ in range(2):
        with pytest.raises(UserError):
            stage(find(submission(tmp_path, "import pytest")))
    assert calls == [1]
