"""One preparation under way: what is made of what, by how many workers."""

import fcntl
import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from nnactive.data.cards import Card
from nnactive.data.prepared import POOL_LABELS, TEST_LABELS, volume_file
from nnactive.data.raw.raw import Found
from nnactive.errors import FULL, REFUSED, UserError, refusal

Progress = Callable[[str, int, int], None]
"""Called in the caller's thread with a stage, the cases done and their number."""
Result = TypeVar("Result")

SCRATCH = "scratch"
CONVERTED = "converted"
RAW = "raw"
"""Where a dataset generates itself."""
NO_SPACE = 1 << 20
"""Free bytes below which a failed write is taken for a full disk."""


@dataclass(frozen=True)
class Job:
    """One preparation: what is made of what, and where."""

    card: Card
    out: Path
    workers: int
    progress: Progress
    cases: tuple[Found, ...]
    pool: tuple[str, ...]
    test: tuple[str, ...]

    @property
    def scratch(self) -> Path:
        """Folder of the resampled images, before normalisation."""
        return self.out / SCRATCH

    @property
    def converted(self) -> Path:
        """Folder of the raw cases in nnU-Net's layout, where they had to be converted."""
        return self.scratch / CONVERTED

    def label_file(self, case: str) -> Path:
        """Where the label of ``case`` is stored, by the side it is on."""
        return volume_file(self.out, POOL_LABELS if case in self.pool else TEST_LABELS, case)

    def each(self, stage: str, work: Callable[[str], Result], cases: Sequence[str]) -> list[Result]:
        """``work`` on each case by the workers; results in the order of ``cases``."""
        results = []
        self.progress(stage, 0, len(cases))
        with ThreadPoolExecutor(self.workers) as executor:
            try:
                for result in executor.map(work, cases):
                    results.append(result)
                    self.progress(stage, len(results), len(cases))
            except BaseException:
                executor.shutdown(cancel_futures=True)
                raise
        return results


@contextmanager
def alone(out: Path) -> Iterator[None]:
    """Keep a second preparation out of ``out``; the system lifts the lock of a killed process."""
    file = out / SCRATCH / "lock"
    file.parent.mkdir(parents=True, exist_ok=True)
    with file.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise UserError(f"{out}: another process is preparing it; wait for its end") from None
        yield


@contextmanager
def storage_errors_told(out: Path) -> Iterator[None]:
    """Turn a full disk, or a folder that may not be written, into one line."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        full = isinstance(error, OSError) and error.errno in FULL
        # Libraries below, as SimpleITK, raise their own error where the disk is full.
        if full or (out.exists() and shutil.disk_usage(out).free < NO_SPACE):
            raise UserError(
                f"{out}: disk full; free some space and run the same command, it goes on from here"
            ) from error
        if isinstance(error, OSError) and error.errno in REFUSED:
            raise UserError(refusal(error, out)) from error
        raise
