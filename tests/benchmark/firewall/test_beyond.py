"""What a process without namespaces must not reach, by the newest Landlock and by the oldest."""

import ctypes
import json
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmark.firewall import landlock
from benchmark.firewall.box import Box
from benchmark.firewall.run import run_boxed
from benchmark.firewall.ways import why_not
from nnactive.io.files import write_model
from nnactive.settings import Limits

Boxed = Callable[..., Any]


@pytest.fixture(params=[1, 2, 3, 4, 5, 6, 7])
def boxed(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: Any) -> Boxed:
    """What a function returns in a box by that version of Landlock, or the name of its error."""
    if reason := why_not("landlock"):
        pytest.skip(reason)
    if request.param > landlock.abi():
        pytest.skip(f"this kernel has no Landlock ABI {request.param}")
    monkeypatch.setattr(landlock, "abi", lambda: request.param)
    out = tmp_path / "out"
    out.mkdir()

    def ask(work: Callable[[], Any], **more: Any) -> Any:
        def tell() -> None:
            try:
                found = work()
            except Exception as error:  # noqa: BLE001  (its name is the answer)
                found = type(error).__name__
            (out / "told.json").write_text(json.dumps(found), encoding="utf-8")

        assert run_boxed(Box(writes=(out,), **more), tell, "landlock").code == 0
        return json.loads((out / "told.json").read_text(encoding="utf-8"))

    return ask


def to_outside(parent: int, outside: Path) -> dict[str, Callable[[], Any]]:
    """Attempts that would reach another process, or a file outside."""
    libc = ctypes.CDLL(None, use_errno=True)

    def call(name: str, *arguments: Any) -> None:
        if getattr(libc, name)(*arguments) < 0:
            raise OSError(ctypes.get_errno(), name)

    return {
        "kill": lambda: os.kill(parent, 0),
        "signal by descriptor": lambda: signal.pidfd_send_signal(os.pidfd_open(parent), 0),
        "limits": lambda: resource.prlimit(parent, resource.RLIMIT_CORE, (0, 0)),
        "affinity": lambda: os.sched_setaffinity(parent, {0}),
        "priority": lambda: os.setpriority(os.PRIO_PROCESS, parent, 10),
        "cut": lambda: os.truncate(outside, 0),
        "times": lambda: os.utime(outside, (0, 0)),
        "attribute": lambda: os.setxattr(outside, "user.a", b"a"),
        "socket": lambda: socket.socket(socket.AF_UNIX),
        "watch": lambda: call("inotify_init1", 0),
        "shared memory": lambda: call("shmget", 0, 4096, 0o1600),
    }


def test_nothing_reaches_outside(boxed: Boxed, tmp_path: Path) -> None:
    outside = tmp_path / "result.json"
    outside.write_text("{}", encoding="utf-8")
    attempts = to_outside(os.getpid(), outside)
    before = outside.stat()

    def work() -> dict[str, object]:
        outside.chmod(0o666)
        found: dict[str, object] = {}
        for name, attempt in attempts.items():
            try:
                found[name] = bool(attempt())
            except PermissionError:
                continue
        return found

    assert boxed(work) == {}
    after = outside.stat()
    assert (after.st_mode, after.st_mtime, after.st_size) == (
        before.st_mode,
        before.st_mtime,
        before.st_size,
    )


def test_without_the_walls_these_attempts_succeed(tmp_path: Path) -> None:
    """Else the test above would show nothing."""
    outside = tmp_path / "result.json"
    outside.write_text("{}", encoding="utf-8")
    pid = os.fork()
    if pid == 0:
        time.sleep(60)
    try:
        attempts = to_outside(pid, outside)
        for name in ("kill", "signal by descriptor", "limits", "affinity", "priority", "cut"):
            attempts[name]()
        assert outside.stat().st_size == 0
        for name in ("times", "socket", "watch", "shared memory"):
            attempts[name]()
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)


def test_it_can_work_in_its_folder_and_on_itself(boxed: Boxed, tmp_path: Path) -> None:
    out = tmp_path / "out"

    def work() -> list[object]:
        write_model(out / "limits.json", Limits())
        (out / "a").touch()
        (out / "a").rename(out / "b")
        os.kill(os.getpid(), 0)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        one, other = socket.socketpair()
        one.send(b"x")
        return [sorted(each.name for each in out.iterdir()), len(other.recv(1))]

    assert boxed(work) == [["b", "limits.json"], 1]


def test_what_is_hidden_in_a_folder_that_it_reads(boxed: Boxed, tmp_path: Path) -> None:
    above, runs = tmp_path / "above", tmp_path / "above/deep/runs"
    runs.mkdir(parents=True)
    for file in (runs / "result.json", above / "code.py", above / "deep/more.py"):
        file.write_text("x", encoding="utf-8")
    (above / "link").symlink_to(runs)

    def work() -> list[bool]:
        files = (above / "code.py", above / "deep/more.py", runs / "result.json")
        return [os.access(above, os.F_OK)] + [readable(each) for each in (*files, above / "link")]

    seen = [True, True, True, False, False]
    assert boxed(work, reads=(above,), hides=(runs,)) == seen


def readable(path: Path) -> bool:
    try:
        return bool(list(path.iterdir()) if path.is_dir() else path.read_bytes())
    except PermissionError:
        return False


@pytest.mark.skipif(sys.platform != "linux", reason="Landlock is Linux's")
def test_the_box_gets_nothing_if_all_is_hidden(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("x", encoding="utf-8")
    assert list(landlock.seen(tmp_path / "a", [])) == [tmp_path / "a"]
    assert list(landlock.seen(tmp_path, [tmp_path])) == []
