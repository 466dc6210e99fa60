"""Landlock, in a forked process as in a run; what isn't there on this kernel is skipped."""

import os
import pickle
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.firewall import landlock
from benchmark.firewall.box import Box
from nnactive.errors import NnactiveError

INSTALLATION = [Path(sys.prefix), Path(sys.base_prefix), Path("/usr"), Path("/lib"), Path("/lib64")]
VERSIONS = range(1, landlock.NEWEST_ABI + 1)


@pytest.fixture
def box(tmp_path: Path) -> Box:
    for name in ("images", "labels", "scratch", "train"):
        (tmp_path / name).mkdir()
    for name in ("images/a", "labels/a"):
        (tmp_path / name).write_text(name)
    (tmp_path / "train/to_image").symlink_to(tmp_path / "images/a")
    (tmp_path / "train/to_label").symlink_to(tmp_path / "labels/a")
    reads = (tmp_path / "images/a", tmp_path / "train")
    return Box(reads=reads, writes=(tmp_path / "scratch",))


def confined(box: Box, work: Callable[[], object], version: int | None = None) -> object:
    """What ``work`` returns in a confined process, or the class of the error that it raises."""
    if not landlock.abi():
        pytest.skip("this kernel has no Landlock")
    if version is not None and version > landlock.abi():
        pytest.skip(f"this kernel has no Landlock ABI {version}")
    read, write = os.pipe()
    pid = os.fork()
    if pid == 0:
        answer: object = "died"
        try:
            landlock.confine(box, INSTALLATION, version)
            answer = work()
        except BaseException as error:  # noqa: BLE001  (must not go on in the test's code)
            answer = type(error)
        finally:
            os.write(write, pickle.dumps(answer))
            os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        answer = pickle.load(pipe)  # noqa: S301  (from this file)
    os.waitpid(pid, 0)
    return answer


@pytest.mark.parametrize("version", VERSIONS)
def test_it_opens_what_the_box_holds_and_nothing_else(box: Box, version: int) -> None:
    images, train = box.reads
    scratch = box.writes[0]
    label = train.parent / "labels/a"

    def look() -> list[object]:
        return [
            images.read_text(),
            (train / "to_image").read_text(),
            attempt(label.read_text),
            attempt((train / "to_label").read_text),
            attempt(lambda: list(label.parent.iterdir())),
            attempt(lambda: images.write_text("x")),
            attempt(lambda: (label.parent / "b").write_text("x")),
            (scratch / "b").write_text("x"),
            attempt(lambda: os.link(label, scratch / "c")),
            attempt(lambda: label.rename(scratch / "c")),
        ]

    refused = PermissionError
    found = confined(box, look, version)
    assert isinstance(found, list)
    assert found[:2] == ["images/a", "images/a"]
    assert found[2:8] == [refused, refused, refused, refused, refused, 1]
    assert all(isinstance(last, type) and issubclass(last, OSError) for last in found[8:])


def attempt(work: Callable[[], object]) -> object:
    try:
        return work()
    except Exception as error:  # noqa: BLE001  (its class is the answer)
        return type(error)


@pytest.mark.parametrize("name", ["environ", "mem", "fd", "root/etc/hostname", "cwd", "cmdline"])
def test_other_processes_stay_closed(box: Box, name: str) -> None:
    other = os.getpid()

    def look() -> object:
        path = Path("/proc", str(other), name)
        return list(path.iterdir()) if path.is_dir() else path.read_bytes()

    assert confined(box, look) is PermissionError


def test_its_own_process_is_open(box: Box) -> None:
    assert confined(box, lambda: "VmRSS" in Path("/proc/self/status").read_text()) is True
    assert confined(box, lambda: list(Path("/proc").iterdir())) is PermissionError


@pytest.mark.parametrize("scope", ["signal", "abstract socket"])
def test_from_abi_6_on_signals_and_abstract_sockets_end_at_the_box(box: Box, scope: str) -> None:
    if landlock.abi() < 6:
        pytest.skip("this kernel's Landlock has no scopes")
    parent = os.getpid()
    name = f"\0nnactive-test-{parent}"
    with socket.socket(socket.AF_UNIX) as host, socket.socket(socket.AF_UNIX) as inside:
        host.bind(name)
        host.listen()
        works = {
            "signal": lambda: os.kill(parent, 0),
            "abstract socket": lambda: inside.connect(name),
        }
        assert confined(box, works[scope]) is PermissionError


@pytest.mark.parametrize("version", [4, 7])
def test_from_abi_4_on_tcp_is_refused(box: Box, version: int) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket() as inside:
        address = server.getsockname()
        assert confined(box, lambda: inside.connect(address), version) is PermissionError


@pytest.mark.parametrize("version", [3, 7])
def test_from_abi_3_on_a_file_outside_cant_be_cut(box: Box, version: int) -> None:
    label = box.reads[1].parent / "labels/a"
    assert confined(box, lambda: os.truncate(label, 0), version) is PermissionError
    assert label.read_text() == "labels/a"


def test_what_it_starts_is_confined_too(box: Box) -> None:
    label = box.reads[1].parent / "labels/a"

    def start() -> int:
        return subprocess.run(["cat", label], check=False, stderr=subprocess.DEVNULL).returncode

    assert confined(box, start) == 1


def test_no_several_threads(box: Box) -> None:
    """Landlock would confine the calling one alone."""

    def start() -> None:
        threading.Thread(target=threading.Event().wait, daemon=True).start()
        landlock.confine(box, INSTALLATION)

    assert confined(box, start) is NnactiveError


def test_a_box_whose_files_are_gone_is_no_box(box: Box, tmp_path: Path) -> None:
    gone = Box(reads=(tmp_path / "gone",), writes=box.writes)
    assert confined(gone, lambda: "confined") is FileNotFoundError


def test_without_landlock_it_says_why(monkeypatch: pytest.MonkeyPatch, box: Box) -> None:
    monkeypatch.setattr(landlock, "abi", lambda: 0)
    assert "no Landlock" in landlock.why_not()
    with pytest.raises(NnactiveError, match="no Landlock"):
        landlock.confine(box)
