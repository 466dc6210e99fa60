"""The tutorial for authors of methods, command by command, in an empty folder.

Its first replay makes the example run, which later ones find. Not run: the demo track, for which
``tiny.yaml`` with its six iterations stands in; ``make`` and ``activate``, as the environment is
there; the notebook, which has a test of its own.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest

from benchmark.replay.example import FOLDER

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


class Gone(NamedTuple):
    """Who has gone through the tutorial."""

    folder: Path
    done: dict[str, "subprocess.CompletedProcess[str]"]
    """What each command said."""


@pytest.fixture(scope="module")
def gone(phantom: Path, tmp_path_factory: pytest.TempPathFactory) -> Gone:
    folder = tmp_path_factory.mktemp("tutorial")
    shutil.copytree(ROOT / "examples", folder / "examples")
    shutil.copytree(phantom, folder / "data" / "phantom")
    (folder / "mine").mkdir()
    first = next(body for language, body in BLOCKS if language == "python")
    (folder / "mine" / "margin.py").write_text(first, encoding="utf-8")
    track = f"--track '{Path(__file__).with_name('tiny.yaml')}' "
    done = {}
    for command in COMMANDS:
        done[command] = shell(command.replace(SUBMIT, SUBMIT + track), folder)
        said = done[command]
        assert said.returncode == 0, f"{command}\n{said.stdout}\n{said.stderr}"
    return Gone(folder, done)


def members(folder: Path) -> dict[Path, int]:
    """When each of the example run's members was written."""
    paths = (folder / "runs" / FOLDER).glob("*/*/*/seed_*/loop_*/fold_*.pth")
    return {path: path.stat().st_mtime_ns for path in paths}


@pytest.mark.slow
def test_every_command_does_what_the_page_says(gone: Gone) -> None:
    folder, printed = gone.folder, {command: done.stdout for command, done in gone.done.items()}
    for command, text in printed.items():
        if " check " in command:
            assert "FAILED" not in text
            assert "ok" in text

    shown = next(body for _, body in BLOCKS if body.startswith("example: "))
    assert "not reached" in printed[COMMANDS[0]]
    assert heads(shown) == heads(printed[COMMANDS[1]])[: len(heads(shown))]
    page = (folder / "replay.html").read_text(encoding="utf-8")
    assert all(title in page for title in ("voxel score", "patch score", "labels"))
    assert sum(SUBMIT in command for command in COMMANDS) == 1
    table = printed["nnactive-bench leaderboard table --results runs"]
    assert all(name in table for name in ("Margin", "beta = 5"))
    assert "power_bald,beta=5" in printed["nnactive-bench runs list"]
    left = shell("nnactive-bench runs list", folder).stdout
    assert "power_bald " in left
    assert "beta=5" not in left
    board = (folder / "leaderboard.html").read_text(encoding="utf-8")
    assert "Margin" in board
    assert "beta=5" not in board


@pytest.mark.slow
def test_the_example_run_is_made_once_and_replayed_as_it_was(gone: Gone) -> None:
    first, *later = (done for command, done in gone.done.items() if " replay " in command)
    assert "making a tiny run to replay" in first.stderr
    assert "overlap with each other" in first.stdout
    made = members(gone.folder)
    assert len(made) == 4
    run = gone.folder / "runs" / FOLDER
    assert sum(path.stat().st_size for path in run.rglob("*") if path.is_file()) < 10_000_000

    words = "replay bald random --of example --html page.html"
    page = shell(f"nnactive-bench {words}", gone.folder)
    told = shell("nnactive-bench replay bald --of example --json", gone.folder)
    assert not any("making" in done.stderr for done in (*later, page, told))
    assert (gone.folder / "page.html").read_text("utf-8").count("<article>") == 24
    row, own = json.loads(told.stdout)["rows"]
    assert row["patches"] == own["patches"]
    assert row["overlaps"] == [1.0, 1.0]
    assert members(gone.folder) == made
