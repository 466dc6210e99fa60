"""Folders that a box leaves: deep ones go, whatever their names, rights and links."""

import os
import shutil
from pathlib import Path

from benchmark.firewall.shallow import make_shallow

DEPTH = 3000


def dig(folder: Path, depth: int) -> None:
    at = os.open(folder, os.O_RDONLY)
    for _ in range(depth):
        os.mkdir("deeper\n", dir_fd=at)
        below = os.open("deeper\n", os.O_RDONLY, dir_fd=at)
        os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=at))
        os.close(at)
        at = below
    os.close(at)


def test_what_is_too_deep_for_ordinary_tools_is_removed(tmp_path: Path) -> None:
    room = tmp_path / "room"
    room.mkdir()
    dig(room, DEPTH)
    (room / "kept").mkdir()
    (room / "kept" / "file").write_text("kept")
    make_shallow(room, 5)
    assert len(list(room.rglob("deeper\n"))) == 5
    assert (room / "kept" / "file").read_text() == "kept"
    shutil.rmtree(room)


def test_links_are_not_followed_and_rights_are_no_obstacle(tmp_path: Path) -> None:
    outside, room = tmp_path / "outside", tmp_path / "room"
    (outside / "inner").mkdir(parents=True)
    (outside / "inner" / "file").write_text("stays")
    (room / "a" / "b" / "c").mkdir(parents=True)
    (room / "a" / "link").symlink_to(outside)
    (room / "a" / "b" / "link").symlink_to(outside)
    for each in ("a/b/c", "a/b", "a"):
        (room / each).chmod(0)
    make_shallow(room, 0)
    assert list(room.iterdir()) == []
    assert (outside / "inner" / "file").read_text() == "stays"
