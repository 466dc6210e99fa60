"""Bundles as one ``.zip``: written alike everywhere, unpacked without trusting it."""

import os
import shutil
import stat
import struct
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Final

from benchmark.bundles.limits import LARGEST, LARGEST_FILE, LONGEST_NAME, MOST_FILES, MiB
from benchmark.bundles.names import check_names
from nnactive.errors import UserError
from nnactive.io.files import atomic_path
from nnactive.io.formatting import size

END: Final = struct.Struct("<4s4H2LH")
"""The last record of a zip without a comment."""
LOCAL: Final = struct.Struct("<4s5H3L2H")
"""The record before an entry's bytes."""
CENTRAL: Final = 46
"""Bytes of an entry in the directory, before its name."""
MOST_ENTRIES: Final = 2 * MOST_FILES
"""Files and folders."""
DIRECTORY: Final = MOST_ENTRIES * (CENTRAL + LONGEST_NAME + 64)
"""Largest number of bytes of the directory."""
RATIO: Final = 250
"""Largest ratio by which a file may be compressed; results of real runs reach about 10."""
FREE: Final = MiB
"""Bytes up to which the ratio doesn't matter."""
BLOCK: Final = MiB
EPOCH: Final = (1980, 1, 1, 0, 0, 0)
ENCRYPTED: Final = 0x1
SYSTEM: Final = 3
"""Unix, so that an entry's mode is read."""


def write_zip(folder: Path, target: Path) -> None:
    """Pack a folder's files: by name, without times, owners or folders.

    The same files give the same bytes wherever zlib is the same.
    """
    with atomic_path(target) as draft, zipfile.ZipFile(draft, "w") as packed:
        for name, path in sorted(files_below(folder)):
            entry = zipfile.ZipInfo(name, EPOCH)
            entry.create_system = SYSTEM
            entry.external_attr = (stat.S_IFREG | 0o644) << 16
            entry.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(entry, path.read_bytes(), compresslevel=9)


def files_below(folder: Path) -> Iterator[tuple[str, Path]]:
    """Every file below a folder, by its path there with forward slashes; links aren't followed."""
    for inner, folders, names in os.walk(folder):
        links = [each for each in folders if Path(inner, each).is_symlink()]
        for name in (*names, *links):
            path = Path(inner, name)
            yield path.relative_to(folder).as_posix(), path


def unpack(packed: Path, target: Path) -> None:
    """Unpack a zip that may be hostile into an empty folder.

    Raises:
        UserError: names what is wrong with it: too large, broken, encrypted, links or devices,
            paths that leave the folder or may be one file, entries that overlap.
    """
    try:
        with packed.open("rb") as file:
            _check_end(packed, file)
            with zipfile.ZipFile(file) as found:
                entries = [each for each in found.infolist() if not each.is_dir()]
                _check(packed, found.infolist(), file)
                for entry in entries:
                    _extract(packed, found, entry, target / entry.filename)
    except (zipfile.BadZipFile, zlib.error, struct.error, EOFError) as error:
        raise UserError(f"{packed}: a broken zip ({error}); pack the bundle again") from None
    except (NotImplementedError, RuntimeError, ValueError) as error:
        raise UserError(f"{packed}: can't be unpacked ({error}); pack the bundle again") from None
    except OSError as error:
        raise UserError(f"{packed}: {error.strerror or error}; pack the bundle again") from None


def unpacked(packed: Path) -> Path:
    """A new temporary folder with the content of a zip; see `unpack`."""
    folder = Path(tempfile.mkdtemp(prefix="nnactive-bundle-"))
    try:
        unpack(packed, folder)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return folder


def _check_end(packed: Path, file: IO[bytes]) -> None:
    """Measure the directory before it is read."""
    whole = os.fstat(file.fileno()).st_size
    if whole > LARGEST:
        raise UserError(f"{packed}: {size(whole)}; a bundle has at most {size(LARGEST)}")
    if whole < END.size:
        raise zipfile.BadZipFile("too short")
    file.seek(whole - END.size)
    mark, disk, first, here, count, length, start, _ = END.unpack(file.read(END.size))
    if mark != b"PK\5\6":
        raise zipfile.BadZipFile("it doesn't end like a zip file without a comment")
    if disk or first or here != count or start + length != whole - END.size:
        raise zipfile.BadZipFile("its directory is misplaced")
    if count > MOST_ENTRIES or length > DIRECTORY:
        raise UserError(f"{packed}: {count:,} entries; a bundle has at most {MOST_FILES:,} files")


def _check(packed: Path, entries: Sequence[zipfile.ZipInfo], file: IO[bytes]) -> None:
    """Refuse a zip by its directory."""
    check_names(packed, (each.filename for each in entries if not each.is_dir()))
    total = sum(each.file_size for each in entries)
    if total > LARGEST:
        raise UserError(f"{packed}: {size(total)} unpacked; a bundle has at most {size(LARGEST)}")
    for entry in entries:
        shown = f"{packed}: {entry.filename!a:.80}"
        kind = stat.S_IFMT(entry.external_attr >> 16)
        if kind not in {0, stat.S_IFDIR if entry.is_dir() else stat.S_IFREG}:
            raise UserError(f"{shown}: a link or a device, not a file; pack the bundle again")
        if entry.flag_bits & ENCRYPTED:
            raise UserError(f"{shown}: encrypted; pack the bundle without a password")
        if entry.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            raise UserError(f"{shown}: neither stored nor deflated; pack the bundle again")
        if entry.file_size > LARGEST_FILE:
            raise UserError(f"{shown}: {size(entry.file_size)}; at most {size(LARGEST_FILE)}")
        if entry.file_size > max(FREE, RATIO * entry.compress_size):
            raise UserError(f"{shown}: compressed more than {RATIO} times; pack the bundle again")
    _check_places(packed, entries, file)


def _check_places(packed: Path, entries: Sequence[zipfile.ZipInfo], file: IO[bytes]) -> None:
    """Refuse entries that share bytes."""
    end = 0
    for entry in sorted(entries, key=lambda each: each.header_offset):
        file.seek(entry.header_offset)
        *_, name, extra = LOCAL.unpack(file.read(LOCAL.size))
        if entry.header_offset < end:
            raise UserError(f"{packed}: entries overlap; pack the bundle again")
        end = entry.header_offset + LOCAL.size + name + extra + entry.compress_size


def _extract(packed: Path, found: zipfile.ZipFile, entry: zipfile.ZipInfo, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    left = entry.file_size
    with found.open(entry) as read, target.open("xb") as write:
        while block := read.read(min(BLOCK, left + 1)):
            left -= len(block)
            if left < 0:
                raise UserError(f"{packed}: {entry.filename!a:.80}: larger than declared")
            write.write(block)
