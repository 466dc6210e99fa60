"""The tutorial for authors of methods, command by command, in an empty folder.

Not run: the demo track, for which ``tiny.yaml`` with its six iterations stands in; ``make`` and
``activate``, as the environment is there; the notebook, which has a test of its own.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "methods.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```(\w*)\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
COMMANDS = [line for language, body in BLOCKS if language == "sh" for line in body.splitlines()]
SUBMIT = "nnactive-bench submit "


def shell(command: str, folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run a command of the page as a shell does, with the environment's program."""
    program = f'nnactive-bench() {{ "{sys.executable}" -P -m benchmark.cli "$@"; }}'
    return subprocess.run(
        ["bash", "-c", f"{program}\n{command}"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def heads(text: str) -> list[str]:
    """The lines above the rows of a replay's tables."""
    return [" ".join(line.split()) for line in text.splitlines() if line.startswith("method ")]


def test_the_tutorial_is_short_and_has_a_command_for_each_step() -> None:
    steps = PAGE.split("\n## ")[1:]
    assert len(PAGE.splitlines()) <= 260
    assert [step.split(".")[0] for step in steps] == [str(n) for n in range(1, len(steps) + 1)]
    assert all("```sh\n" in step for step in steps[1:])
    assert all(command.startswith("nnactive-bench ") for command in COMMANDS)


@pytest.mark.slow
def test_every_command_does_what_the_page_says(phantom: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "examples", tmp_path / "examples")
    shutil.copytree(phantom, tmp_path / "data" / "phantom")
    (tmp_path / "mine").mkdir()
    first = next(body for language, body in BLOCKS if language == "python")
    (tmp_path / "mine" / "margin.py").write_text(first, encoding="utf-8")
    track = f"--track '{Path(__file__).with_name('tiny.yaml')}' "

    printed: dict[str, str] = {}
    for command in COMMANDS:
        done = shell(command.replace(SUBMIT, SUBMIT + track), tmp_path)
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        printed[command] = done.stdout
        if " check " in command:
            assert "FAILED" not in done.stdout
            assert "ok" in done.stdout

    shown = next(body for _, body in BLOCKS if body.startswith("example: "))
    assert "not reached" in printed[COMMANDS[0]]
    assert heads(shown) == heads(printed[COMMANDS[1]])[: len(heads(shown))]
    page = (tmp_path / "replay.html").read_text(encoding="utf-8")
    assert all(title in page for title in ("voxel score", "patch score", "labels"))
    assert sum(SUBMIT in command for command in COMMANDS) == 1
    table = printed["nnactive-bench leaderboard table --results runs"]
    assert all(name in table for name in ("Margin", "beta = 5"))
    assert "power_bald,beta=5" in printed["nnactive-bench runs list"]
    left = shell("nnactive-bench runs list", tmp_path).stdout
    assert "power_bald " in left
    assert "beta=5" not in left
    board = (tmp_path / "leaderboard.html").read_text(encoding="utf-8")
    assert "Margin" in board
    assert "beta=5" not in board
