"""Checkpoints of one training: the last two, each with its hash; never another training's."""

import hashlib
import os
import shutil
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO, Final

from nnactive.errors import UserError
from nnactive.io.files import read_model, sha256, write_model
from nnactive.io.models import StateFile

KEPT: Final = 2
"""The newest checkpoints that are kept: if one is damaged, the other is used."""


class Saved(StateFile):
    """The record of a checkpoint, written after it: one without its record is unfinished."""

    training: str
    """Identity of the training: another one never continues from here."""
    iterations: int
    """Iterations that are done."""
    sha256: str


class Checkpoints:
    """A training's checkpoints in a folder that every machine sees."""

    def __init__(self, folder: Path, training: str, scratch: Path | None = None) -> None:
        """Look after ``folder``, which only this process writes to.

        Args:
            folder: the checkpoints' folder; made where it is missing.
            training: what identifies the training.
            scratch: a folder on this machine to write into first, so that the shared file system
                gets whole files.
        """
        self.folder, self.training, self.scratch = folder, training, scratch
        folder.mkdir(parents=True, exist_ok=True)
        for draft in folder.glob("*.draft"):
            draft.unlink(missing_ok=True)

    def save(self, iterations: int, content: dict[str, Any]) -> None:
        """Write a checkpoint that a kill can't leave half; drop all but the newest two.

        Raises:
            OSError: it can't be written; those before it are still there.
        """
        file = self._file(iterations)
        draft = file.with_suffix(".draft")
        _record(file).unlink(missing_ok=True)
        try:
            digest = self._write(draft, content)
            draft.replace(file)
        finally:
            draft.unlink(missing_ok=True)
        saved = Saved(training=self.training, iterations=iterations, sha256=digest)
        write_model(_record(file), saved)
        self._keep(KEPT)

    def newest(self, note: Callable[[str], None]) -> dict[str, Any] | None:
        """The newest checkpoint of this training that is whole; None: begin from the start.

        Those that are of no use are removed.

        Args:
            note: takes a line on each that is damaged.
        """
        for record in self._records():
            file = record.with_suffix(".pth")
            content = self._read(record, file, note)
            if content is not None:
                return content
            record.unlink(missing_ok=True)
            file.unlink(missing_ok=True)
        self._keep(0)
        return None

    def _read(self, record: Path, file: Path, note: Callable[[str], None]) -> dict[str, Any] | None:
        import torch

        try:
            saved = read_model(record, Saved)
            if saved.training != self.training:
                return None
            if sha256(file) == saved.sha256:
                content: dict[str, Any] = torch.load(file, map_location="cpu", weights_only=True)
                return content
            cause = "it isn't what was written"
        except (UserError, OSError) as error:
            cause = str(error)
        except Exception as error:  # noqa: BLE001  (whatever another release's file raises)
            cause = f"{type(error).__name__}: {error}"
        note(f"{file.name}: checkpoint not used ({' '.join(cause.split())})")
        return None

    def _write(self, draft: Path, content: dict[str, Any]) -> str:
        if self.scratch is not None:
            with suppress(OSError):  # as when the scratch is full
                return _write_by_way(self.scratch / draft.name, draft, content)
        return _write(draft, content)

    def _records(self) -> list[Path]:
        return sorted(self.folder.glob("iteration_*.json"), reverse=True)

    def _keep(self, number: int) -> None:
        kept = {record.stem for record in self._records()[:number]}
        for file in self.folder.glob("iteration_*"):
            if file.stem not in kept:
                with suppress(OSError):
                    file.unlink()

    def _file(self, iterations: int) -> Path:
        return self.folder / f"iteration_{iterations:09d}.pth"


class _Hashing:
    """A file that hashes what is written to it, in the order of writing."""

    def __init__(self, file: BinaryIO) -> None:
        self.file, self.digest = file, hashlib.sha256()

    def write(self, block: bytes) -> int:
        self.digest.update(block)
        return self.file.write(block)

    def flush(self) -> None:
        self.file.flush()


def _write(path: Path, content: dict[str, Any]) -> str:
    """Write a file through to the disk; return its SHA-256."""
    import torch

    with path.open("wb") as file:
        hashing = _Hashing(file)
        torch.save(content, hashing)  # type: ignore[arg-type]
        _sync(file)
    return hashing.digest.hexdigest()


def _write_by_way(local: Path, path: Path, content: dict[str, Any]) -> str:
    """The same, with the file written at ``local`` first and then copied as a whole."""
    try:
        digest = _write(local, content)
        with local.open("rb") as source, path.open("wb") as target:
            shutil.copyfileobj(source, target, 1 << 24)
            _sync(target)
    finally:
        local.unlink(missing_ok=True)
    return digest


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())


def _record(file: Path) -> Path:
    return file.with_suffix(".json")
