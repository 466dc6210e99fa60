"""Headers of MetaImage and NRRD files, which are lines of text, and where their voxels lie."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

LINE = 1 << 16
"""Longest line of a header, in bytes."""
LINES = 1000
AXES = 3
METAIMAGE_BYTES = {
    "MET_CHAR": 1,
    "MET_UCHAR": 1,
    "MET_SHORT": 2,
    "MET_USHORT": 2,
    "MET_INT": 4,
    "MET_UINT": 4,
    "MET_FLOAT": 4,
    "MET_DOUBLE": 8,
}
"""Bytes per voxel by MetaImage type."""
NRRD_BYTES = {
    "char": 1,
    "int8": 1,
    "short": 2,
    "int16": 2,
    "int": 4,
    "int32": 4,
    "float": 4,
    "longlong": 8,
    "int64": 8,
    "double": 8,
}
"""Bytes per voxel by NRRD type, whose other spellings ``_nrrd_type`` removes."""
DIRECTIONS = ("TransformMatrix", "Orientation", "Rotation")
PLACES = ("Offset", "Position", "Origin")
"""MetaImage's names of the direction and the origin."""
LOCAL = "LOCAL"
"""MetaImage's word for voxels that follow the header."""
SEVERAL = ("LIST", "%")
"""Marks of voxels that are spread over one file a slice."""


class WrongHeaderError(ValueError):
    """A header that can't be used as it is; says why, and what to do."""


@dataclass(frozen=True)
class Announced:
    """What a header says about its voxels."""

    file: Path
    """Where they are: the header's own file or another."""
    begin: int | None
    """Bytes before them in that file; None: they are its last ones."""
    compressed: int | None
    """Bytes of the compressed voxels, all others of the file if negative; None: uncompressed."""
    size: tuple[int, ...]
    """Voxels per axis, fastest first."""
    voxel: int
    """Bytes per voxel."""

    @property
    def length(self) -> int:
        """Bytes of all voxels."""
        return math.prod(self.size) * self.voxel


def voxel_file(path: Path) -> Path | None:
    """The other file that a MetaImage header names; None: there is none, or the header is broken.

    Errors are left to those who read the image.
    """
    try:
        fields, _ = metaimage_fields(path)
    except (OSError, ValueError):
        return None
    name = fields.get("ElementDataFile", LOCAL)
    if name == LOCAL or any(mark in name for mark in SEVERAL) or "\0" in name:
        return None
    return path.parent / name


def metaimage(path: Path) -> Announced:
    """Read the header of a MetaImage.

    Raises:
        WrongHeaderError: something in it is unsupported, or no voxel size is given.
        ValueError: it is damaged.
    """
    fields, end = metaimage_fields(path)
    name = _field(fields, "ElementDataFile")
    if any(mark in name for mark in SEVERAL):
        raise WrongHeaderError("stores its voxels in one file per slice; save it as one file")
    if not _is_true(fields.get("BinaryData", "True")):
        raise WrongHeaderError("stores its voxels as text; save it as binary")
    kind = fields.get("ElementType", "")
    if kind not in METAIMAGE_BYTES:
        raise WrongHeaderError(f"has voxels of type '{kind}'; save it as integers or floats")
    size = _size(fields, "DimSize", "NDims")
    spacing = fields.get("ElementSpacing") or fields.get("ElementSize")
    _check_spacing(spacing, "ElementSpacing", len(size))
    _check_grid(fields, len(size))
    skipped = int(fields.get("HeaderSize", "0"))
    channels = int(fields.get("ElementNumberOfChannels", "1"))
    compressed = None
    if _is_true(fields.get("CompressedData", "False")):
        # Without it, ITK returns whatever is in memory.
        compressed = int(_field(fields, "CompressedDataSize"))
        if compressed < 1:
            raise ValueError(compressed)
    local = name == LOCAL
    return Announced(
        path if local else path.parent / name,
        end if local else (skipped if skipped >= 0 else None),
        compressed,
        size,
        METAIMAGE_BYTES[kind] * channels,
    )


def metaimage_fields(path: Path) -> tuple[dict[str, str], int]:
    """Fields of a MetaImage header, and where it ends.

    Raises:
        ValueError: it has a line that is no field, or no end.
    """
    fields: dict[str, str] = {}
    with path.open("rb") as file:
        while "ElementDataFile" not in fields:
            line = file.readline(LINE).decode("latin-1")
            name, equals, value = line.partition("=" if "=" in line else ":")
            cut = path.suffix == ".mha" and not line.endswith("\n")  # its voxels would follow
            if not equals and fields and line.endswith("\n") and line.rstrip().isprintable():
                shown = f"the line '{line.strip()}'" if line.strip() else "an empty line"
                raise WrongHeaderError(
                    f"its header has {shown} after '{[*fields][-1]}', which is "
                    "no field; remove or correct it"
                )
            if not equals or cut or len(fields) > LINES:
                raise ValueError(line)
            fields[name.strip()] = value.strip()
        if not fields["ElementDataFile"]:
            raise ValueError(fields)
        return fields, file.tell()


def nrrd(path: Path) -> Announced:
    """Read the header of an NRRD file.

    Raises:
        WrongHeaderError: something in it is unsupported, or no voxel size is given.
        ValueError: it is damaged.
    """
    fields, end = _nrrd_fields(path)
    if "data file" in fields or "datafile" in fields:
        raise WrongHeaderError("stores its voxels in another file; save it as one file")
    encoding = _field(fields, "encoding").lower()
    if encoding not in ("raw", "gzip", "gz"):
        raise WrongHeaderError(f"has the encoding '{encoding}'; save it as raw or gzip")
    if any(fields.get(name, "0") != "0" for name in ("byte skip", "line skip")):
        raise WrongHeaderError("skips bytes or lines; save it without 'byte skip' and 'line skip'")
    kind = _field(fields, "type").lower()
    voxel = NRRD_BYTES.get(_nrrd_type(kind))
    if voxel is None:
        raise WrongHeaderError(f"has voxels of type '{kind}'; save it as integers or floats")
    size = _size(fields, "sizes", "dimension")
    directions = fields.get("space directions")
    if directions is None:
        _check_spacing(fields.get("spacings"), "spacings", len(size))
    elif any(word in directions.lower() for word in _no_directions(size)):
        raise WrongHeaderError(f"has the directions '{directions}'; write the right ones into it")
    return Announced(path, end, None if encoding == "raw" else -1, size, voxel)


def _field(fields: Mapping[str, str], name: str) -> str:
    """A field that a header must have."""
    if name not in fields:
        raise WrongHeaderError(f"its header has no field '{name}'; write it, or save it again")
    return fields[name]


def _size(fields: Mapping[str, str], name: str, number: str) -> tuple[int, ...]:
    """Voxels per axis, as many as the header says that there are axes."""
    size = tuple(int(n) for n in _field(fields, name).split())
    if len(size) != int(_field(fields, number)) or min(size) < 1:
        raise WrongHeaderError(
            f"its header has {number} {fields[number]} and {name} '{fields[name]}', which don't "
            "fit together; correct the wrong one"
        )
    return size


def _no_directions(size: tuple[int, ...]) -> tuple[str, ...]:
    """Words that stand for no direction; an axis of colours, beside three others, has none."""
    return ("nan", "inf") if len(size) > AXES else ("nan", "inf", "none")


def _nrrd_type(name: str) -> str:
    """``unsigned short int``, ``ushort`` and ``short`` are of one size: short."""
    plain = re.sub(r"^(signed|unsigned) ", "", name)
    return re.sub(r"^u|_t$|(?<=[a-z]) int$| (?=long)", "", plain)


def _nrrd_fields(path: Path) -> tuple[dict[str, str], int]:
    fields: dict[str, str] = {}
    line = b""
    with path.open("rb") as file:
        if not file.readline(LINE).startswith(b"NRRD"):
            raise ValueError("no NRRD")
        for _ in range(LINES):
            line = file.readline(LINE)
            if not line.strip():
                break
            name, _, value = line.decode("latin-1").partition(":")
            if not name.startswith("#"):
                fields[name.strip()] = value.strip()
        missing = {"encoding", "type", "sizes", "dimension"} - fields.keys()
        if missing and not line:  # the file ends within its header
            raise ValueError(missing)
        return fields, file.tell()


def _check_grid(fields: Mapping[str, str], axes: int) -> None:
    """Refuse a direction or place that MetaIO would fill up with zeros."""
    counts = dict.fromkeys(DIRECTIONS, axes * axes) | dict.fromkeys(PLACES, axes)
    for field, count in counts.items():
        text = fields.get(field)
        if text is not None and len(_finite(text)) != count:
            raise WrongHeaderError(
                f"has '{text}' as {field}, not {count} numbers; write the right ones into its "
                "header"
            )


def _finite(text: str) -> list[float]:
    """The numbers in a field; none if one of them isn't finite."""
    try:
        values = [float(word) for word in text.split()]
    except ValueError:
        return []
    return values if all(map(math.isfinite, values)) else []


def _check_spacing(text: str | None, field: str, axes: int) -> None:
    if text is None:
        raise WrongHeaderError(
            f"has no voxel size (field '{field}'); write it into the header, in mm"
        )
    values = _finite(text)
    # ITK takes a negative size for a flipped axis.
    if len(values) != axes or min(values) <= 0:
        raise WrongHeaderError(f"has the voxel size '{text}'; write the right one into its header")


def _is_true(value: str) -> bool:
    return value[:1] in ("T", "t", "1")
