"""The rules of the rooms: which way imports point, how large a room may be, who prints.

``docs/architecture.md`` shows them; its picture is compared with the folders.
"""

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Final

ROOT = Path(__file__).parents[1]
PACKAGES: Final = ("nnactive", "benchmark", "leaderboard")
LONGEST_MODULE: Final = 400
LONGEST_FUNCTION: Final = 60
MOST_FILES: Final = 12
ALIKE: Final = {
    "leaderboard/metrics": "one metric a module",
    "benchmark/tracks": "one track a file",
}
"""Folders that may hold more files, since they are lists of alike things."""

FORBIDDEN: Final = (
    ("nnactive.streams", "benchmark.results"),
    ("nnactive.labels", "leaderboard.model"),
    ("benchmark.results", "leaderboard.model"),
    ("benchmark.results", "benchmark.cli.main"),
    ("leaderboard.model", "benchmark.cli.main"),
    ("nnactive.streams", "benchmark.cli.main"),
    ("benchmark.results", "nnunetv2"),
    ("nnactive.steps.query", "nnunetv2"),
    ("nnactive.methods.base", "nnactive.data.cards"),
    ("nnactive.pool.view", "nnactive.data.cards"),
    ("nnactive.query.scores", "nnactive.steps.query"),
    ("nnactive.io.files", "nnactive.data.cards"),
)
"""Imports that no contract allows; the last one makes a circle."""

PRINTING: Final = {"print", "click.echo", "sys.stdout.write", "sys.stderr.write"}
ARCHITECTURE: Final = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")


def modules(*folders: str) -> Iterator[tuple[str, ast.Module]]:
    """Each module of these folders, by its path, parsed."""
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")):
            yield str(path.relative_to(ROOT)), ast.parse(path.read_text(encoding="utf-8"))


def lint_imports(folder: Path) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_imports_keep_the_contracts_of_pyproject() -> None:
    """Imports inside functions and for type checking count, too."""
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout
    assert "Contracts: 5 kept, 0 broken." in done.stdout


def test_each_contract_is_broken_by_what_it_forbids(tmp_path: Path) -> None:
    for name in PACKAGES:
        ignore = shutil.ignore_patterns("__pycache__")
        shutil.copytree(ROOT / name, tmp_path / name, ignore=ignore)
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for module, imported in FORBIDDEN:
        with (tmp_path / f"{module.replace('.', '/')}.py").open("a", encoding="utf-8") as file:
            file.write(f"\n\ndef hidden() -> None:\n    import {imported}\n")
    done = lint_imports(tmp_path)
    assert done.returncode == 1
    assert "Contracts: 0 kept, 5 broken." in done.stdout
    told = " ".join(done.stdout.split())
    for module, imported in FORBIDDEN[:-1]:
        assert f"{module} -> {imported}" in told
    assert "No cycles are allowed in nnactive. " in told


def test_modules_and_functions_are_short() -> None:
    for name, tree in modules(*PACKAGES, "datasets", "examples"):
        lines = len((ROOT / name).read_text(encoding="utf-8").splitlines())
        assert lines <= LONGEST_MODULE, name
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                assert length <= LONGEST_FUNCTION, f"{name}: {node.name}"


def test_a_folder_holds_few_files_unless_they_are_alike() -> None:
    full = {
        str(folder.relative_to(ROOT))
        for package in PACKAGES
        for folder in [ROOT / package, *(ROOT / package).rglob("*")]
        if folder.is_dir() and folder.name != "__pycache__"
        if sum(path.is_file() for path in folder.iterdir()) > MOST_FILES
    }
    assert full == set(ALIKE)


def test_every_package_says_what_it_is() -> None:
    for package in PACKAGES:
        for folder in {path.parent for path in (ROOT / package).rglob("*.py")}:
            if folder.is_relative_to(ROOT / "leaderboard" / "entries"):
                continue  # what strangers handed in
            assert (folder / "__init__.py").is_file(), folder
    packages = [(name, tree) for name, tree in modules(*PACKAGES) if name.endswith("__init__.py")]
    assert len(packages) > 15
    for name, tree in packages:
        assert ast.get_docstring(tree), name


def test_only_the_command_line_prints() -> None:
    for name, tree in modules(*PACKAGES, "datasets"):
        if not name.startswith("benchmark/cli/"):
            calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
            called = {ast.unparse(function) for function in calls}
            assert not called & PRINTING, name


def rooms() -> dict[str, str]:
    """What the picture of the rooms says, by path."""
    (picture,) = re.findall(
        r"^## Packages\n\n```\n(.*?)^```$", ARCHITECTURE, re.DOTALL | re.MULTILINE
    )
    said: dict[str, str] = {}
    above: list[str] = []
    for line in picture.splitlines():
        indent, name, text = re.fullmatch(r"( *)([\w./]+) +(\S.*)", line).groups()
        above = [*above[: len(indent) // 2], name.rstrip("/")]
        said["/".join(above)] = text
    return said


def test_the_architecture_names_what_is_there() -> None:
    named = set(
        re.findall(r"`((?:nnactive|benchmark|leaderboard|datasets|tests)/[\w./]*)`", ARCHITECTURE)
    )
    assert len(named) >= 12
    named |= set(rooms())
    assert {name for name in named if not (ROOT / name).exists()} == set()


def test_the_picture_has_every_room() -> None:
    packages = {
        str(path.parent.relative_to(ROOT))
        for name in ("nnactive", "benchmark", "leaderboard")
        for path in (ROOT / name).rglob("__init__.py")
    }
    assert len(packages) > 20
    assert packages - set(rooms()) == set()
