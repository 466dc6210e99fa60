"""The formats of images that are read and checked; every other ending is refused.

One list for all commands. A format is on it only if a file of it that lacks voxels, a changed
second file and a missing voxel size are noticed: ``integrity`` checks what is listed here.
"""

from pathlib import Path

from nnactive.data.raw.files.text_headers import voxel_file
from nnactive.data.raw.layout import LABELS
from nnactive.errors import UserError

NIFTI = (".nii.gz", ".nii")
PAIR, PAIR_VOXELS = ".hdr", ".img"
METAIMAGE = (".mha", ".mhd")
NRRD = ".nrrd"
TIFF = (".tif", ".tiff")

FORMATS = {
    "NIfTI-1": NIFTI,
    f"NIfTI-1 with its voxels in {PAIR_VOXELS}": (PAIR,),
    "MetaImage": METAIMAGE,
    "NRRD": (NRRD,),
    "TIFF with its spacing in CASE.json": TIFF,
}
"""Endings by the name of the format."""
ENDINGS = tuple(ending for endings in FORMATS.values() for ending in endings)
SPACING_EXAMPLE = '{"spacing": [z, y, x]}'
SMALL = "write all endings in small letters"
CHANNEL_DIGITS = 4
"""As in ``knee_001_0000.tif``."""


def known_formats() -> str:
    """The list of formats, for a message: ``.nii.gz, .nii (NIfTI-1); ...``."""
    return "; ".join(f"{', '.join(endings)} ({name})" for name, endings in FORMATS.items())


def check_ending(ending: str, where: str) -> None:
    """Refuse a format that isn't on the list.

    Args:
        ending: such as ``.nii.gz``.
        where: what has this ending, for the message.

    Raises:
        UserError: it isn't on the list.
    """
    if ending not in ENDINGS:
        raise UserError(
            f"{where}: '{ending}' is no format that is read and checked; convert the images and "
            f"labels to one of: {known_formats()}"
        )


def ending_of(path: Path) -> str:
    """The ending of an image file.

    Raises:
        UserError: it isn't on the list.
    """
    known = [ending for ending in ENDINGS if path.name.endswith(ending)]
    if not known:
        check_ending(path.suffix, str(path))
    return known[0]


def files_of(path: Path) -> tuple[Path, ...]:
    """All files that make up one image, the named one first; the others may be missing.

    The voxels of a header, and the spacing of a TIFF, lie in a second file. A file of another kind,
    which a dataset's script converts, is alone.
    """
    if path.name.endswith(PAIR):
        return path, path.with_suffix(PAIR_VOXELS)
    if path.name.endswith(METAIMAGE):
        voxels = voxel_file(path)
        return (path,) if voxels is None else (path, voxels)
    if path.name.endswith(TIFF):
        return path, spacing_file(path)
    return (path,)


def check_parts(path: Path) -> None:
    """Refuse an image of which a file is missing; voxels aren't read.

    Raises:
        UserError: it is; names the missing file.
    """
    for part in files_of(path)[1:]:
        if part.is_file():
            continue
        if alike := other_case(part):
            raise UserError(f"{part}: missing, but {alike} is there; {SMALL}")
        if path.name.endswith(TIFF):
            raise UserError(
                f"{part}: missing, because a TIFF has no voxel size of its own; write "
                f"{SPACING_EXAMPLE} in mm into it"
            )
        raise UserError(f"{part}: missing, it has the voxels of {path.name}; copy both files")


def other_case(path: Path) -> str | None:
    """A file that has a path's name but for small and capital letters, or None."""
    if not path.parent.is_dir():
        return None
    alike = (there.name for there in path.parent.iterdir() if there.name != path.name)
    return min((name for name in alike if name.lower() == path.name.lower()), default=None)


def spacing_file(path: Path) -> Path:
    """Where nnU-Net has the spacing of a TIFF: ``case.json`` beside ``case_0000.tif``."""
    stem = path.name.removesuffix(path.suffix)
    case, _, channel = stem.rpartition("_")
    is_channel = len(channel) == CHANNEL_DIGITS and channel.isdigit()
    # A label's name has no channel, even if its case id looks as if it had.
    named = case if case and is_channel and path.parent.name != LABELS else stem
    return path.with_name(f"{named}.json")
