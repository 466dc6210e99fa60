"""Telling by its first bytes what a file is that has the name of an image."""

from nnactive.data.raw.files.formats import FORMATS, METAIMAGE, NIFTI, NRRD, TIFF
from nnactive.data.raw.files.nifti_header import is_nifti

GZIP = b"\x1f\x8b"
WEB_PAGE = "not an image but a web page; download it again, logged in where that is required"
OTHERS = {
    b"PK\x03\x04": "not an image but a ZIP archive; unpack it",
    b"7z\xbc\xaf'\x1c": "not an image but a 7-Zip archive; unpack it",
    b"Rar!": "not an image but a RAR archive; unpack it",
    b"BZh": "compressed with bzip2; unpack it with bunzip2",
    b"\xfd7zXZ": "compressed with xz; unpack it with unxz",
    b"version https://git-lfs": "a pointer of Git LFS; fetch the data with git lfs pull",
    b"/annex/objects/": "a pointer of git-annex; fetch the data with git annex get",
    **dict.fromkeys((b"<!DOCTYPE", b"<!doctype", b"<html", b"<HTML"), WEB_PAGE),
    b"<?xml": "not an image but an XML document, such as a server's error; download it again",
    b"\x89PNG": "a PNG picture; give one three-dimensional file per channel",
    b"\x89HDF": "an HDF5 file; convert it to NIfTI-1 (.nii.gz)",
}
"""What it is, and the way out, by first bytes."""
IMAGES = {b"NRRD0": NRRD, b"ObjectType": METAIMAGE[0], b"II*\0": TIFF[0], b"MM\0*": TIFF[0]}
"""Ending of other images on the list by first bytes; for NIfTI see ``nifti_header``."""
DICOM, DICOM_AT = b"DICM", 128


def is_gzip(begin: bytes) -> bool:
    """Whether a file that begins so is gzip-compressed."""
    return begin.startswith(GZIP)


def described(begin: bytes, ending: str) -> str | None:
    """What else a file is that begins so than its ending says, and the way out; None: not known."""
    for start, other in IMAGES.items():
        if begin.startswith(start) and _family(other) != _family(ending):
            return f"a {other} file called {ending}; rename it and all others like it"
    if begin[DICOM_AT:].startswith(DICOM):
        return "a DICOM file; convert the series to NIfTI-1 (.nii.gz), with dcm2niix for instance"
    if ending not in NIFTI and is_nifti(begin):
        return f"a NIfTI file called {ending}; rename it and all others like it to {NIFTI[1]}"
    return next((what for start, what in OTHERS.items() if begin.startswith(start)), None)


def _family(ending: str) -> tuple[str, ...]:
    """All endings of the same format."""
    return next((known for known in FORMATS.values() if ending in known), (ending,))
