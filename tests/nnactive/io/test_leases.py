"""Leases. Another machine is this one under another name of its boot; the processes are real."""

import errno
import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from nnactive.io import holders, leases
from nnactive.io.files import write_model
from nnactive.io.holders import Holder, Watcher, watched
from nnactive.io.leases import LEASE, Lease, LeaseLostError, confirm, lease, living

TAKER = """
import fcntl, os, random, sys, time
from pathlib import Path
from nnactive.io import holders, leases
from nnactive.io.leases import Lease, LeaseLostError
folder, number, end = Path(sys.argv[1]), sys.argv[2], time.monotonic() + float(sys.argv[3])
if sys.argv[4] == "elsewhere":
    holders.boot = lambda: f"machine {number} {os.getpid()}"
if sys.argv[5] == "no links":
    def link(*_):
        raise OSError(95, "not supported")
    os.link = link
watcher, held = holders.Watcher(silent=0.3), None
while time.monotonic() < end:
    held = Lease.take(folder / "the.lease", seconds=0.02, watcher=watcher)
    if held is None:
        continue
    inside = os.open(folder / "inside", os.O_RDWR | os.O_CREAT)
    try:
        fcntl.flock(inside, fcntl.LOCK_EX | fcntl.LOCK_NB)  # the system lets go when it dies
    except BlockingIOError:
        (folder / f"twice_{number}_{time.monotonic()}").touch()
    (folder / f"held_{number}").open("a").write("x")
    time.sleep(random.uniform(0, 0.005))
    if random.random() < 0.3:
        os._exit(9)  # dies with the lease in its hands
    os.close(inside)
    held.release()
"""


@pytest.fixture
def elsewhere(monkeypatch):
    """From here on, this process looks at the leases of before from another machine."""

    def move(name: str = "other") -> None:
        monkeypatch.setattr(holders, "boot", lambda: name)

    return move


def test_one_holds_it_and_the_next_takes_it_when_it_is_given_back(tmp_path) -> None:
    file = tmp_path / "new" / "a.lease"
    first = Lease.take(file)
    assert first is not None
    assert Lease.take(file) is None
    holder = living(file)
    assert holder is not None
    assert holder.pid == os.getpid()
    first.release()
    assert living(file) is None
    assert Lease.take(file) is not None
    assert [path.name for path in file.parent.iterdir()] == ["a.lease"]


def test_a_dead_process_of_this_machine_is_noticed_at_once(tmp_path) -> None:
    file = tmp_path / "a.lease"
    code = f"from nnactive.io.leases import *; from pathlib import Path; import os\n\
assert Lease.take(Path({str(file)!r})); os._exit(9)"
    subprocess.run([sys.executable, "-c", code], check=False)
    assert file.exists()
    assert living(file) is None
    assert watched([file], seconds=5) is None
    assert Lease.take(file) is not None


def test_another_process_with_the_same_id_is_not_the_holder(tmp_path) -> None:
    file = tmp_path / "a.lease"
    write_model(file, Holder.here().model_copy(update={"started": "1"}))
    assert living(file) is None
    assert Lease.take(file) is not None


@pytest.mark.parametrize("skew", [-1e6, 0, 1e6])
def test_elsewhere_only_silence_that_was_watched_counts(tmp_path, elsewhere, skew) -> None:
    file = tmp_path / "a.lease"
    assert Lease.take(file) is not None
    # The file server's clock is not this machine's.
    os.utime(file, (time.time() + skew, time.time() + skew))
    elsewhere()
    assert living(file) is not None
    watcher = Watcher(silent=0.2)
    assert Lease.take(file, watcher=watcher) is None
    assert Lease.take(file, watcher=watcher) is None, "not yet silent for long enough"
    assert Lease.take(file, seconds=0.9, watcher=watcher) is not None


def test_elsewhere_a_touched_lease_is_alive(tmp_path, elsewhere, monkeypatch) -> None:
    file = tmp_path / "a.lease"
    monkeypatch.setattr(leases, "PAUSE_SECONDS", 0.05)
    held = Lease.take(file)
    assert held is not None
    over = threading.Event()

    def touch() -> None:
        while not over.wait(0.05):
            held.beat(now=True)

    thread = threading.Thread(target=touch)
    thread.start()
    elsewhere()
    try:
        assert Lease.take(file, seconds=0.8, watcher=Watcher(silent=0.4)) is None
        assert watched([file], seconds=2) is not None
    finally:
        over.set()
        thread.join()
    assert watched([file], seconds=0.3) is None


def test_a_silent_holder_elsewhere_is_replaced_and_a_living_one_here_is_not(
    tmp_path, elsewhere
) -> None:
    file = tmp_path / "a.lease"
    assert Lease.take(file) is not None
    begun = time.monotonic()
    assert Lease.take_watched(file) is None
    assert time.monotonic() - begun < 1, "known at once"
    elsewhere()
    assert Lease.take_watched(file, silent=0.3) is not None


def test_whoever_lost_its_lease_notices_and_does_not_remove_the_next_ones(
    tmp_path, elsewhere
) -> None:
    file = tmp_path / "a.lease"
    lost = Lease.take(file)
    assert lost is not None
    elsewhere()
    taken = Lease.take(file, seconds=2, watcher=Watcher(silent=0.2))
    assert taken is not None
    for _ in range(2):
        with pytest.raises(LeaseLostError, match=r"a\.lease: another process took"):
            lost.beat(now=True)
    lost.release()
    assert living(file) == taken.holder


def test_a_holder_that_was_silent_gives_back_only_in_turn(tmp_path, elsewhere) -> None:
    file = tmp_path / "a.lease"
    held = Lease.take(file)
    assert held is not None
    held._beaten -= 31
    with leases._turn(file, held.holder.token, Watcher()) as ours:
        assert ours
        held.release()
        assert file.exists(), "the other one is about to replace it"
    held.release()
    assert not file.exists()


def test_a_step_confirms_the_lease_it_runs_under(tmp_path, monkeypatch) -> None:
    confirm()  # under none
    held = Lease.take(tmp_path / "a: b.lease")
    assert held is not None
    monkeypatch.setenv(LEASE, held.variable[LEASE])
    confirm()
    held.release()
    with pytest.raises(LeaseLostError):
        confirm()
    assert Lease.take(held.file) is not None
    with pytest.raises(LeaseLostError):
        confirm()


@pytest.mark.parametrize("content", [b"", b"{", b"null", b'{"token": "x"}', b"\xff\x00" * 400])
def test_a_broken_lease_is_free_once_it_was_watched(tmp_path, content) -> None:
    file = tmp_path / "a.lease"
    file.write_bytes(content)
    watcher = Watcher(silent=0.2)
    assert Lease.take(file, watcher=watcher) is None, "it may be in the making"
    assert Lease.take(file, seconds=0.9, watcher=watcher) is not None


def test_without_hard_links_it_is_still_exclusive(tmp_path, monkeypatch) -> None:
    def link(*_: object) -> None:
        raise OSError(errno.EPERM, "no links here")

    monkeypatch.setattr(os, "link", link)
    held = Lease.take(tmp_path / "a.lease")
    assert held is not None
    assert Lease.take(tmp_path / "a.lease") is None
    assert living(tmp_path / "a.lease") == held.holder


def test_a_link_whose_answer_was_lost_counts(tmp_path, monkeypatch) -> None:
    real = os.link

    def link(source: Path, target: Path) -> None:
        real(source, target)
        raise FileExistsError(errno.EEXIST, "sent twice")

    monkeypatch.setattr(os, "link", link)
    assert Lease.take(tmp_path / "a.lease") is not None


def test_a_full_disk_is_an_error_and_leaves_nothing(tmp_path, monkeypatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(leases, "file_text", fail)
    with pytest.raises(OSError, match="full"):
        Lease.take(tmp_path / "a.lease")
    assert list(tmp_path.iterdir()) == []


def test_the_context_waits_beats_and_gives_back(tmp_path, monkeypatch) -> None:
    file = tmp_path / "a.lease"
    monkeypatch.setattr(leases, "BEAT_SECONDS", 0.1)
    with lease(file) as held:
        assert held
        with lease(file) as second:
            assert second is None
        before = file.stat().st_mtime_ns
        time.sleep(1.3)
        assert file.stat().st_mtime_ns > before
        threading.Timer(0.2, held.release).start()
        with lease(file, seconds=5) as later:
            assert later


def storm(folder: Path, *, where: str, links: str, seconds: float) -> int:
    """Processes that take one lease from one another, and die with it; how often it was held."""

    def start(number: int, left: float) -> "subprocess.Popen[bytes]":
        words = [str(folder), str(number), str(left), where, links]
        return subprocess.Popen([sys.executable, "-c", TAKER, *words])

    end = time.monotonic() + seconds
    running = {number: start(number, seconds) for number in range(6)}
    while time.monotonic() < end:
        for number, process in running.items():
            if process.poll() is not None and (left := end - time.monotonic()) > 0:
                running[number] = start(number, left)
        time.sleep(0.02)
    for process in running.values():
        process.wait()
    return sum(len(file.read_text()) for file in folder.glob("held_*"))


@pytest.mark.slow
@pytest.mark.parametrize("links", ["links", "no links"])
@pytest.mark.parametrize("where", ["here", "elsewhere"])
def test_of_processes_that_die_with_it_never_two_hold_it(tmp_path, where, links) -> None:
    assert storm(tmp_path, where=where, links=links, seconds=6) > 5
    assert list(tmp_path.glob("twice_*")) == []
