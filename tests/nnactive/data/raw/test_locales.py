"""ITK's reader of VTK files changes the process's locale; no reading of ours does."""

import locale
from pathlib import Path

import numpy as np
import SimpleITK

from nnactive.data.raw.images import header_with_itk, read_with_itk


def test_reading_any_file_leaves_the_locale_as_it_was(tmp_path: Path) -> None:
    file = tmp_path / "scan.vtk"
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(np.zeros((3, 4, 5), np.int16)), str(file))
    before = locale.setlocale(locale.LC_ALL)
    try:
        locale.setlocale(locale.LC_ALL, "C.UTF-8")
        assert header_with_itk(file).GetSize() == (5, 4, 3)
        assert read_with_itk(file).GetSize() == (5, 4, 3)
        assert locale.setlocale(locale.LC_CTYPE) == "C.UTF-8"
    finally:
        locale.setlocale(locale.LC_ALL, before)
