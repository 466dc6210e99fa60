"""The walk-through of `annotate`, command by command, in an empty folder with the examples.

Its stand-in for the person labels the artificial scans; the networks are as tiny as on the page.
"""

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import pytest
import SimpleITK

from benchmark.annotation.project.places import Places, load_project
from benchmark.annotation.rounds.model import rounds_of

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "annotate.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"^```sh\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
COMMANDS = [line for body in BLOCKS for line in body.splitlines()]
PROGRAMS = f"""
nnactive-bench() {{ "{sys.executable}" -P -m benchmark.cli "$@"; }}
python() {{ "{sys.executable}" "$@"; }}
"""


class Gone(NamedTuple):
    """Who has gone through the page."""

    folder: Path
    said: list[tuple[str, str]]
    """Each command, and what it printed."""


@pytest.fixture(scope="module")
def gone(tmp_path_factory: pytest.TempPathFactory) -> Gone:
    folder = tmp_path_factory.mktemp("annotate")
    shutil.copytree(ROOT / "examples" / "annotate", folder / "examples" / "annotate")
    said = []
    for command in COMMANDS:
        done = subprocess.run(
            ["bash", "-c", f"{PROGRAMS}{command}"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
        said.append((command, done.stdout))
    return Gone(folder, said)


def test_each_step_has_commands_and_all_five_are_shown() -> None:
    steps = [part for part in PAGE.split("\n## ")[1:] if part[0].isdigit()]
    assert len(steps) == 6
    assert all("```sh\n" in step for step in steps if not step.startswith("3."))
    shown = {words[2] for words in map(str.split, COMMANDS) if words[1] == "annotate"}
    assert shown == {"init", "next", "import", "status", "finish"}


@pytest.mark.slow
def test_the_walk_through_does_what_the_page_says(gone: Gone) -> None:
    project = gone.folder / "liver"
    printed = next(" ".join(text.split()) for command, text in gone.said if " init " in command)
    (table,) = re.findall(r"^```\n(images  .*?)^```$", PAGE, re.DOTALL | re.MULTILINE)
    for line in table.splitlines():
        assert " ".join(line.split()) in printed

    listed = re.findall(
        r"^  ([\w.]+?)(?:, (\w+\.\w+))? ", PAGE.split("liver/round_00/\n")[1], re.MULTILINE
    )
    names = {name for pair in listed[:8] for name in pair if name}
    assert len(names) >= 8
    assert {name for name in names if not (project / "round_00" / name).exists()} == set()

    imports = [text for command, text in gone.said if " import " in command]
    assert all(text.endswith(", 0 open\n") for text in (imports[1], imports[-1]))
    assert "1 of 3" not in imports[-1]
    finished = project / "finished"
    for name in re.findall(r"^\| `([\w./]+)` \|", PAGE.split("## 6.")[1], re.MULTILINE)[:4]:
        assert (finished / name).exists(), name
    assert load_project(project).classes == ("liver", "tumour")
    assert [len(each.patches) for each in rounds_of(Places(project))] == [10, 10]


@pytest.mark.slow
def test_what_is_finished_lies_where_the_scans_do(gone: Gone) -> None:
    for file in sorted((gone.folder / "scans" / "images").iterdir()):
        made = SimpleITK.ReadImage(
            str(gone.folder / "liver" / "finished" / "predictions" / file.name)
        )
        scan = SimpleITK.ReadImage(str(file))
        assert made.GetSize() == scan.GetSize()
        for name in ("GetSpacing", "GetOrigin", "GetDirection"):
            assert getattr(made, name)() == pytest.approx(getattr(scan, name)(), abs=1e-4)


@pytest.mark.slow
def test_the_persons_files_are_as_they_were_saved(gone: Gone) -> None:
    """The newest import of each patch is the file that lies in its round, byte by byte."""
    import hashlib

    labels = gone.folder / "liver" / "labels"
    records = sorted(labels.glob("round_*/*/0001.json"))
    assert len(records) == 20
    for record in records:
        drawn = json.loads(record.read_text(encoding="utf-8"))
        folder, patch = record.parent.parent.name, record.parent.name
        file = gone.folder / "liver" / folder / f"{patch}_label.nii.gz"
        if drawn["how"] == "drawn":
            assert drawn["sha256"] == hashlib.sha256(file.read_bytes()).hexdigest()
