"""What a box holds, and in which order it is mounted."""

from pathlib import Path

import pytest

from benchmark.firewall.box import Box
from benchmark.firewall.walls import mounts
from benchmark.firewall.walls.mounts import Mount, bubblewrap_arguments


def found(box: Box, *installed: str) -> list[Mount]:
    return mounts.mounts(box, [Path(each) for each in installed])


def test_parents_come_before_what_lies_in_them() -> None:
    box = Box(reads=(Path("/no/runs/mine"),), writes=(Path("/no/runs/mine/out"),))
    assert found(Box(**vars(box) | {"hides": (Path("/no/runs"),)}), "/no") == [
        Mount(Path("/no"), "read"),
        Mount(Path("/no/runs"), "hide"),
        Mount(Path("/no/runs/mine"), "read"),
        Mount(Path("/no/runs/mine/out"), "write"),
    ]


def test_what_lies_in_something_mounted_is_there_already() -> None:
    box = Box(
        reads=(Path("/no/data/a"), Path("/no/data")),
        writes=(Path("/no/data/out/x"), Path("/no/data/out")),
    )
    assert found(box) == [Mount(Path("/no/data"), "read"), Mount(Path("/no/data/out"), "write")]


def test_what_is_not_mounted_needn_t_be_hidden() -> None:
    box = Box(reads=(Path("/no/data"),), hides=(Path("/no/runs"), Path("/no/data")))
    assert found(box) == [Mount(Path("/no/data"), "read")]


def test_a_link_within_a_mounted_folder_leads_to_its_target(tmp_path: Path) -> None:
    runs, disk = tmp_path / "runs", tmp_path / "disk"
    runs.mkdir()
    (disk / "out").mkdir(parents=True)
    (runs / "out").symlink_to(disk / "out")
    assert found(Box(reads=(runs,), writes=(runs / "out",))) == [
        Mount(runs, "read"),
        Mount(disk / "out", "write"),
    ]


def test_hidden_folders_and_the_root_are_read_only_in_the_end(tmp_path: Path) -> None:
    words = bubblewrap_arguments(Box(hides=(tmp_path / "runs",)), [tmp_path])
    assert words[words.index("--remount-ro") :] == [
        *("--remount-ro", str(tmp_path / "runs")),
        *("--remount-ro", "/dev"),
        *("--remount-ro", "/"),
    ]


def test_accelerators_are_there_for_those_who_may_use_them(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mounts, "accelerators", lambda: ["/dev/nvidia0"])  # a stand-in for a GPU
    assert "/dev/nvidia0" in bubblewrap_arguments(Box(gpu=True), [])
    assert "/dev/nvidia0" not in bubblewrap_arguments(Box(), [])
