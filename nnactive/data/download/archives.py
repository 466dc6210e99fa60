"""Unpacking of tar and zip archives, AES-encrypted ones too; nothing is written outside."""

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

from nnactive.data.download.folders import inner_path
from nnactive.data.progress import Amount
from nnactive.errors import UserError

BLOCK = 1 << 20
DAMAGE = (tarfile.TarError, pyzipper.BadZipFile, EOFError, zlib.error, lzma.LZMAError)
AGAIN = "remove it and run the same command again"


@dataclass(frozen=True)
class Member:
    """An archive's file or folder, or something (``refused``) that is never unpacked."""

    name: str
    is_folder: bool
    refused: str | None
    open: Callable[[], IO[bytes]]


def unpack(archive: Path, target: Path, password: str | None, amount: Amount) -> int:
    """Write all files of an archive below ``target``; what macOS added is left out.

    Args:
        archive: ``.zip``, ``.tar`` or a compressed ``.tar``.
        target: Folder that is there; a file of the same name is replaced.
        password: Of an encrypted zip.
        amount: Is told of the bytes written, and of how many (None: not known).

    Returns:
        Number of files.

    Raises:
        UserError: a damaged archive, a wrong password, or a member that would lie outside the
            target, is a link or a device, or comes twice; names archive and member.
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
        raise UserError(f"{archive}: member '{member.name}' is file and folder; {AGAIN}") from None
    return len(seen)


def unpacked_size(archive: Path) -> int | None:
    """Bytes that the unpacked files take, as the archive says; None: it doesn't say.

    Raises:
        UserError: a zip that is damaged.
    """
    if not _is_zip(archive):
        return archive.stat().st_size if archive.name.endswith(".tar") else None
    try:
        with pyzipper.AESZipFile(archive) as file:
            return sum(int(info.file_size) for info in file.infolist())
    except DAMAGE as error:
        raise UserError(f"{archive}: truncated or damaged ({error}); {AGAIN}") from None


def _accepted(archive: Path, member: Member, seen: set[PurePosixPath]) -> PurePosixPath | None:
    """Where a member goes; None: nowhere. Files are added to those seen."""
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
        raise _refusal(archive, member, "comes twice")
    seen.add(path)
    return path


def _refusal(archive: Path, member: Member, cause: str) -> UserError:
    return UserError(
        f"{archive}: member '{member.name}' {cause}; nothing of it was kept, get the archive from "
        f"its publisher"
    )


def _is_zip(archive: Path) -> bool:
    return archive.name.endswith(".zip")


def _members(archive: Path, password: str | None) -> Generator[Member]:
    return _zip(archive, password) if _is_zip(archive) else _tar(archive)


def _tar(archive: Path) -> Generator[Member]:
    with tarfile.open(archive) as file:
        for info in file:
            refused = None if info.isfile() or info.isdir() else "is a link or a device"
            yield Member(info.name, info.isdir(), refused, _opener(file.extractfile, info))
        # tarfile takes a file that ends between two members for whole.
        stream: Any = file.fileobj
        stream.seek(file.offset)
        if len(stream.read(tarfile.BLOCKSIZE)) < tarfile.BLOCKSIZE:
            raise tarfile.ReadError("no end mark")
        while stream.read(BLOCK):  # the checksum of a compressed one comes last
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
            yield Member(info.filename, info.is_dir(), refused, _opener(file.open, info))


def _opener(function: Callable[[Any], Any], info: object) -> Callable[[], IO[bytes]]:
    return lambda: function(info)
