"""The frozen copy of a submission: what is frozen is what is checked, and what every query runs."""

import ast
import atexit
import hashlib
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmark.submission.files.code import meaning, parse
from benchmark.submission.files.declared import check_declared
from benchmark.submission.files.find import Source
from nnactive.errors import UserError
from nnactive.io.files import atomic_folder, read_model, sha256, write_model
from nnactive.io.models import Frozen, StateFile
from nnactive.query.checkpoint import key_of

RECORD: Final = "bundle.json"
FILES: Final = "files"
BLOCK: Final = 1 << 22
LARGE: Final = 100 * 2**20
"""Bytes above which copying a file is announced."""
CLONE: Final = 0x40049409
"""Linux's request for a copy that shares the original's blocks until either changes (FICLONE)."""

Tell = Callable[[str], None]


class FrozenFile(Frozen):
    """One file of a frozen copy."""

    digest: str
    """SHA-256 of a data file's bytes, or of what code means."""
    size: int
    """Bytes of this copy."""
    changed: int
    """When this copy was last modified, in nanoseconds: a data file that has both is as it was."""


class Bundle(StateFile):
    """``bundle.json``: what a frozen copy consists of."""

    entry: str
    """The module with the class."""
    inner: str
    """What comes before the names that the manifest lists, such as ``package/``."""
    files: dict[str, FrozenFile]
    """All files by name."""
    listed: tuple[str, ...]
    """Names of those that the manifest lists, as it has them."""
    requirements: tuple[str, ...]
    """Each ``name==version``."""

    @property
    def digest(self) -> str:
        """Hash of everything that the method is made of, outside the lock."""
        return key_of(
            [
                sorted((self._name(name), each.digest) for name, each in self.files.items()),
                list(self.listed),
                list(self.requirements),
            ]
        )

    def _name(self, name: str) -> str:
        # A file that is renamed with its package, or alone, is the same method.
        return "" if name == self.entry else name.removeprefix(self.inner)


@dataclass(frozen=True)
class FrozenCopy:
    """A frozen copy on disk."""

    folder: Path
    bundle: Bundle
    author: str = ""
    """Where its author has it; names it in messages. Empty in a run."""

    @property
    def shown(self) -> str:
        """Its name in messages."""
        return self.author or str(self.path(self.bundle.entry))

    @property
    def data(self) -> dict[str, Path]:
        """The listed files by name, as `PoolView.file` gives them."""
        return {name: self.path(f"{self.bundle.inner}{name}") for name in self.bundle.listed}

    def path(self, name: str) -> Path:
        """Where one of its files is."""
        return self.folder / FILES / name

    def check(self) -> None:
        """Refuse a copy that isn't what was frozen.

        Raises:
            UserError: names the file that differs.
        """
        there = self.folder / FILES
        found = {each.relative_to(there).as_posix() for each in there.rglob("*") if each.is_file()}
        wrong = sorted(found ^ set(self.bundle.files))
        wrong += [name for name, each in self.bundle.files.items() if not self._is(name, each)]
        if wrong:
            raise UserError(
                f"{self.path(wrong[0])}: differs from the submitted file; submit the method again"
            )

    def _is(self, name: str, known: FrozenFile) -> bool:
        path = self.path(name)
        if not path.is_file():
            return False
        if name.endswith(".py"):
            return meaning(parse(path, str(path))) == known.digest
        now = path.stat()
        same = (now.st_size, now.st_mtime_ns) == (known.size, known.changed)
        return same or sha256(path) == known.digest


def read_copy(folder: Path, author: str = "") -> FrozenCopy:
    """The frozen copy in a folder; see `FrozenCopy.check`."""
    return FrozenCopy(folder, read_model(folder / RECORD, Bundle), author)


def stage(source: Source, tell: Tell | None = None, *, judged: bool = True) -> FrozenCopy:
    """Freeze a submission to a folder of its own, which is removed when this process ends.

    Args:
        source: the submission.
        tell: told of large files.
        judged: whether its imports must be declared.

    Raises:
        UserError: what `Source.members` and `check_declared` refuse.
    """
    members = source.members()
    if judged:
        check_declared(source, members)
    folder = Path(tempfile.mkdtemp(prefix="nnactive-submission-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    files = {
        name: _frozen(source.path(name), folder / FILES / name, tree, tell)
        for name, tree in members.items()
    }
    bundle = Bundle(
        entry=source.entry,
        inner=source.inner,
        files=files,
        listed=source.listed,
        requirements=source.manifest.requirements,
    )
    write_model(folder / RECORD, bundle)
    return FrozenCopy(folder, bundle, str(source.given))


def keep(copy: FrozenCopy, target: Path, siblings: Mapping[str, Path]) -> None:
    """Put a staged copy into a run.

    Args:
        copy: the staged copy.
        target: its folder there.
        siblings: large files that are there already, by digest: they are linked to.
    """
    with atomic_folder(target) as draft:
        files = {}
        for name, known in copy.bundle.files.items():
            path = draft / FILES / name
            path.parent.mkdir(parents=True, exist_ok=True)
            there = None if name.endswith(".py") else siblings.get(known.digest)
            if not _linked(there or copy.path(name), path):
                _copied(copy.path(name), path)
            found = path.stat()
            update = {"size": found.st_size, "changed": found.st_mtime_ns}
            files[name] = known.model_copy(update=update)
        write_model(draft / RECORD, copy.bundle.model_copy(update={"files": files}))


def _frozen(source: Path, target: Path, tree: ast.Module | None, tell: Tell | None) -> FrozenFile:
    """Copy a file, read-only, and hash it."""
    size = source.stat().st_size
    if tell and size > LARGE:
        tell(f"freezing {source} ({size / 2**30:.1f} GB)")
    target.parent.mkdir(parents=True, exist_ok=True)
    digest = _copied(source, target)
    if tree is not None:
        again = parse(target, str(source))  # the file may have changed since it was read
        digest = meaning(again)
        if digest != meaning(tree):
            raise UserError(f"{source}: changed meanwhile; run the command again")
    found = target.stat()
    return FrozenFile(digest=digest, size=found.st_size, changed=found.st_mtime_ns)


def _copied(source: Path, target: Path) -> str:
    """Copy a file, as a clone where the file system can; returns the SHA-256 of the copy."""
    digest = hashlib.sha256()
    with source.open("rb") as read, target.open("wb") as write:
        cloned = _cloned(read.fileno(), write.fileno())
        if not cloned:
            while block := read.read(BLOCK):
                digest.update(block)
                write.write(block)
    target.chmod(0o444)
    return sha256(target) if cloned else digest.hexdigest()


def _cloned(source: int, target: int) -> bool:
    """Let one open file share another's blocks; False where that is impossible."""
    try:
        import fcntl

        fcntl.ioctl(target, CLONE, source)
    except (ImportError, OSError):
        return False
    return True


def _linked(source: Path, target: Path) -> bool:
    """Make a second name for a frozen file; False on another file system.

    Never for an author's own file, which may be written again.
    """
    with suppress(OSError):
        os.link(source, target)
        return True
    return False
