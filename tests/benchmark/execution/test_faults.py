"""What ends a job, and what it leaves: steps are STAND-INS, all around them is real."""

import os
import signal
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from benches import Bench, wait

from benchmark.execution.log import exit_status, reason
from benchmark.execution.strays import end_strays
from benchmark.layout import failure_file, lease_file
from nnactive.settings import Limits

ENDLESS = "Path('here').touch()\ntime.sleep(3600)"
DAEMON = """
# sh ends at once, and what it has started is in a session of its own.
subprocess.run(['sh', '-c', 'setsid sleep 3600 & echo $! > daemon'], check=True)
"""


def test_a_job_ends_well(served: Bench) -> None:
    failure = failure_file(served.output)
    assert served.run("print('hello', flush=True)\ndone()", threads=3, writer="run") == 0
    assert served.output.read_text() == "done"
    assert served.log.read_text() == "hello\n\nexit status 0\n"
    assert served.kinds() == ["began", "ended"]
    assert not failure.exists()
    assert not (served.root / lease_file(Path("s/loop_001.json"))).exists()
    # Once it is there, nothing runs.
    assert served.run("sys.exit(3)") == 0
    assert served.kinds() == ["began", "ended"]


@pytest.mark.parametrize(
    ("script", "kind", "text"),
    [
        ("print('error: mine', flush=True); os._exit(0)", "crash", "ended from within"),
        ("print('error: mine', flush=True); os._exit(75)", "crash", "ended from within"),
        ("print('error: mine', flush=True); os.abort()", "crash", "signal 6"),
        ("os.kill(os.getpid(), signal.SIGSEGV)", "crash", "signal 11"),
        ("", "crash", "without writing its output"),
    ],
)
def test_a_death_leaves_a_row(served: Bench, script: str, kind: str, text: str) -> None:
    status = served.run(script, Limits())
    row = served.row()
    assert status not in {0, 75}
    assert (row.kind, row.step, row.loop) == (kind, "query", 1)
    assert text in row.reason
    assert reason(served.log) == row.reason
    assert exit_status(served.log) == status
    assert served.kinds() == ["began", "failed"]
    # It is final: another try ends at once, with the same status.
    assert served.run("done()", Limits()) == status
    assert served.kinds() == ["began", "failed"]


def test_a_step_without_a_method_leaves_no_row(served: Bench) -> None:
    assert served.run("os.abort()") == 134
    assert not failure_file(served.output).exists()
    assert served.run("done()") == 0


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_what_was_killed_from_outside_is_tried_again(served: Bench, number: int) -> None:
    assert served.run(f"os.kill(os.getpid(), {int(number)})", Limits()) == 128 + number
    assert served.row().kind in {"killed", "memory"}
    assert served.run("done()", Limits()) == 0
    assert not failure_file(served.output).exists()
    assert served.kinds() == ["began", "failed", "began", "ended"]


def test_a_failure_that_the_step_reports_stays_its_own(served: Bench) -> None:
    text = '{"step": "query", "loop": 1, "reason": "3 patches too few", "kind": "contract"}'
    script = f"Path(f'{{output}}.failed.json').write_text('{text}')\nsys.exit(2)"
    assert served.run(script, Limits()) == 2
    assert served.row().reason == "3 patches too few"
    assert served.run("done()", Limits()) == 2


@pytest.mark.parametrize(
    ("limits", "script", "kind", "text"),
    [
        (Limits(hours=0.3 / 3600), "time.sleep(3600)", "time", "longer than its limit"),
        pytest.param(
            Limits(memory_gib=0.25),
            "x = bytearray(2**29)\nx[::4096] = b'x' * len(x[::4096])\ntime.sleep(3600)",
            "memory",
            "more than its limit of 256.0 MiB",
            marks=pytest.mark.slow,
        ),
        (
            Limits(processes=4),
            (
                "[subprocess.Popen(['sleep', '3600'], start_new_session=True) for _ in range(9)]\n"
                "time.sleep(3600)"
            ),
            "killed",
            "10 processes at once, more than its limit of 4",
        ),
        (
            Limits(log_mb=0.1),
            "while True:\n    print('x' * 1000)",
            "killed",
            "more than its limit of 0.1 MB to its log",
        ),
    ],
)
def test_a_query_has_limits(served: Bench, limits, script, kind, text) -> None:
    assert served.run(script, limits) == (124 if kind == "time" else 1)
    assert served.row().kind == kind
    assert text in served.row().reason
    assert served.log.stat().st_size <= 100_000 or limits.log_mb > 1
    wait(lambda: len(served.processes()) == 1)


@pytest.mark.parametrize("script", [f"{DAEMON}\ndone()", f"{DAEMON}\nos._exit(1)"])
def test_what_a_step_leaves_in_sessions_of_its_own_ends_with_it(served: Bench, script) -> None:
    served.run(script)
    pid = int((served.root / "daemon").read_text())
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("victim", ["client", "supervisor", "server", "step"])
def test_whoever_is_killed_nothing_stays(served: Bench, victim: str) -> None:
    server = served.server()
    served.start(f"{DAEMON}\n{ENDLESS}", Limits())
    wait((served.root / "here").exists)
    supervisor = served.supervisor()
    step = supervisor.children()[0]
    who = {
        "client": served.started[0].pid,
        "supervisor": supervisor.pid,
        "server": server.pid,
        "step": min(each.pid for each in supervisor.children()),
    }
    assert step.pid
    os.kill(who[victim], signal.SIGKILL)
    assert served.end() != 0
    left = {server.pid} if victim != "server" else set()
    wait(lambda: {each.pid for each in served.processes()} <= left)
    # No half file, and another try succeeds, with or without a server.
    assert [path.name for path in served.output.parent.iterdir() if "failed" not in path.name] == []
    assert served.run("done()", Limits()) == 0


def test_workers_end_though_all_that_could_end_them_is_killed(served: Bench) -> None:
    script = """
import multiprocessing, threading
workers = [multiprocessing.Process(target=time.sleep, args=(3600,)) for _ in range(2)]
for worker in workers:
    worker.start()
other = threading.Thread(target=multiprocessing.Process(target=time.sleep, args=(.5,)).start)
other.start()
other.join()
time.sleep(.2)
# What a thread started that has ended goes on.
(child,) = set(multiprocessing.active_children()) - set(workers)
child.join()
assert child.exitcode == 0
"""
    served.start(script + ENDLESS)
    wait((served.root / "here").exists)
    server, supervisor = served.server(), served.supervisor()
    killed = [server, supervisor, *supervisor.children()]
    for process in killed:
        process.suspend()
    for process in killed:
        process.kill()
    assert served.end() != 0
    wait(lambda: served.processes() == [])


def test_what_outlived_everything_is_ended_by_the_next_run(served: Bench) -> None:
    served.start(DAEMON + ENDLESS)
    wait((served.root / "here").exists)
    pid = int((served.root / "daemon").read_text())
    # As long as someone is there to end it, another run leaves it alone.
    end_strays()
    assert psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    server, supervisor = served.server(), served.supervisor()
    killed = [server, supervisor]
    for process in killed:
        process.suspend()
    for process in killed:
        process.kill()
    assert served.end() != 0
    wait(lambda: [each.pid for each in served.processes()] == [pid])
    end_strays()
    wait(lambda: served.processes() == [])


def test_a_stop_lets_a_step_save_and_is_no_failure(served: Bench) -> None:
    script = """
def save(*_):
    Path('saved').touch()
    sys.exit(75)
signal.signal(signal.SIGTERM, save)
Path('here').touch()
time.sleep(3600)
"""
    served.start(script, Limits())
    wait((served.root / "here").exists)
    supervisor = served.supervisor()
    supervisor.send_signal(signal.SIGTERM)
    assert served.end() == 75
    assert (served.root / "saved").exists()
    assert served.kinds() == ["began", "stopped"]
    assert not failure_file(served.output).exists()
    assert exit_status(served.log) == 75
    assert served.run("done()", Limits()) == 0


def test_no_job_runs_twice_at_once(served: Bench) -> None:
    script = "Path('count').open('a').write('x')\ntime.sleep(.4)\ndone()"
    first, second = served.start(script), served.start(script)
    assert served.end(first) == served.end(second) == 0
    assert (served.root / "count").read_text() == "x"
    assert served.kinds() == ["began", "ended"]


def test_a_waiting_job_takes_over_when_the_other_was_killed(served: Bench) -> None:
    script = f"Path('count').open('a').write('x')\n{ENDLESS}"
    first = served.start(script)
    wait((served.root / "here").exists)
    supervisor = served.supervisor()
    second = served.start("done()")
    time.sleep(0.3)
    supervisor.send_signal(signal.SIGKILL)
    assert served.end(first) != 0
    assert served.end(second) == 0


def test_jobs_end_with_their_server(tmp_path: Path) -> None:
    from benchmark.execution.warm.serving import serving

    with (tmp_path / "t").open("wb") as output, serving(output, dict(os.environ), heavy=False) as e:
        bench = Bench(tmp_path, e)
        bench.start("signal.signal(signal.SIGTERM, lambda *_: sys.exit(75))\n" + ENDLESS)
        wait((tmp_path / "here").exists)
    assert bench.started[0].poll() is not None or bench.end() == 75
    assert bench.kinds() == ["began", "stopped"]
    with suppress(KeyError):
        assert not Path(e["NNACTIVE_SERVER"]).exists()


def test_without_a_server_all_is_the_same(alone: Bench) -> None:
    assert alone.run("os._exit(0)", Limits()) == 1
    assert alone.row().kind == "crash"
    failure_file(alone.output).unlink()
    assert alone.run(f"{DAEMON}\nprint('hello', flush=True)\ndone()", Limits()) == 0
    assert alone.log.read_text() == "hello\n\nexit status 0\n"
    assert alone.kinds() == ["began", "failed", "began", "ended"]
    assert alone.processes() == []


def test_killed_without_a_server_nothing_stays(alone: Bench) -> None:
    alone.start(ENDLESS)
    wait((alone.root / "here").exists)
    alone.started[0].kill()
    wait(lambda: alone.processes() == [])
