"""Detecting damaged image files, many of which SimpleITK reads without an error.

ITK reads NaN in a NIfTI file as 0; truncated files, files with a wrong checksum and an ``.img`` of
half the length as if they were intact; a voxel size of 0 as 1. Every format on the list of
``formats`` has its check here, and what passes is as long as its header says.
"""

import gzip
import zlib
from io import BufferedReader
from pathlib import Path

import numpy as np

from nnactive.data.raw.files.formats import (
    METAIMAGE,
    NIFTI,
    NRRD,
    PAIR,
    TIFF,
    check_parts,
    ending_of,
    files_of,
)
from nnactive.data.raw.files.nifti_header import (
    LENGTH,
    SINGLE_OFFSET,
    NiftiHeader,
    read_nifti_header,
)
from nnactive.data.raw.files.notes import Note
from nnactive.data.raw.files.signatures import described, is_gzip
from nnactive.data.raw.files.text_headers import Announced, WrongHeaderError, metaimage, nrrd
from nnactive.data.raw.files.tiff import check_tiff
from nnactive.errors import UserError

BLOCK = 1 << 20
"""Bytes read at a time; a multiple of the size of any voxel."""
ZLIB_OR_GZIP = 47
"""zlib's window size that accepts either header."""
DAMAGE = (EOFError, gzip.BadGzipFile, zlib.error, ValueError, OverflowError, KeyError)
"""Raised while reading a damaged file; the last three by absurd numbers in its header."""
DAMAGED = "truncated or damaged; copy or download it again"
SURPLUS = "surplus"
"""Kind of note on bytes that the header doesn't announce."""
MORE = (
    "has {} bytes more than its header announces, so that its voxels may be shifted; correct the "
    "header, or write the image again"
)
UNCOMPRESSED = "not compressed, though called .gz; read anyway"


def check_whole(path: Path) -> tuple[Note, ...]:
    """Check that an image file has all the voxels that its header announces, and no others.

    Compressed data are checked by their checksum; floats in NIfTI files must be finite.

    Returns:
        A note if there are more bytes, but less than a slice of them.

    Raises:
        UserError: the format isn't on the list, or the file or one that belongs to it is missing,
            truncated, damaged or something else than its name says.
    """
    ending = ending_of(path)
    _check_kind(path)
    surplus = 0
    try:
        if ending in NIFTI or ending == PAIR:
            surplus = _check_nifti(path)
        elif ending in METAIMAGE:
            surplus = _check_announced(metaimage(path))
        elif ending == NRRD:
            surplus = _check_announced(nrrd(path))
        elif ending in TIFF:
            check_tiff(path)
    except WrongHeaderError as wrong:
        raise UserError(f"{path}: {wrong}") from None
    except DAMAGE:
        raise UserError(f"{_named(path)}: {DAMAGED}") from None
    return (Note(SURPLUS, MORE.format(surplus), path),) if surplus else ()


def check_header(path: Path) -> None:
    """Check the format and the header of an image file, without its voxels.

    Raises:
        UserError: as ``check_whole``.
    """
    ending = ending_of(path)
    _check_kind(path)
    try:
        if ending in NIFTI or ending == PAIR:
            _nifti_header(path)
        elif ending in METAIMAGE:
            metaimage(path)
        elif ending == NRRD:
            nrrd(path)
    except WrongHeaderError as wrong:
        raise UserError(f"{path}: {wrong}") from None
    except DAMAGE:
        raise UserError(f"{path}: {DAMAGED}") from None


def file_notes(path: Path) -> tuple[Note, ...]:
    """What is unusual about a file that ``check_whole`` passed."""
    if not path.name.endswith((*NIFTI, PAIR)):
        return ()
    notes = [Note(kind, what, path) for kind, what in _nifti_header(path).contradictions.items()]
    if path.suffix == ".gz" and not is_gzip(_begin(path)):
        notes.append(Note("format", UNCOMPRESSED, path))
    return tuple(notes)


def _check_kind(path: Path) -> None:
    """Refuse what isn't an image at all, and an image of which a file is missing."""
    begin = _begin(path)
    if what := described(begin, ending_of(path)):
        raise UserError(f"{path}: {what}")
    if is_gzip(begin) and path.suffix != ".gz":
        raise UserError(
            f"{path}: gzip-compressed, though not called .gz; rename it to {path.name}.gz or "
            "unpack it with gunzip"
        )
    check_parts(path)


def _named(path: Path) -> str:
    """An image's file, with the one that has its voxels or spacing."""
    return " with ".join([str(path), *(part.name for part in files_of(path)[1:])])


def _begin(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(LENGTH)


def _opened(path: Path) -> gzip.GzipFile | BufferedReader:
    return gzip.open(path, "rb") if is_gzip(_begin(path)) else path.open("rb")


def _nifti_header(path: Path) -> NiftiHeader:
    with _opened(path) as file:
        begin = file.read(LENGTH)
    if is_gzip(begin):
        raise WrongHeaderError("gzip-compressed twice; unpack it once with gunzip")
    return read_nifti_header(begin, pair=path.suffix == PAIR)


def _check_nifti(path: Path) -> int:
    """Check a NIfTI file to its end; returns the bytes that follow the voxels."""
    header = _nifti_header(path)
    if path.suffix == PAIR:
        with files_of(path)[1].open("rb") as file:
            return _check_voxels(file, 0, header)
    try:
        with _opened(path) as file:
            return _check_voxels(file, len(file.read(LENGTH)), header)
    except gzip.BadGzipFile:
        _check_end(path)
        raise


def _check_end(path: Path) -> None:
    """Refuse bytes after the end of the compressed data, which ``gzip`` takes for damage."""
    with path.open("rb") as file:
        stream = zlib.decompressobj(ZLIB_OR_GZIP)
        while block := stream.unused_data or file.read(BLOCK):
            if stream.eof and not is_gzip(block):
                rest = len(block) + path.stat().st_size - file.tell()
                raise WrongHeaderError(
                    f"has {rest} bytes after the end of its compressed data; copy it again, or "
                    "cut them off by unpacking and compressing it"
                )
            if stream.eof:
                stream = zlib.decompressobj(ZLIB_OR_GZIP)
            stream.decompress(block)


def _check_voxels(file: gzip.GzipFile | BufferedReader, length: int, header: NiftiHeader) -> int:
    """Read a NIfTI file to its end, after ``length`` bytes; the bytes that follow the voxels."""
    # In blocks, because an absurd offset would not fit in memory.
    while length < header.offset and (skipped := file.read(min(header.offset - length, BLOCK))):
        length += len(skipped)
    if length < header.offset > SINGLE_OFFSET:
        raise WrongHeaderError(
            f"has {length} bytes, but its header says that the voxels begin at byte "
            f"{header.offset} (vox_offset); copy it again, or correct the header"
        )
    rest = header.length
    while block := file.read(BLOCK):
        length += len(block)
        used, rest = block[: max(rest, 0)], rest - len(block)
        if not _finite(used, header.floats):
            raise WrongHeaderError("contains NaN or infinite values; fix or replace it")
    return _check_length(length - header.offset, header.length, header.slice_length)


def _check_announced(announced: Announced) -> int:
    """Check the voxels that a text header announces; returns the bytes that follow them."""
    after = 0
    with announced.file.open("rb") as file:
        file.seek(announced.begin or 0)
        rest = length = announced.file.stat().st_size - file.tell()
        if announced.compressed is not None:
            wanted = rest if announced.compressed < 0 else announced.compressed
            if wanted > rest:
                raise EOFError
            length, unused = _uncompressed(file, wanted)
            after = rest - wanted + unused
    if announced.begin is None:  # what comes before the voxels is not counted
        length = min(length, announced.length)
    size = announced.size
    return after + _check_length(length, announced.length, announced.length // size[-1])


def _uncompressed(file: BufferedReader, rest: int) -> tuple[int, int]:
    """Length of what the next ``rest`` bytes of a file contain, compressed by zlib or gzip.

    Also how many of these bytes follow the compressed data.
    """
    stream, length = zlib.decompressobj(ZLIB_OR_GZIP), 0
    while not stream.eof and (block := file.read(min(rest, BLOCK))):
        rest -= len(block)
        length += len(stream.decompress(block))
    if not stream.eof:
        raise EOFError
    return length, rest + len(stream.unused_data)


def _check_length(found: int, wanted: int, one_slice: int) -> int:
    """Refuse too few bytes, and whole slices too many; returns how many are too many."""
    if found < wanted:
        raise EOFError
    if found - wanted >= one_slice:
        raise WrongHeaderError(
            f"has {found} bytes of voxels where its header announces {wanted}; fix its header or "
            "replace it"
        )
    return found - wanted


def _finite(block: bytes, kind: np.dtype | None) -> bool:
    if kind is None:
        return True
    values = np.frombuffer(block, kind, len(block) // kind.itemsize)
    return bool(np.isfinite(values).all())
