"""The headers of DICOM files: what is needed to stack them, and nothing about a person."""

from dataclasses import dataclass
from pathlib import Path

from nnactive.data.raw.files.integrity import DAMAGED
from nnactive.data.raw.files.locales import same_locale
from nnactive.errors import UserError
from nnactive.geometry import as_triple

MAGIC, MAGIC_AT = b"DICM", 128
ENDINGS = (".dcm", ".ima")
"""Of files that may lack the preamble with the magic number."""
DIRECTORY = "DICOMDIR"
"""Table of contents of a medium, itself in DICOM's format."""
MEASURES = b"\x28\0\x10\x91"
"""The tag of the frames' voxel size, in little endian."""
ROWS = b"\x28\0\x10\0"
"""The tag of their number, in little endian."""
READER = "GDCMImageIO"
AXES = 3
POSITION, SPACING = "0020|0032", "0028|0030"
SERIES, MODALITY = "0020|000e", "0008|0060"
SLOPE = "0028|1053"
DERIVED = ("SEG", "RTSTRUCT", "RTDOSE", "RTPLAN", "SR", "PR", "KO", "DOC", "REG")
"""Modalities of what was made from images, or is about them."""


@dataclass(frozen=True)
class Slice:
    """One file of a series."""

    file: Path
    series: str
    modality: str
    size: tuple[int, int, int]
    """Columns, rows, frames."""
    spacing: tuple[float, float, float]
    """mm, (x, y, z); z counts only where there are several frames."""
    origin: tuple[float, float, float]
    """mm, LPS, of the first voxel."""
    direction: tuple[float, ...]
    """SimpleITK's, row-major 3 x 3; its last column is the slice's normal."""
    values: int
    """Numbers per voxel."""
    placed: bool
    """Whether the header says where the slice lies and how large its voxels are."""
    whole: bool
    """Whether its values are stored as whole numbers and scaled by one."""


def is_dicom(file: Path) -> bool:
    """Whether a file is in DICOM's format, by its first bytes or its ending."""
    if file.name.upper() == DIRECTORY:
        return False
    with file.open("rb") as content:
        begin = content.read(MAGIC_AT + len(MAGIC))
    return begin[MAGIC_AT:] == MAGIC or file.name.lower().endswith(ENDINGS)


def slices_in(folder: Path) -> dict[str, list[Slice]]:
    """The slices in a folder by the UID of their series, both sorted by name.

    Files without an image are left out.

    Raises:
        UserError: a file is damaged.
    """
    found: dict[str, list[Slice]] = {}
    files = (path for path in folder.iterdir() if path.name[0] != "." and path.is_file())
    for file in sorted(files):
        if is_dicom(file) and (one := read_slice(file)) is not None:
            found.setdefault(one.series, []).append(one)
    return dict(sorted(found.items(), key=lambda item: item[1][0].file))


@same_locale()
def read_slice(file: Path) -> Slice | None:
    """The header of a DICOM file; None: it holds no image, but a report or contours, for instance.

    Raises:
        UserError: it holds an image, but GDCM can't read it.
    """
    import SimpleITK

    SimpleITK.ProcessObject.SetGlobalWarningDisplay(flag=False)
    reader = SimpleITK.ImageFileReader()
    reader.SetImageIO(READER)
    reader.SetFileName(str(file))
    try:
        reader.ReadImageInformation()
    except RuntimeError:
        if _holds_image(file):
            raise UserError(f"{file}: {DAMAGED}") from None
        return None

    def tag(name: str) -> str:
        return reader.GetMetaData(name).strip(" \0") if reader.HasMetaDataKey(name) else ""

    size: tuple[int, ...] = reader.GetSize()
    several = len(size) == AXES and size[-1] > 1
    return Slice(
        file=file,
        series=tag(SERIES),
        modality=tag(MODALITY),
        size=as_triple((*size, 1)[:AXES]),
        spacing=_three(reader.GetSpacing(), 1.0),
        origin=_three(reader.GetOrigin(), 0.0),
        direction=tuple(reader.GetDirection()),
        values=reader.GetNumberOfComponents(),
        placed=_measures(file) if several else bool(tag(POSITION) and tag(SPACING)),
        whole=_is_whole(tag(SLOPE)),
    )


def _holds_image(file: Path) -> bool:
    """Whether a file that can't be read says how many rows its image has, or nothing at all."""
    content = file.read_bytes()
    return not content or any(ROWS + kind in content for kind in (b"US", b"\x02\0"))


def _measures(file: Path) -> bool:
    """Whether a file of several frames has their voxel size, which GDCM takes as 1 mm if not."""
    return MEASURES in file.read_bytes()


def _three(values: tuple[float, ...], last: float) -> tuple[float, float, float]:
    x, y, z = (*values, last)[:AXES]
    return x, y, z


def _is_whole(slope: str) -> bool:
    try:
        return float(slope or 1).is_integer()
    except ValueError:
        return False
