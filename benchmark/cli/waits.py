"""What is said while something takes long: never silent for more than a few seconds.

``python -m benchmark.cli.waits NAME COMMAND ...`` runs a command that is silent until its end. The
time that it took last time is kept in the environment, and tells how long it still takes.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Event, Thread
from typing import Final

from benchmark.cli.progress import Beat
from nnactive.io.formatting import duration

LOOK: Final = 0.2
"""Seconds between two looks at a command."""
TOOK: Final = Path(sys.prefix) / "took.json"
"""How long each command took, in s, when it last succeeded."""


def say(line: str) -> None:
    """Write a line that isn't a command's output."""
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


def followed(
    words: Sequence[str], read: Callable[[str], object], look: Callable[[], object]
) -> int:
    """Run a command; returns its exit status.

    Args:
        words: the command.
        read: gets each line of its output and errors, without the newline.
        look: called several times a second.
    """
    lines: SimpleQueue[str | None] = SimpleQueue()

    def drain() -> None:
        for line in child.stdout or ():
            lines.put(line.rstrip("\n"))
        lines.put(None)

    with subprocess.Popen(
        words,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as child:
        Thread(target=drain, daemon=True).start()
        try:
            while True:
                try:
                    line = lines.get(timeout=LOOK)
                except Empty:
                    look()
                    continue
                if line is None:
                    break
                read(line)
                look()
        except BaseException:
            child.terminate()
            raise
    return child.returncode


def waited(name: str, words: Sequence[str], took: Path = TOOK) -> int:
    """Run a command whose output is shown as it is; returns its exit status.

    Args:
        name: what it does, for the lines.
        words: the command.
        took: file of the times that commands took.
    """
    known = _known(took)
    beat = Beat(time.monotonic())
    with subprocess.Popen(words) as child:
        while True:
            try:
                status = child.wait(LOOK)
                break
            except subprocess.TimeoutExpired:
                now = time.monotonic()
                if beat.due(now):
                    say(f"{name}: {_so_far(now - beat.start, known.get(name))}")
    if not status:
        _keep(took, {**known, name: round(time.monotonic() - beat.start, 1)})
    return status


@contextmanager
def told(name: str) -> Iterator[None]:
    """While the block runs, say now and then how long it has taken; nothing if it is fast."""
    beat, ended = Beat(time.monotonic()), Event()

    def watch() -> None:
        while not ended.wait(LOOK):
            now = time.monotonic()
            if beat.due(now):
                say(f"{name}: {_so_far(now - beat.start, None)}")

    watcher = Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def _so_far(seconds: float, last: float | None) -> str:
    so_far = f"{duration(seconds)} so far"
    if last is None:
        return so_far
    if seconds >= last:
        return f"{so_far}, longer than the {duration(last)} of last time"
    return f"{so_far}, about {duration(last - seconds)} left"


def _known(took: Path) -> dict[str, float]:
    try:
        content = json.loads(took.read_text(encoding="utf-8"))
        return {str(name): float(seconds) for name, seconds in content.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def _keep(took: Path, times: dict[str, float]) -> None:
    draft = took.with_suffix(".draft")
    try:
        draft.write_text(json.dumps(times, sort_keys=True), encoding="utf-8")
        draft.replace(took)
    except OSError:  # a read-only environment: the next time there is no estimate
        return


if __name__ == "__main__":
    sys.exit(waited(sys.argv[1], sys.argv[2:]))
