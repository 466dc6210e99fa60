"""The notebook in examples/ runs, cell by cell, on a real run made in short.

Its code cells become one script, which prints what a notebook shows: no Jupyter is needed.
"""

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
NOTEBOOK = ROOT / "examples" / "open_a_run.ipynb"
TRACK = Path(__file__).with_name("notebook.yaml")
CELLS = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
CODE = ["".join(cell["source"]) for cell in CELLS if cell["cell_type"] == "code"]


def as_script(cells: list[str]) -> str:
    """The cells in one script; the value of each one's last expression is printed."""
    lines = []
    for number, source in enumerate(cells, 1):
        tree = ast.parse(source)
        if isinstance(tree.body[-1], ast.Expr):
            tree.body[-1].value = ast.Call(
                ast.Name("print", ast.Load()),
                [ast.Constant(f"[{number}]"), tree.body[-1].value],
                [],
            )
        lines.append(ast.unparse(ast.fix_missing_locations(tree)))
    return "\n".join(lines) + "\n"


def test_the_notebook_is_kept_without_outputs() -> None:
    assert len(CODE) >= 8
    for cell in CELLS:
        assert cell.get("outputs", []) == []
        assert cell.get("execution_count") is None
    assert len({cell["id"] for cell in CELLS}) == len(CELLS)


def test_a_script_prints_what_cells_show() -> None:
    assert as_script(["x = 1\nx + 1;", "y = 2"]) == "x = 1\nprint('[1]', x + 1)\ny = 2\n"


@pytest.fixture(scope="module")
def folder(phantom: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("notebook")
    shutil.copytree(phantom, made / "prepared" / "phantom")
    words = ["track", "run", str(TRACK), "--data", "prepared", "--runs", "runs", "--cores", "2"]
    done = subprocess.run(
        [sys.executable, "-P", "-m", "benchmark.cli", *words, "--out", "board.html"],
        cwd=made,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    # The demo's own name is taken; a run's links are relative, so it may be renamed.
    (made / "runs" / "short").rename(made / "runs" / "demo")
    return made


@pytest.mark.slow
def test_every_cell_runs(folder: Path) -> None:
    (folder / "cells.py").write_text(as_script(CODE), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-P", "-W", "error::UserWarning:nnactive", "cells.py"],
        cwd=folder,
        env={**os.environ, "MPLBACKEND": "agg"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    shown = done.stdout
    assert "[1] short: Demo in short" in shown
    assert "bald, seed 12345: 3 of 3 loops finished" in shown
    # The method chose again what it chose in the run.
    again = next(i for i, source in enumerate(CODE, 1) if source.startswith("e.method.query"))
    assert f"[{again}] True" in shown
    assert shown.count("Axes") >= 4
