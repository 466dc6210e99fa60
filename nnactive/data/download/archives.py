"""Unpacking tar and zip archives, also AES-encrypted ones; nothing is written elsewhere."""

import errno
import lzma
import tarfile
import zlib
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from stat import S_IFMT, S_ISDIR, S_ISLNK, S_ISREG
from typing import IO, Any

import pyzipper

from nnactive.data import disk
from nnactive.data.download.folders import inner_path
from nnactive.data.progress import Amount
from nnactive.errors import FULL, UserError
from nnactive.io.formatting import size

BLOCK = 1 << 20
DAMAGE = (tarfile.TarError, pyzipper.BadZipFile, EOFError, zlib.error, lzma.LZMAError)
LONG = 60
"""Characters of a member's name that a message shows."""
AGAIN = "remove it and run the same command again"


@dataclass(frozen=True)
class Member:
    """A file or folder in an archive, or something else (``refused``) that is never unpacked."""

    name: str
    is_folder: bool
    size: int
    """Bytes of a file, as the archive announces them."""
    refused: str | None
    open: Callable[[], IO[bytes]]


def unpack(archive: Path, target: Path, password: str | None, amount: Amount) -> int:
    """Write all files of an archive below ``target``, except those that macOS added.

    Args:
        archive: ``.zip``, ``.tar`` or a compressed ``.tar``.
        target: an existing folder; files of the same name are replaced.
        password: for an encrypted zip.
        amount: receives the number of bytes written and their total.

    Returns:
        Number of files.

    Raises:
        UserError: the archive is damaged, the password is wrong, or a member would lie outside the
            target, is a link or a device, or occurs twice; names archive and member.
    """
    seen: set[PurePosixPath] = set()
    done, total = 0, unpacked_size(archive)
    try:
        with closing(_members(archive, password)) as members:
            for member in members:
                path = _accepted(archive, member, seen)
                if path is None:
                    continue
                place = target / path
                if member.is_folder:
                    place.mkdir(parents=True, exist_ok=True)
                    continue
                _require_room(archive, member, target)
                place.parent.mkdir(parents=True, exist_ok=True)
                with member.open() as source, place.open("wb") as file:
                    while block := source.read(BLOCK):
                        file.write(block)
                        done += len(block)
                        amount(done, total)
    except DAMAGE as error:
        raise UserError(f"{archive}: truncated or damaged ({error}); {AGAIN}") from None
    except RuntimeError as error:  # pyzipper: a wrong password, none, or an unknown compression
        raise UserError(f"{archive}: {error}; check 'password' in the dataset's card") from None
    except (FileExistsError, NotADirectoryError):
        raise UserError(f"{archive}: '{member.name}' is both file and folder; {AGAIN}") from None
    except OSError as error:
        raise _storage_error(archive, member, done, error) from None
    return len(seen)


def unpacked_size(archive: Path) -> int | None:
    """Size of the unpacked files in bytes, according to the archive; None: unknown.

    Raises:
        UserError: a damaged zip.
    """
    if not _is_zip(archive):
        return archive.stat().st_size if archive.name.endswith(".tar") else None
    try:
        with pyzipper.AESZipFile(archive) as file:
            return sum(int(info.file_size) for info in file.infolist())
    except DAMAGE as error:
        raise UserError(f"{archive}: truncated or damaged ({error}); {AGAIN}") from None


def _accepted(archive: Path, member: Member, seen: set[PurePosixPath]) -> PurePosixPath | None:
    """Path of a member below the target; None: skip it. Files are added to ``seen``."""
    try:
        path = inner_path(member.name)
    except ValueError:
        raise _refusal(archive, member, "would be written outside the target folder") from None
    if path.name.startswith("._") or path.name == ".DS_Store" or "__MACOSX" in path.parts:
        return None
    if member.refused:
        raise _refusal(archive, member, member.refused)
    if member.is_folder:
        return path
    if path in seen:
        raise _refusal(archive, member, "occurs twice")
    seen.add(path)
    return path


def _require_room(archive: Path, member: Member, target: Path) -> None:
    """Refuse a file that is larger than the free disk space, before any of it is written.

    Raises:
        NoRoomError: it is.
    """
    what = f"its member '{_short(member.name)}' needs"
    way_out = "nothing was kept, free up some space or get the archive from its publisher"
    disk.require(archive, member.size, disk.free(target), what, way_out)


def _storage_error(archive: Path, member: Member, done: int, error: OSError) -> Exception:
    """What to raise for an error of the file system while a member was written."""
    if error.errno == errno.ENAMETOOLONG:
        return _refusal(archive, member, f"has a name of {len(member.name)} characters, too long")
    if error.errno in FULL:
        return disk.NoRoomError(
            f"{archive}: the disk is full after {size(done)} were unpacked, which are removed "
            "again; free up some space and run the same command again"
        )
    return error


def _short(name: str) -> str:
    """A name for a message, in which the middle of a long one is left out."""
    return name if len(name) <= LONG else f"{name[: LONG // 2]}...{name[-LONG // 2 :]}"


def _refusal(archive: Path, member: Member, cause: str) -> UserError:
    return UserError(
        f"{archive}: member '{_short(member.name)}' {cause}; nothing was kept, "
        "get the archive from its publisher"
    )


def _is_zip(archive: Path) -> bool:
    return archive.name.endswith(".zip")


def _members(archive: Path, password: str | None) -> Generator[Member]:
    return _zip(archive, password) if _is_zip(archive) else _tar(archive)


def _tar(archive: Path) -> Generator[Member]:
    with tarfile.open(archive) as file:
        for info in file:
            refused = None if info.isfile() or info.isdir() else "is a link or a device"
            yield Member(
                info.name, info.isdir(), info.size, refused, _opener(file.extractfile, info)
            )
        # tarfile accepts a file that ends between two members.
        stream: Any = file.fileobj
        stream.seek(file.offset)
        if len(stream.read(tarfile.BLOCKSIZE)) < tarfile.BLOCKSIZE:
            raise tarfile.ReadError("no end mark")
        while stream.read(BLOCK):  # the checksum of compressed data comes last
            pass


def _zip(archive: Path, password: str | None) -> Generator[Member]:
    with pyzipper.AESZipFile(archive) as file:
        if password:
            file.setpassword(password.encode())
        for info in file.infolist():
            mode = info.external_attr >> 16
            refused = "is a link" if S_ISLNK(mode) else None
            if S_IFMT(mode) and not (S_ISREG(mode) or S_ISDIR(mode) or S_ISLNK(mode)):
                refused = "is a device"
            yield Member(
                info.filename, info.is_dir(), info.file_size, refused, _opener(file.open, info)
            )


def _opener(function: Callable[[Any], Any], info: object) -> Callable[[], IO[bytes]]:
    return lambda: function(info)
