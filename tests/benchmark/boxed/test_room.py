import os
import shutil
from pathlib import Path

import pytest

from benchmark.boxed.room import room_for


def test_a_room_is_new_and_leaves_only_finished_work(tmp_path: Path) -> None:
    out = tmp_path / ".loop_001.json"
    (tmp_path / ".loop_001.json.box.left").mkdir()
    with room_for(out) as room:
        assert not (tmp_path / ".loop_001.json.box.left").exists()
        assert all(folder.is_dir() for folder in room.writes)
        assert room.kept.name == ".loop_001.json.checkpoint"
        (room.kept / "work").write_text("x")
        (room.scratch / "deep").mkdir()
        (room.scratch / "deep" / "file").write_text("x")
        (room.scratch / "deep").chmod(0)
        room.answer.chmod(0)
    assert [path.name for path in tmp_path.iterdir()] == [".loop_001.json.checkpoint"]


def test_what_a_killed_process_has_left_is_removed_however_deep(tmp_path: Path) -> None:
    left = [tmp_path / ".loop_001.json.box.left", tmp_path / ".loop_001.json.checkpoint"]
    for folder in left:
        folder.mkdir()
        at = os.open(folder, os.O_RDONLY)
        for _ in range(1200):
            os.mkdir("deep", dir_fd=at)
            below = os.open("deep", os.O_RDONLY, dir_fd=at)
            os.close(at)
            at = below
        os.close(at)
    with room_for(tmp_path / "loop_001.json"):
        pass
    assert [path.name for path in tmp_path.iterdir()] == [left[1].name]
    shutil.rmtree(left[1])


def test_a_room_without_finished_work_leaves_nothing(tmp_path: Path) -> None:
    out = tmp_path / "an experiment's" / "first loop"
    with pytest.raises(ValueError, match="mine"), room_for(out):
        raise ValueError("mine")
    assert not list(out.parent.iterdir())


def test_what_a_link_leads_to_stays(tmp_path: Path) -> None:
    (tmp_path / "other").mkdir(mode=0o500)
    with room_for(tmp_path / "out") as room:
        (room.scratch / "link").symlink_to(tmp_path / "other")
    assert (tmp_path / "other").stat().st_mode & 0o777 == 0o500


def test_parts_at_work_at_once_leave_each_other_alone(tmp_path: Path) -> None:
    with room_for(tmp_path / "out", shared=True) as first:
        with room_for(tmp_path / "out", shared=True) as second:
            assert first.answer != second.answer
            assert first.kept == second.kept
        assert not list(first.answer.iterdir())
        assert first.kept.is_dir()
