"""Names of the files in a round's folder."""

from typing import Final, Literal

NIFTI: Final = ".nii.gz"
NRRD: Final = ".nrrd"
"""For images whose axes aren't at right angles, which NIfTI files and their readers can't hold."""
INDEX: Final = "index.json"
TABLE: Final = "index.csv"
README: Final = "README.txt"
ITKSNAP: Final = "labels.txt"
OPEN: Final = "open.sh"


def patch_ids(count: int) -> list[str]:
    """Ids of a round's patches, in order.

    >>> patch_ids(2), patch_ids(150)[-1]
    (['p01', 'p02'], 'p150')
    """
    width = max(2, len(str(count)))
    return [f"p{number:0{width}d}" for number in range(1, count + 1)]


def stem_of(view: Literal["crop", "image"], patch_id: str, case: str) -> str:
    """What the names of a patch's image and label begin with: its id, or its image's."""
    return patch_id if view == "crop" else case


def image_name(stem: str, channel: int, suffix: str = NIFTI) -> str:
    """Name of a channel of an image or crop.

    >>> image_name("p07", 0), image_name("p07", 1)
    ('p07_image.nii.gz', 'p07_image_0001.nii.gz')
    """
    number = f"_{channel:04d}" if channel else ""
    return f"{stem}_image{number}{suffix}"


def label_name(stem: str, suffix: str = NIFTI) -> str:
    """Name of the label map to be filled."""
    return f"{stem}_label{suffix}"


def segmentation_name(stem: str) -> str:
    """Name of the same for 3D Slicer."""
    return f"{stem}_label.seg.nrrd"


def box_name(patch_id: str) -> str:
    """Name of a patch's box for 3D Slicer."""
    return f"{patch_id}_box.mrk.json"


def scene_name(stem: str) -> str:
    """Name of the scene for 3D Slicer that opens image, label and boxes."""
    return f"{stem}.mrml"
