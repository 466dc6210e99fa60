import json
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from nnactive.nnunet.training.checkpoints import Checkpoints

WRITER = """
import sys, torch
from pathlib import Path
from nnactive.nnunet.training.checkpoints import Checkpoints

checkpoints = Checkpoints(Path(sys.argv[1]), "a")
newest = checkpoints.newest(print)
number = newest["number"] if newest else 0
while True:
    number += 1
    checkpoints.save(number, {"number": number, "weights": torch.full((500_000,), number)})
    print(number, flush=True)
"""


@pytest.fixture
def notes() -> list[str]:
    return []


def saved(folder: Path, *numbers: int, training: str = "a", scratch: Path | None = None):
    checkpoints = Checkpoints(folder, training, scratch)
    for number in numbers:
        checkpoints.save(number, {"number": number, "weights": torch.full((1000,), number)})
    return checkpoints


def test_the_newest_two_are_kept(tmp_path: Path, notes: list[str]) -> None:
    checkpoints = saved(tmp_path, 1, 2, 3)
    assert sorted(path.name for path in tmp_path.glob("*.pth")) == [
        "iteration_000000002.pth",
        "iteration_000000003.pth",
    ]
    newest = checkpoints.newest(notes.append)
    assert newest is not None
    assert newest["number"] == 3
    assert newest["weights"].eq(3).all()
    assert notes == []


@pytest.mark.parametrize("damage", ["flip", "cut", "empty", "gone", "record", "swap"])
def test_a_damaged_one_is_told_and_the_other_used(
    tmp_path: Path, notes: list[str], damage: str
) -> None:
    checkpoints = saved(tmp_path, 1, 2)
    older, newer = tmp_path / "iteration_000000001.pth", tmp_path / "iteration_000000002.pth"
    content = newer.read_bytes()
    if damage == "flip":
        newer.write_bytes(content[:2000] + bytes([content[2000] ^ 1]) + content[2001:])
    elif damage == "gone":
        newer.unlink()
    elif damage == "record":
        newer.with_suffix(".json").write_text("{")
    else:
        newer.write_bytes({"cut": content[:-1], "empty": b"", "swap": older.read_bytes()}[damage])
    newest = checkpoints.newest(notes.append)
    assert newest is not None
    assert newest["number"] == 1
    assert len(notes) == 1
    assert "iteration_000000002.pth: checkpoint not used" in notes[0]
    assert not newer.exists()


def test_if_both_are_damaged_training_begins_anew(tmp_path: Path, notes: list[str]) -> None:
    checkpoints = saved(tmp_path, 1, 2)
    for file in tmp_path.glob("*.pth"):
        file.write_bytes(b"")
    assert checkpoints.newest(notes.append) is None
    assert len(notes) == 2
    assert list(tmp_path.iterdir()) == []


def test_another_trainings_are_removed_without_a_word(tmp_path: Path, notes: list[str]) -> None:
    saved(tmp_path, 1, 2, training="another")
    assert Checkpoints(tmp_path, "a").newest(notes.append) is None
    assert notes == []
    assert list(tmp_path.iterdir()) == []


def test_one_whose_record_is_missing_was_never_finished(tmp_path: Path, notes: list[str]) -> None:
    checkpoints = saved(tmp_path, 1, 2)
    (tmp_path / "iteration_000000002.json").unlink()
    newest = checkpoints.newest(notes.append)
    assert newest is not None
    assert newest["number"] == 1
    assert notes == []


def test_a_file_that_runs_code_when_it_is_read_is_not_used(
    tmp_path: Path, notes: list[str]
) -> None:
    """The hash tells accidents; the loader takes numbers and tensors alone."""
    checkpoints = Checkpoints(tmp_path, "a")
    checkpoints.save(1, {"path": Path("x")})
    assert checkpoints.newest(notes.append) is None
    assert "Weights only load failed" in notes[0]


def test_by_way_of_the_scratch_it_is_the_same_file(tmp_path: Path, notes: list[str]) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    saved(tmp_path / "one", 1)
    checkpoints = saved(tmp_path / "other", 1, scratch=scratch)
    one, other = (json.loads((tmp_path / n / "iteration_000000001.json").read_text())
                  for n in ("one", "other"))  # fmt: skip
    assert one == other
    assert checkpoints.newest(notes.append) is not None
    assert list(scratch.iterdir()) == []


def test_a_scratch_that_fails_is_done_without(tmp_path: Path, notes: list[str]) -> None:
    checkpoints = saved(tmp_path, 1, scratch=tmp_path / "absent")
    assert checkpoints.newest(notes.append) is not None


@pytest.mark.slow
def test_a_kill_at_any_moment_leaves_a_whole_one(tmp_path: Path, notes: list[str]) -> None:
    """Five kills of a process that does nothing but write; each goes on after the last."""
    reached = 0
    for attempt in range(5):
        with subprocess.Popen(
            [sys.executable, "-c", WRITER, str(tmp_path)], stdout=subprocess.PIPE, text=True
        ) as writer:
            assert writer.stdout is not None
            first = int(writer.stdout.readline())
            assert first in {reached + 1, reached + 2}
            time.sleep(0.031 * attempt)
            writer.kill()
            told = [int(line) for line in writer.stdout if line.endswith("\n")]
        newest = Checkpoints(tmp_path, "a").newest(notes.append)
        assert newest is not None
        reached = newest["number"]
        assert reached in {(told or [first])[-1] + ahead for ahead in (0, 1)}
    assert notes == []
