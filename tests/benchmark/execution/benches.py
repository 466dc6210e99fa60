"""Jobs whose steps are STAND-INS: scripts of a few lines, run as real steps are."""

import signal
import subprocess
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from benchmark.execution.order import Order
from benchmark.execution.warm import CLIENT
from benchmark.journal.events import Event
from benchmark.layout import failure_file, journal_file
from benchmark.results import Failure
from nnactive.io.files import read_model
from nnactive.settings import Limits

HEAD = """import os, signal, subprocess, sys, time
from pathlib import Path
output = Path(sys.argv[1])
def done():
    draft = output.with_name("." + output.name)
    draft.write_text("done")
    draft.replace(output)
"""
MARK = "NNACTIVE_TEST_MARK"
"""Environment variable by which a test finds what its jobs leave behind."""


def wait(condition: Callable[[], object], seconds: float = 120) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@dataclass
class Bench:
    """A track's folder with jobs; each is one script."""

    root: Path
    env: dict[str, str]
    started: list["subprocess.Popen[bytes]"] = field(default_factory=list)

    @property
    def output(self) -> Path:
        """The job's output."""
        return self.root / "s" / "loop_001.json"

    @property
    def log(self) -> Path:
        """The job's log."""
        return self.root / "log" / "s" / "loop_001.json.txt"

    def start(self, script: str, limits: Limits | None = None, **options: object) -> int:
        """Start a job as Snakemake does; returns its number."""
        file = self.root / "step.py"
        file.write_text(HEAD + script)
        self.output.parent.mkdir(exist_ok=True)
        order = Order(
            command=(),
            output=Path("s/loop_001.json"),
            log=Path("log/s/loop_001.json.txt"),
            step="query",
            loop=1,
            limits=limits,
            **options,  # type: ignore[arg-type]
        )
        line = (
            f"exec {sys.executable} -I -S {CLIENT} {order.options()} -- "
            f"{sys.executable} step.py {order.output}"
        )
        process = subprocess.Popen(
            ["bash", "-c", line], cwd=self.root, env=self.env, stderr=subprocess.DEVNULL
        )
        self.started.append(process)
        return len(self.started) - 1

    def end(self, number: int = -1) -> int:
        """Wait for a job's end; its status."""
        return self.started[number].wait(120)

    def run(self, script: str, limits: Limits | None = None, **options: object) -> int:
        """Run a job; its status."""
        return self.end(self.start(script, limits, **options))

    def row(self) -> Failure:
        """The failure that the job left."""
        return read_model(failure_file(self.output), Failure)

    def events(self) -> list[Event]:
        """The journal."""
        lines = (self.root / journal_file("run")).read_text().splitlines()
        return [Event.model_validate_json(line) for line in lines]

    def kinds(self) -> list[str]:
        """What happened, in order."""
        return [event.kind for event in self.events()]

    def processes(self) -> list[psutil.Process]:
        """What runs on behalf of the jobs, in whichever session, this process left out."""
        found = []
        for process in psutil.process_iter():
            with suppress(psutil.Error):
                alive = process.status() != psutil.STATUS_ZOMBIE
                if alive and process.environ().get(MARK) == str(self.root):
                    found.append(process)
        return found

    def server(self) -> psutil.Process:
        """The server."""
        for each in psutil.Process().children():
            with suppress(psutil.Error):  # other tests may have left a zombie
                if "warm.server" in str(each.cmdline()):
                    return each
        raise AssertionError("the server isn't running")

    def supervisor(self) -> psutil.Process:
        """The supervisor of the only job that runs."""
        (found,) = self.server().children()
        return found

    def clean(self) -> None:
        """End what still runs."""
        for process in self.started:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
                process.wait()
