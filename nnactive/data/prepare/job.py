"""One preparation in progress: its inputs, outputs and workers."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from nnactive.data.cards import Card
from nnactive.data.prepare.memo import FOLDER, Memo, key_of
from nnactive.data.prepared import POOL_LABELS, SCRATCH, TEST_LABELS, volume_file
from nnactive.data.progress import Progress, tracked
from nnactive.data.raw.layout import Found
from nnactive.data.raw.raw_checksums import RawFiles
from nnactive.errors import FULL, REFUSED, NnactiveError, UserError, described, refusal
from nnactive.io.leases import lease

Result = TypeVar("Result")

CONVERTED = "converted"
RAW = "raw"
"""Folder of generated raw data."""
NO_SPACE = 1 << 20
"""Free bytes below which a failed write is attributed to a full disk."""


@dataclass(frozen=True, kw_only=True)
class Stages:
    """Where the stages of a preparation run, case by case; what they have found is remembered."""

    key: str
    """What all results depend on beside the raw files."""
    out: Path
    workers: int
    progress: Progress
    raw: RawFiles = field(default_factory=dict)
    """The raw files and their checksums; without a case's, nothing is remembered of it."""

    @property
    def scratch(self) -> Path:
        """Folder of the resampled images, before normalisation."""
        return self.out / SCRATCH

    def each(
        self,
        stage: str,
        work: Callable[[str], Result],
        cases: Sequence[str],
        *,
        of: object = None,
        there: Callable[[str], bool] = lambda _: True,
        sure: Callable[[Result], bool] = lambda _: True,
    ) -> list[Result]:
        """Run ``work`` on all cases in parallel, but for what an earlier attempt has found.

        Args:
            stage: its name, also that of its memo.
            work: takes a case.
            cases: the cases.
            of: what the results depend on beside the key and the case's raw files, as JSON.
            there: whether the files that ``work`` makes of a case are there.
            sure: whether another attempt would have the same result.

        Returns:
            Results in the order of ``cases``.
        """
        common = key_of([self.key, of])

        def key(case: str) -> str:
            raw = [(file.name, file.sha256) for file in self.raw.get(case, ())]
            return key_of([common, raw])

        memo = Memo(self.scratch / FOLDER / stage, key)
        known = {case for case in cases if case in self.raw and memo.has(case) and there(case)}
        with ThreadPoolExecutor(self.workers) as executor:
            fresh = executor.map(work, [case for case in cases if case not in known])

            def results() -> Iterator[Result]:
                for case in cases:
                    result: Result = memo.get(case) if case in known else next(fresh)
                    if case not in known and sure(result):
                        memo.add(case, result)
                    yield result

            try:
                return list(tracked(self.progress, stage, results(), len(cases)))
            except BaseException:
                executor.shutdown(cancel_futures=True)
                raise


@dataclass(frozen=True, kw_only=True)
class Job(Stages):
    """The preparation of a dataset with a card: what is made from what, and where."""

    card: Card
    cases: tuple[Found, ...]
    pool: tuple[str, ...]
    test: tuple[str, ...]

    @property
    def converted(self) -> Path:
        """Folder of the converted raw cases, in nnU-Net's raw layout."""
        return self.scratch / CONVERTED

    def label_file(self, case: str) -> Path:
        """File of the label of ``case``, in the folder of its side of the split."""
        return volume_file(self.out, POOL_LABELS if case in self.pool else TEST_LABELS, case)


@contextmanager
def alone(out: Path) -> Iterator[None]:
    """Keep a second preparation out of ``out``, on this machine or another one."""
    file = out / SCRATCH / "prepare.lease"
    file.parent.mkdir(parents=True, exist_ok=True)
    with lease(file, watch=True) as held:
        if not held:
            raise UserError(f"{out}: another process is preparing it; wait for it to end")
        yield


@contextmanager
def case_errors(case: Found, out: Path) -> Iterator[None]:
    """Name the case in whatever a library raises on its files, unless the disk of ``out`` is full.

    Raises:
        UserError: reading or resampling failed, or took more memory than there is; names the
            case's first image.
    """
    file = case.files[0]
    try:
        yield
    except (NnactiveError, OSError):
        raise
    except MemoryError as error:
        raise UserError(
            f"{file}: needs more memory than there is ({described(error)}); give --workers 1, "
            "correct its header if the spacing is wrong, or use a machine with more memory"
        ) from error
    except Exception as error:
        if _full(out):
            raise  # ``storage_errors`` tells it
        raise UserError(
            f"{file}: can't be prepared ({described(error)}); correct or replace the files of "
            f"case '{case.id}'"
        ) from error


@contextmanager
def storage_errors(out: Path) -> Iterator[None]:
    """Turn a full disk, or a folder that can't be written to, into a one-line error."""
    try:
        yield
    except (OSError, RuntimeError) as error:
        # Libraries such as SimpleITK raise errors of their own if the disk is full.
        if (isinstance(error, OSError) and error.errno in FULL) or _full(out):
            raise UserError(
                f"{out}: disk full; free up some space and run the same command again to resume"
            ) from error
        if isinstance(error, OSError) and error.errno in REFUSED:
            raise UserError(refusal(error, out)) from error
        raise


def _full(out: Path) -> bool:
    return out.exists() and shutil.disk_usage(out).free < NO_SPACE
