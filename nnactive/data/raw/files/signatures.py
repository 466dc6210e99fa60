"""Telling by its first bytes what a file is that has the name of an image."""

GZIP = b"\x1f\x8b"
OTHERS = {
    b"PK\x03\x04": "a ZIP archive; unpack it",
    b"7z\xbc\xaf'\x1c": "a 7-Zip archive; unpack it",
    b"Rar!": "a RAR archive; unpack it",
    b"BZh": "compressed with bzip2; unpack it with bunzip2",
    b"\xfd7zXZ": "compressed with xz; unpack it with unxz",
    b"version https://git-lfs": "a pointer of Git LFS; fetch the data with git lfs pull",
    b"/annex/objects/": "a pointer of git-annex; fetch the data with git annex get",
    b"<!DOCTYPE": "a web page; download it again, logged in where a login is required",
    b"<!doctype": "a web page; download it again, logged in where a login is required",
    b"<html": "a web page; download it again, logged in where a login is required",
    b"<HTML": "a web page; download it again, logged in where a login is required",
    b"<?xml": "an XML document, such as a server's error; download it again",
    b"\x89PNG": "a PNG picture; give one three-dimensional file per channel",
    b"\x89HDF": "an HDF5 file; convert it to NIfTI-1 (.nii.gz)",
}
"""What it is, and the way out, by first bytes."""
DICOM, DICOM_AT = b"DICM", 128


def is_gzip(begin: bytes) -> bool:
    """Whether a file that begins so is gzip-compressed."""
    return begin.startswith(GZIP)


def described(begin: bytes) -> str | None:
    """What else than an image a file is that begins so, and the way out; None: nothing known."""
    if begin[DICOM_AT:].startswith(DICOM):
        return "a DICOM file; convert the series to NIfTI-1 (.nii.gz), with dcm2niix for instance"
    return next((what for start, what in OTHERS.items() if begin.startswith(start)), None)
