"""KiTS21: ``data/case_NNNNN/`` with the image, and labels in three ways of aggregation.

The papers use the majority vote, ``aggregated_MAJ_seg.nii.gz``. The files are NIfTI already and
are read where they lie. The images are no part of the repository: they are fetched apart.
"""

from pathlib import Path

from nnactive.data.raw import Found


def find(raw: Path) -> list[Found]:
    """One case for each folder ``case_NNNNN``."""
    return [
        Found(folder.name, (folder / "imaging.nii.gz",), folder / "aggregated_MAJ_seg.nii.gz")
        for folder in sorted(raw.glob("case_[0-9]*"))
    ]
