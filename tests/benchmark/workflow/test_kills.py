"""Kills at random moments. The steps are stand-ins; Snakemake and the supervisors are real.

``NNACTIVE_TEST_KILLS`` says how many; docs/measured.md has what 100 of them left.
"""

import os
import random
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from test_bad_luck import RUN, processes_in, wait
from toy import calls, write_prepared

from benchmark.execution.warm import CLIENT
from benchmark.results import load_result
from nnactive.io.leases import living

KILLS = int(os.environ.get("NNACTIVE_TEST_KILLS", "4"))
METHODS = ("random", "bald", "random_fg66")
SECONDS = 0.5
"""Duration of each stand-in."""
JOBS = 5 + 3 * (5 + 1)


def begin(folder: Path) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", RUN, str(folder), *METHODS],
        env={**os.environ, "STAND_IN_SECONDS_EACH": str(SECONDS)},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def victims(folder: Path, run: int, draw: random.Random) -> list[psutil.Process]:
    """The run, Snakemake, the server, a client, a supervisor, a step, or all of them."""
    below = processes_in(folder)
    draw.shuffle(below)
    whole = [process for process in below if process.pid == run]
    return draw.choice([whole, below[:1], below[:1], below])


@pytest.mark.slow
def test_kills_lose_and_repeat_nothing(tmp_path, monkeypatch) -> None:
    draw = random.Random(7)  # noqa: S311
    round_, killed = 0, 0
    while killed < KILLS:
        round_ += 1
        folder = tmp_path / f"round {round_}"
        write_prepared(folder / "data")
        monkeypatch.setenv("STAND_IN_CALLS", str(folder / "calls.txt"))
        ended = False
        while not ended:
            run = begin(folder)
            time.sleep(draw.uniform(1, 9))
            for victim in victims(folder, run.pid, draw) if killed < KILLS else []:
                with suppress(psutil.Error):
                    victim.kill()
            killed += 1
            out = run.communicate(timeout=180)[0]
            wait(lambda folder=folder: not processes_in(folder))
            # Killed itself, or what it ran was: all goes on, or says that it has to.
            assert run.returncode in {0, 1, -9}, out
            assert "Traceback" not in out
            ended = run.returncode == 0
        done = calls(folder)
        assert set(done.values()) == {1}, done
        root = folder / "runs" / "toy"
        for method in METHODS:
            assert load_result(root / f"s/{method}/seed_1/result.json").status == "complete"
        assert not [file for file in root.rglob("*.lease") if living(file)]


def test_a_job_does_not_begin_when_its_snakemake_is_gone(tmp_path) -> None:
    made = tmp_path / "made"
    command = [sys.executable, "-I", "-S", str(CLIENT), "--output", str(made), "--log", "log.txt"]
    command += ["--", "touch", str(made)]
    for engine, status in (("1", 1), (str(os.getpid()), 0)):
        env = {**os.environ, "NNACTIVE_ENGINE": engine}
        done = subprocess.run(command, cwd=tmp_path, env=env, capture_output=True, check=False)
        assert done.returncode == status, done.stderr
        assert made.exists() == (status == 0)
