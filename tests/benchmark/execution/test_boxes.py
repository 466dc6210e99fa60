"""Steps that run a method in a box, under a supervisor: STAND-INS for steps, real boxes."""

import os
import signal
from contextlib import suppress

import psutil
import pytest
from benches import Bench, wait

from benchmark.firewall.ways import why_not
from nnactive.settings import Limits

BOXED = """
from benchmark.firewall.box import Box
from benchmark.firewall.run import run_boxed

def boxed(work):
    return run_boxed(Box(writes=(Path.cwd(),)), work, 'bubblewrap')
"""
ENDLESS = """
def endless():
    Path('in').touch()
    time.sleep(3600)
"""


@pytest.fixture(autouse=True)
def _bubblewrap() -> None:
    if reason := why_not("bubblewrap"):
        pytest.skip(f"bubblewrap: {reason}")


def boxes() -> list[psutil.Process]:
    """Living processes of boxes that this test has started."""
    found = []
    for process in psutil.Process().children(recursive=True):
        with suppress(psutil.Error):
            if process.status() != psutil.STATUS_ZOMBIE and process.cmdline()[:1] == ["box"]:
                found.append(process)
    return found


def test_a_step_returns_when_its_method_does_not(served: Bench) -> None:
    script = BOXED + "print(boxed(lambda: os._exit(0)).returned, flush=True)\ndone()"
    assert served.run(script, Limits()) == 0
    assert served.log.read_text() == "False\n\nexit status 0\n"


def test_the_supervisor_counts_what_runs_in_a_box(served: Bench) -> None:
    script = """
def many():
    for _ in range(30):
        if os.fork() == 0:
            time.sleep(3600)
    time.sleep(3600)
boxed(many)
"""
    assert served.run(BOXED + script, Limits(processes=30)) == 1
    assert served.row().kind == "killed"
    assert "more than its limit of 30" in served.row().reason
    assert boxes() == []


@pytest.mark.parametrize("victim", ["client", "supervisor", "server", "step"])
def test_whoever_is_killed_no_box_stays(served: Bench, victim: str) -> None:
    server = served.server()
    served.start(BOXED + ENDLESS + "boxed(endless)", Limits())
    wait((served.root / "in").exists)
    supervisor = served.supervisor()
    killed = {
        "client": served.started[0].pid,
        "supervisor": supervisor.pid,
        "server": server.pid,
        "step": supervisor.children()[0].pid,
    }
    inside = boxes()
    assert len(inside) == 1
    os.kill(killed[victim], signal.SIGKILL)
    assert served.end() != 0
    wait(lambda: not any(map(_lives, inside)))


def test_a_stop_reaches_the_method_s_process(served: Bench) -> None:
    script = """
def save(*_):
    Path('saved').touch()
    os._exit(0)
def saving():
    signal.signal(signal.SIGTERM, save)
    endless()
boxed(saving)
"""
    served.start(BOXED + ENDLESS + script, Limits())
    wait((served.root / "in").exists)
    served.supervisor().send_signal(signal.SIGTERM)
    assert served.end() == 75
    assert (served.root / "saved").exists()
    assert served.kinds() == ["began", "stopped"]


def _lives(process: psutil.Process) -> bool:
    with suppress(psutil.NoSuchProcess):
        return bool(process.status() != psutil.STATUS_ZOMBIE)
    return False
