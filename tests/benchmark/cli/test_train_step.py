"""The training step as a process of its own, with real signals; its training would take hours."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from support import Loop

EPOCHS = 100_000


@pytest.fixture
def train(loop0: Loop, tmp_path: Path) -> Path:
    """A training folder as long as no test lasts."""
    shutil.copytree(loop0.train, tmp_path / "loop_000" / "train")
    (plans,) = (tmp_path / "loop_000" / "train").glob("*/plans.json")
    content = json.loads(plans.read_text())
    content["nnactive"] |= {"epochs": EPOCHS}
    plans.write_text(json.dumps(content))
    return tmp_path / "loop_000" / "train"


@contextmanager
def training(train: Path) -> Iterator["subprocess.Popen[str]"]:
    """The step, as a run starts it."""
    command = [sys.executable, "-m", "benchmark.cli", "step", "train-fold", "--train", str(train)]
    command += ["--fold", "0", "--loop", "0", "--out", str(train.parent / "fold_0.pth")]
    with subprocess.Popen(
        [*command, "--device", "cpu"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1"},
    ) as process:
        try:
            yield process
        finally:
            process.kill()


def read_until(process: "subprocess.Popen[str]", what: str) -> "re.Match[str]":
    """Wait for a line of the log."""
    assert process.stdout is not None
    for line in process.stdout:
        found = re.search(what, line)
        if found:
            return found
    raise AssertionError(process.communicate()[1])


@pytest.mark.slow
def test_signals_stop_the_step_and_a_kill_loses_seconds(train: Path) -> None:
    folder = train.parent
    done = 0
    for number in (signal.SIGTERM, signal.SIGUSR1, signal.SIGKILL, signal.SIGTERM):
        with training(train) as process:
            if done:
                told = read_until(process, r"continues after (\d+) iterations")
                assert int(told[1]) == done
            epoch = int(read_until(process, rf"epoch (\d+) of {EPOCHS}: train_loss .* left")[1])
            assert epoch == done // 3 + 1
            began = time.monotonic()
            process.send_signal(number)
            _, errors = process.communicate(timeout=30)
            assert time.monotonic() - began < 30
        assert process.returncode == (-number if number == signal.SIGKILL else 75)
        if number != signal.SIGKILL:
            (line,) = [each for each in errors.splitlines() if each.startswith("error: ")]
            assert line.endswith("run the same command again to continue it")
        records = sorted((folder / ".fold_0.training").glob("iteration_*.json"))
        now = json.loads(records[-1].read_text())["iterations"]
        assert now > done or number == signal.SIGKILL
        done = now
        # Neither a member nor a failure: the step goes on when it is run again.
        there = sorted(path.name for path in folder.iterdir())
        assert there == [".fold_0.training", "train", "train.seal.json"]
