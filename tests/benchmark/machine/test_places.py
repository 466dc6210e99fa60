"""Folders that a run reads and writes; rights are real, whoever runs the tests."""

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmark.machine import places
from benchmark.machine.places import (
    Place,
    datasets_finding,
    is_mounted,
    mount_points,
    readable_finding,
    writable_finding,
)

NOBODY = 12345
RESULTS = "--volume DIR:{0} (Docker), --bind DIR:{0} (Apptainer)"
MOUNTINFO = r"""22 1 0:21 / / rw - overlay overlay rw
25 22 0:5 / /results rw,relatime shared:1 - ext4 /dev/a rw
26 22 0:5 / /my\040data ro - ext4 /dev/a ro
"""


@pytest.fixture
def unprivileged() -> Iterator[int]:
    """Rights count: as root, the test goes on as another user."""
    if os.geteuid():
        yield os.geteuid()
        return
    os.seteuid(NOBODY)
    yield NOBODY
    os.seteuid(0)


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    folder = tmp_path / "closed"
    folder.mkdir(mode=0)
    return folder


def test_a_folder_that_can_be_written_has_its_free_space_told(tmp_path, monkeypatch) -> None:
    finding = writable_finding(Place("runs", tmp_path, "--runs", None))
    assert finding.state != "FAILED"
    assert finding.detail.startswith(f"{tmp_path}: writable, ")
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr(places, "LITTLE", 1 << 60)
    little = writable_finding(Place("runs", tmp_path, "--runs", None))
    assert little.state == "note"
    assert little.detail.endswith(" free, which is little")


def test_a_folder_that_is_not_there_yet_is_not_made(tmp_path) -> None:
    finding = writable_finding(Place("runs", tmp_path / "a" / "b", "--runs", None))
    assert finding.state != "FAILED"
    assert not list(tmp_path.iterdir())


def test_without_rights_it_says_the_user_and_the_way_out(closed, unprivileged) -> None:
    refused = f"{closed}: not writable for user {unprivileged}; "
    outside = writable_finding(Place("runs", closed, "--runs", None))
    assert outside.state == "FAILED"
    assert outside.detail == refused + "allow it or choose another folder with --runs"
    inside = writable_finding(Place("runs", closed, "--runs", {closed}))
    assert inside.detail == (
        f"{refused}mount a folder that user {unprivileged} may write: {RESULTS.format(closed)}"
    )
    # What is to be made in it can't be, either.
    assert writable_finding(Place("runs", closed / "x", "--runs", None)).state == "FAILED"


def test_data_without_rights(closed, unprivileged) -> None:
    finding = readable_finding(Place("data", closed, "--data", {closed}), needed=False)
    assert finding.state == "FAILED"
    assert f"user {unprivileged} may read: --volume DIR:{closed}:ro" in finding.detail


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (errno.EROFS, "read-only; mount a folder that user"),
        (errno.ENOSPC, "disk full; free some space"),
        (errno.EIO, "input/output error; mount a folder"),
    ],
)
def test_other_reasons(number, words, tmp_path, monkeypatch) -> None:
    problem = OSError(number, os.strerror(number))
    monkeypatch.setattr(places, "write_problem", lambda folder: problem)
    finding = writable_finding(Place("runs", tmp_path, "--runs", {tmp_path}))
    assert finding.state == "FAILED"
    assert finding.detail.startswith(f"{tmp_path}: {words}")


def test_what_lies_in_the_image_itself_must_be_mounted(tmp_path) -> None:
    missing = writable_finding(Place("runs", tmp_path, "--runs", set()))
    assert missing.state == "FAILED"
    assert missing.detail == f"{tmp_path}: not mounted; add {RESULTS.format(tmp_path)}"
    for needed, state in ((True, "FAILED"), (False, "note")):
        data = readable_finding(Place("data", tmp_path, "--data", set()), needed=needed)
        assert data.state == state
        assert f"add --volume DIR:{tmp_path}:ro (Docker), --bind DIR:{tmp_path}:ro" in data.detail


def test_data_that_are_there_or_not_yet(tmp_path) -> None:
    there = readable_finding(Place("data", tmp_path, "--data", None), needed=True)
    assert there.state == "ok"
    assert f"{tmp_path}: readable, " in there.detail
    absent = readable_finding(Place("data", tmp_path / "none", "--data", None), needed=True)
    assert absent.state == "note"
    file = tmp_path / "file"
    file.touch()
    assert readable_finding(Place("data", file, "--data", None), needed=True).state == "FAILED"


def test_mounts_are_read_from_the_system(tmp_path) -> None:
    table = tmp_path / "mountinfo"
    table.write_text(MOUNTINFO)
    points = mount_points(table)
    assert points == {Path("/results"), Path("/my data")}
    assert is_mounted(Path("/results/deep/inside"), points)
    assert not is_mounted(Path("/resultsx"), points)
    assert Path("/proc") in mount_points()


def test_datasets_are_told_by_name_and_state(tmp_path) -> None:
    assert datasets_finding(tmp_path / "none").state == "note"
    for name in ("phantom", "hippocampus"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "prepared.json").touch()
    (tmp_path / "acdc" / "scratch").mkdir(parents=True)
    finding = datasets_finding(tmp_path)
    assert finding.state == "ok"
    assert sorted(finding.detail.split("; ")) == [
        "acdc partly prepared",
        "hippocampus, phantom prepared",
    ]
