"""Import what steps need, starting neither threads nor anything on a GPU."""

import gc
import sys
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Final

LIGHT: Final = (
    "psutil",
    "benchmark.execution.supervisor",
    "benchmark.cli.main",
    "benchmark.collect",
    "benchmark.submission.spec",
    "nnactive.steps.start",
    "nnactive.steps.annotate",
    "nnactive.steps.train",
    "nnactive.steps.evaluate",
    "nnactive.steps.query",
    "nnactive.methods",
)
"""Within half a second."""
HEAVY: Final = (
    "threadpoolctl",
    "scipy.ndimage",
    "blosc2",
    "torch",
    "nnactive.nnunet.trainer",
    "nnactive.nnunet.predict.ensemble",
)
"""Seconds, and most of a gibibyte, which all jobs share."""


def preload(*, heavy: bool, between: Callable[[], None] = lambda: None) -> None:
    """Import the modules; ``between`` is called after each, so that no job waits for all."""
    for name in (*LIGHT, *(HEAVY if heavy else ())):
        import_module(name)
        between()
    quiet_threads()
    # What lives now lives as long as the process: a collection would copy its pages in each fork.
    gc.collect()
    gc.freeze()


def quiet_threads() -> None:
    """End the threads that numexpr has started on behalf of blosc2; forks start them again."""
    numexpr = sys.modules.get("numexpr")
    if numexpr is not None:
        numexpr.set_num_threads(1)


def threads() -> int:
    """Threads of this process, libraries' own included."""
    tasks = Path("/proc/self/task")
    return len(list(tasks.iterdir())) if tasks.is_dir() else 1
