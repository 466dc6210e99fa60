"""One DICOM series of a folder: its grid, its image, some of its slices."""

from pathlib import Path
from typing import TYPE_CHECKING

from nnactive.data.raw.files.locales import same_locale
from nnactive.data.raw.images import unreadable
from nnactive.data.unlabelled.dicom.slices import READER, slices_in
from nnactive.data.unlabelled.dicom.stack import Stack, stacked
from nnactive.errors import UserError

if TYPE_CHECKING:
    import SimpleITK


def read_stack(folder: Path, series: str) -> Stack:
    """The slices of a series in order, from their headers.

    Raises:
        UserError: the folder or the series is gone, or its slices make up no grid.
    """
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; put the DICOM series back")
    slices = slices_in(folder).get(series)
    if not slices:
        raise UserError(f"{folder}: the DICOM series is no longer here; put its files back")
    return stacked(folder, slices)


@same_locale()
def read_series(folder: Path, series: str) -> "SimpleITK.Image":
    """The image of a series, without metadata.

    Values are those of the modality, such as Hounsfield units: float32 where a slice is scaled by
    a fraction, else the type that its first slice has.

    Raises:
        UserError: as `read_stack`, or a slice is damaged.
    """
    import SimpleITK

    stack = read_stack(folder, series)
    reader: SimpleITK.ImageSeriesReader | SimpleITK.ImageFileReader
    if len(stack.files) == 1:
        reader = SimpleITK.ImageFileReader()
        reader.SetFileName(str(stack.files[0]))
    else:
        reader = SimpleITK.ImageSeriesReader()
        reader.SetFileNames([str(file) for file in stack.files])
    reader.SetImageIO(READER)
    if not stack.whole:
        reader.SetOutputPixelType(SimpleITK.sitkFloat32)
    try:
        image = reader.Execute()
    except RuntimeError as error:
        raise unreadable(folder, error) from None
    z, y, x = stack.grid.spacing
    image.SetSpacing((x, y, z))
    image.SetOrigin(stack.grid.origin)
    image.SetDirection(stack.grid.direction)
    return image
