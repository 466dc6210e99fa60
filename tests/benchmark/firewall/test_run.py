"""The walls of a box, tried from inside with small functions."""

import ctypes
import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import psutil
import pytest

from benchmark.firewall.box import Box, Ended
from benchmark.firewall.run import run_boxed
from benchmark.firewall.ways import why_not
from nnactive.answers.isolation import Isolation
from nnactive.errors import NnactiveError
from nnactive.settings import Limits

Attempt = Callable[[], Any]
TRUTH = "the whole truth"


def needed(way: Isolation) -> Isolation:
    """The way, if it works here."""
    if reason := why_not(way):
        pytest.skip(f"{way}: {reason}")
    return way


@pytest.fixture(params=["bubblewrap", "landlock"])
def way(request: pytest.FixtureRequest) -> Isolation:
    """Each way that keeps a method's code from files."""
    return needed(request.param)


@pytest.fixture
def bubblewrap() -> Isolation:
    """The way with namespaces."""
    return needed("bubblewrap")


def told(
    folder: Path, way: Isolation, work: Attempt, *, reads: tuple[Path, ...] = (), **more: Any
) -> Any:
    """What a function returns in a box, or the name of its error."""
    out = folder / "out"
    out.mkdir(exist_ok=True)

    def tell() -> None:
        try:
            found = work()
        except Exception as error:  # noqa: BLE001
            found = type(error).__name__
        (out / "told.json").write_text(json.dumps(found), encoding="utf-8")

    ended = run_boxed(Box(reads=reads, writes=(out,), **more), tell, way)
    assert ended == Ended(0, way, ended.peak_memory_gib)
    answer: Any = json.loads((out / "told.json").read_text(encoding="utf-8"))
    return answer


def refused(attempt: Callable[[], Any]) -> bool:
    """Whether the system refuses what a function tries."""
    try:
        attempt()
    except OSError:
        return True
    return False


def call(name: str, *arguments: object) -> None:
    """A call of the C library that fails with an error number."""
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, name)(*arguments) < 0:
        raise OSError(ctypes.get_errno(), name)


def test_it_reads_what_it_is_given_and_nothing_beside_it(tmp_path: Path, way: Isolation) -> None:
    given, beside = tmp_path / "given", tmp_path / "beside"
    given.write_text("an image", encoding="utf-8")
    beside.write_text(TRUTH, encoding="utf-8")

    def work() -> list[object]:
        files = (beside, Path("/etc/passwd"), Path(__file__))
        return [given.read_text(encoding="utf-8"), *(refused(each.read_bytes) for each in files)]

    assert told(tmp_path, way, work, reads=(given,)) == ["an image", True, True, True]


def test_it_writes_into_its_folder_alone(tmp_path: Path, way: Isolation) -> None:
    given = tmp_path / "given"
    given.mkdir()
    code = Path(__file__).parents[3] / "nnactive"
    places = [given, Path("/"), Path("/usr"), Path(sys.prefix), code]

    def work() -> list[bool]:
        refused((tmp_path / "planted").touch)  # in memory, with namespaces
        return [refused((place / "planted").touch) for place in places]

    assert told(tmp_path, way, work, reads=(given,)) == [True] * len(places)
    assert sorted(each.name for each in tmp_path.iterdir()) == ["given", "out"]


def test_links_that_it_leaves_lead_nowhere_inside(tmp_path: Path, way: Isolation) -> None:
    secret = tmp_path / "secret"
    secret.write_text(TRUTH, encoding="utf-8")

    def work() -> bool:
        link = tmp_path / "out" / "link"
        link.symlink_to(secret)
        return refused(link.read_bytes)

    assert told(tmp_path, way, work) is True


def test_what_lies_within_the_installation_can_be_hidden(
    tmp_path: Path, bubblewrap: Isolation, monkeypatch: pytest.MonkeyPatch
) -> None:
    installed, runs = tmp_path / "installed", tmp_path / "installed" / "runs"
    mine, theirs, code = runs / "mine", runs / "theirs", installed / "code.py"
    for folder in (mine, theirs):
        folder.mkdir(parents=True)
        (folder / "result.json").write_text(TRUTH, encoding="utf-8")
    code.write_text("pass", encoding="utf-8")
    from benchmark.firewall import run
    from benchmark.firewall.installation import installation

    monkeypatch.setattr(run, "installation", lambda: (*installation(), installed))

    def work() -> list[object]:
        files = [mine / "result.json", theirs / "result.json", code]
        return [*map(Path.exists, files), refused((runs / "new").touch)]

    assert told(tmp_path, bubblewrap, work, reads=(mine,), hides=(runs,)) == [
        True,
        False,
        True,
        True,
    ]


def test_its_surroundings_say_nothing(
    tmp_path: Path, way: Isolation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOKEN", TRUTH)
    inherited = (tmp_path / "inherited").open("w+")

    def work() -> list[object]:
        own = [
            Path("/proc/self", name).read_text(encoding="utf-8") for name in ("environ", "cmdline")
        ]
        files = list(Path("/proc/self/fd").iterdir())
        open_files = [str(each.readlink()) for each in files if each.is_symlink()]
        return [
            TRUTH in json.dumps(dict(os.environ)),
            "PATH=" in own[0],
            own[1].strip("\0"),
            sys.argv,
            [each for each in open_files if str(tmp_path) in each],
            os.environ["HOME"] == os.environ["TMPDIR"] == str(tmp_path / "out"),
        ]

    with inherited:
        found = told(tmp_path, way, work)
    assert found == [False, False, "box", ["box"], [], True]


def test_it_sees_no_other_process(tmp_path: Path, bubblewrap: Isolation) -> None:
    outside = os.getpid()

    def work() -> list[object]:
        seen = [each for each in Path("/proc").iterdir() if each.name.isdecimal()]
        names = {(each / "comm").read_text(encoding="ascii").strip() for each in seen}
        roots = [each / "root" for each in seen]
        return [
            sorted(names & {"bwrap", "cat"}),
            (Path("/proc/1/status").read_text(encoding="ascii")).split("Seccomp:\t")[1][0],
            len(seen),
            os.getppid(),
            outside in map(int, (each.name for each in seen)),
            [str(each) for each in roots if (each / str(tmp_path)[1:] / "secret").exists()],
        ]

    (tmp_path / "secret").touch()
    assert told(tmp_path, bubblewrap, work) == [["cat"], "2", 2, 0, False, []]


def test_it_reaches_no_other_process(tmp_path: Path, way: Isolation) -> None:
    other = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    outside = (other.pid, os.getpid())

    def work() -> list[bool]:
        tries: list[Attempt] = [partial(os.kill, pid, signal.SIGKILL) for pid in outside]
        for pid in outside:
            tries += [Path(f"/proc/{pid}/{name}").read_bytes for name in ("environ", "maps")]
            tries.append(partial(call, "ptrace", 16, pid, None, None))
            tries.append(partial(call, "process_vm_readv", pid, None, 0, None, 0, 0))
        return [refused(each) for each in tries]

    try:
        found = told(tmp_path, way, work)
        assert other.poll() is None
    finally:
        other.kill()
        other.communicate()
    assert found == [True] * 10


def test_it_has_no_network(tmp_path: Path, way: Isolation) -> None:
    with socket.create_server(("127.0.0.1", 0)) as tcp, socket.socket(socket.AF_UNIX) as unix:
        unix.bind(f"\0nnactive-{os.getpid()}")
        unix.listen()
        tcp_address, unix_address = tcp.getsockname(), unix.getsockname()

        def connect(family: int, address: Any) -> None:
            with socket.socket(family) as client:
                client.connect(address)

        def work() -> list[bool]:
            socket.socketpair()[0].close()
            return [
                refused(lambda: connect(socket.AF_INET, tcp_address)),
                refused(lambda: connect(socket.AF_UNIX, unix_address)),
                refused(lambda: socket.socket(socket.AF_NETLINK, socket.SOCK_RAW)),
                refused(lambda: socket.socket(socket.AF_INET, socket.SOCK_DGRAM)),
            ]

        assert told(tmp_path, way, work) == [True] * 4


CALLS: dict[str, tuple[object, ...]] = {
    "mount": (None, b"/usr", None, 0x1020, None),
    "umount2": (b"/usr", 0),
    "chroot": (b"/usr",),
    "unshare": (0x10000000,),
    "setns": (0, 0),
    "sched_yield": (),
}


def test_it_can_change_no_namespace(tmp_path: Path, way: Isolation) -> None:
    def work() -> list[bool]:
        return [refused(partial(call, name, *CALLS[name])) for name in CALLS]

    assert told(tmp_path, way, work) == [True] * (len(CALLS) - 1) + [False]


def test_it_has_no_capability_and_gains_none(tmp_path: Path, way: Isolation) -> None:
    def work() -> dict[str, str]:
        shown = (
            subprocess.run(
                ["/usr/bin/cat", "/proc/self/status"], capture_output=True, text=True, check=True
            )
            if way == "bubblewrap"
            else None
        )
        text = shown.stdout if shown else Path("/proc/self/status").read_text(encoding="ascii")
        pairs = (line.split(":\t") for line in text.splitlines())
        return {pair[0]: pair[1] for pair in pairs if pair[0] in wanted}

    wanted = {"CapInh", "CapPrm", "CapEff", "CapAmb", "NoNewPrivs", "Seccomp"}
    nothing = "0" * 16
    expected = dict.fromkeys(("CapInh", "CapPrm", "CapEff", "CapAmb"), nothing)
    assert told(tmp_path, way, work) == {**expected, "NoNewPrivs": "1", "Seccomp": "2"}


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="needs root")
def test_root_in_it_cannot_write_the_kernel_s_settings(
    tmp_path: Path, bubblewrap: Isolation
) -> None:
    pattern = Path("/proc/sys/kernel/core_pattern")

    def work() -> bool:
        return refused(lambda: pattern.write_bytes(pattern.read_bytes()))

    assert told(tmp_path, bubblewrap, work) is True


def test_it_leaves_no_program_that_runs_with_its_owner_s_rights(
    tmp_path: Path, way: Isolation
) -> None:
    place = tmp_path / "out" / "program"

    def work() -> list[int]:
        place.touch()
        refused(lambda: place.chmod(0o4755))
        refused(lambda: os.close(os.open(tmp_path / "out" / "other", os.O_CREAT, 0o6755)))
        (tmp_path / "out" / "folder").mkdir(mode=0o700)
        return [each.stat().st_mode & 0o6000 for each in place.parent.iterdir()]

    assert set(told(tmp_path, way, work)) == {0}


def test_its_limits_are_the_kernel_s(tmp_path: Path, way: Isolation) -> None:
    def work() -> list[int]:
        kinds = (resource.RLIMIT_CORE, resource.RLIMIT_DATA)
        return [resource.getrlimit(kind)[1] for kind in kinds]

    assert told(tmp_path, way, work, limits=Limits(memory_gib=2)) == [0, 2 * 2**30]


def test_memory_beyond_the_limit_is_an_error_inside(tmp_path: Path, way: Isolation) -> None:
    assert (
        told(tmp_path, way, lambda: len(bytearray(2**33)), limits=Limits(memory_gib=1))
        == "MemoryError"
    )


def test_memory_of_all_its_processes_together_ends_it(tmp_path: Path, way: Isolation) -> None:
    def work() -> None:
        for _ in range(4):
            if os.fork() == 0:
                taken = bytearray(os.urandom(2**20) * 96)
                time.sleep(60 + len(taken) % 2)
        time.sleep(60)

    ended = run_boxed(Box(writes=(tmp_path,), limits=Limits(memory_gib=0.25)), work, way)
    assert ended.breach is not None
    assert ended.breach.kind == "memory"


def test_too_many_processes_end_it(tmp_path: Path, way: Isolation) -> None:
    def work() -> None:
        for _ in range(40):
            if os.fork() == 0:
                time.sleep(60)
        time.sleep(60)

    before = set(psutil.Process().children(recursive=True))
    ended = run_boxed(Box(writes=(tmp_path,), limits=Limits(processes=30)), work, way)
    assert ended.breach is not None
    assert ended.breach.kind == "killed"
    assert "processes at once, more than its limit of 30" in ended.breach.reason
    assert set(psutil.Process().children(recursive=True)) <= before


def test_too_much_time_ends_it(tmp_path: Path, way: Isolation) -> None:
    ended = run_boxed(Box(limits=Limits(hours=0.3 / 3600)), lambda: time.sleep(60), way)
    assert ended.breach is not None
    assert ended.breach.kind == "time"
    assert (ended.code, ended.returned) == (-9, False)


def test_a_daemon_does_not_outlive_it(tmp_path: Path, way: Isolation) -> None:
    def work() -> None:
        if os.fork() == 0:
            os.setsid()
            if os.fork() == 0:
                while True:
                    time.sleep(0.05)
                    (tmp_path / "alive").write_text(str(time.time()), encoding="ascii")
            os._exit(0)
        time.sleep(0.3)

    run_boxed(Box(writes=(tmp_path,)), work, way)
    last = (tmp_path / "alive").read_text(encoding="ascii")
    time.sleep(0.2)
    assert (tmp_path / "alive").read_text(encoding="ascii") == last


def _fail() -> None:
    raise ValueError("told on its error output")


def _crash() -> None:
    ctypes.string_at(0)


ENDS: dict[str, tuple[Callable[[], None], int, bool]] = {
    "returned": (lambda: None, 0, True),
    "raised": (_fail, 1, True),
    "system-exit": (lambda: sys.exit(0), 1, True),
    "os-exit": (lambda: os._exit(0), 1, False),
    "os-exit-3": (lambda: os._exit(3), 3, False),
    "killed-itself": (lambda: os.kill(os.getpid(), signal.SIGKILL), -9, False),
    "segfault": (_crash, -11, False),
}


@pytest.mark.parametrize("how", ENDS)
def test_how_it_ended(how: str, bubblewrap: Isolation) -> None:
    work, code, returned = ENDS[how]
    ended = run_boxed(Box(), work, bubblewrap)
    assert (ended.code, ended.returned, ended.breach) == (code, returned, None)


def test_without_any_way_it_still_has_limits_and_leaves_nothing(tmp_path: Path) -> None:
    def work() -> list[object]:
        if os.fork() == 0:
            time.sleep(60)
        return [resource.getrlimit(resource.RLIMIT_CORE)[1], "TOKEN" in os.environ]

    before = set(psutil.Process().children(recursive=True))
    assert told(tmp_path, "none", work) == [0, False]
    assert set(psutil.Process().children(recursive=True)) <= before


def test_a_signal_reaches_the_work_first_and_this_process_then(
    tmp_path: Path, bubblewrap: Isolation
) -> None:
    def work() -> None:
        def note(_number: int, _frame: object) -> None:
            (tmp_path / "saved").touch()
            os._exit(0)

        signal.signal(signal.SIGTERM, note)
        (tmp_path / "begun").touch()
        time.sleep(60)

    pid = os.fork()
    if pid == 0:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        run_boxed(Box(writes=(tmp_path,)), work, bubblewrap)
        os._exit(0)
    _until((tmp_path / "begun").exists)
    os.kill(pid, signal.SIGTERM)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == -signal.SIGTERM
    assert (tmp_path / "saved").exists()


def test_orphans_in_it_leave_no_zombies(tmp_path: Path, bubblewrap: Isolation) -> None:
    def work() -> int:
        for _ in range(5):
            if os.fork() == 0:
                if os.fork() == 0:
                    time.sleep(0.05)
                os._exit(0)
            os.wait()
        time.sleep(0.2)
        return sum(each.name.isdecimal() for each in Path("/proc").iterdir())

    assert told(tmp_path, bubblewrap, work) == 2


def test_killing_its_parent_ends_all_of_it(tmp_path: Path, bubblewrap: Isolation) -> None:
    def work() -> None:
        if os.fork() == 0:
            os.setsid()
        (tmp_path / str(os.getpid())).touch()
        time.sleep(60)

    pid = os.fork()
    if pid == 0:
        run_boxed(Box(writes=(tmp_path,)), work, bubblewrap)
        os._exit(0)
    _until(lambda: len(list(tmp_path.iterdir())) == 2)
    below = psutil.Process(pid).children(recursive=True)
    assert len(below) == 5
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    _until(lambda: _reaped() and not any(map(_lives, below)))


def _reaped() -> bool:
    """Reap what this process has adopted, as a supervisor does."""
    with suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    return True


def _lives(process: psutil.Process) -> bool:
    try:
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_many_single_files_are_mounted(tmp_path: Path, bubblewrap: Isolation) -> None:
    images = [tmp_path / "images" / f"{number:03}.b2nd" for number in range(400)]
    images[0].parent.mkdir()
    for image in images:
        image.touch()
    given = images[::2]

    def work() -> int:
        return len(list(images[0].parent.iterdir()))

    assert told(tmp_path, bubblewrap, work, reads=tuple(given)) == 200


def test_a_path_through_links_has_both_its_names(tmp_path: Path, bubblewrap: Isolation) -> None:
    real, train = tmp_path / "disk" / "images", tmp_path / "runs" / "train"
    real.mkdir(parents=True)
    train.mkdir(parents=True)
    (real / "a.b2nd").write_text("an image", encoding="utf-8")
    (tmp_path / "data").symlink_to("disk")
    image = tmp_path / "data" / "images" / "a.b2nd"
    (train / "a.b2nd").symlink_to(image)

    def work() -> list[str]:
        files = (image, real / "a.b2nd", train / "a.b2nd")
        return [each.read_text(encoding="utf-8") for each in files]

    assert told(tmp_path, bubblewrap, work, reads=(image, train)) == ["an image"] * 3


def test_a_box_that_cannot_be_made_is_an_error_with_its_reason(
    tmp_path: Path, bubblewrap: Isolation
) -> None:
    with pytest.raises(NnactiveError, match="missing"):
        run_boxed(Box(reads=(tmp_path / "missing",)), lambda: None, bubblewrap)
