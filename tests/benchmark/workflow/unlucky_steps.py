"""STAND-INS (stand_in_steps.py) that have the bad luck of ``$UNLUCKY``, a list of words.

skew: outputs have times from the past and the future, in turn.
wrapper: the supervisor of each job is killed before its step begins, and again once it is done.
twice: each training dies without a word at its first two attempts.
damaged: the evaluation of loop 0 finds a member damaged and sets it aside.
full: there is no room for a training's output.
"""

import errno
import os
import runpy
import signal
import sys
import time
from pathlib import Path

STAND_INS = Path(__file__).with_name("stand_in_steps.py")
LUCK = os.environ.get("UNLUCKY", "").split()
DAMAGED = 65
DAY = 86400


def attempts(out):
    """How often this job has begun."""
    folder = Path(os.environ["STAND_IN_CALLS"]).parent / "attempts"
    folder.mkdir(exist_ok=True)
    with (folder / str(out).replace("/", "_")).open("a+") as file:
        file.write(".")
        file.flush()
        return file.tell()


def kill_supervisor():
    os.kill(os.getppid(), signal.SIGKILL)
    time.sleep(60)


def main(step, out):
    attempt = attempts(out)
    if "wrapper" in LUCK and attempt == 1:
        kill_supervisor()
    if "twice" in LUCK and step == "train-fold" and attempt <= 2:
        os.kill(os.getpid(), signal.SIGKILL)
    if "damaged" in LUCK and step == "evaluate" and "loop_000" in str(out) and attempt == 1:
        (out.parent / "fold_0.pth").rename(out.parent / ".fold_0.aside")
        sys.exit(DAMAGED)
    if "full" in LUCK and step == "train-fold":
        raise_full(out)
    try:
        runpy.run_path(str(STAND_INS), run_name="__main__")
    except SystemExit as end:
        if end.code:
            raise
    if "skew" in LUCK and out.exists():
        when = time.time() + DAY * (1 if out.name.startswith(("loop", "fold_0", "train")) else -1)
        os.utime(out, (when, when))
    if "wrapper" in LUCK:
        kill_supervisor()


def raise_full(out):
    """As the command line does it where the system says that a disk is full."""
    import nnactive.steps.train

    def train_fold(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(out))

    stand_ins = runpy.run_path(str(STAND_INS))
    nnactive.steps.train.train_fold = train_fold
    sys.exit(stand_ins["main"](["step", *sys.argv[1:]]))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[sys.argv.index("--out") + 1]))
