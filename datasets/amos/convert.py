"""AMOS: task 1 is the CT cases of the training set, those with an id up to 410.

The cases above are MRI and belong to task 2. The files are NIfTI already and are read where they
lie. nnU-Net's converter (Dataset218_Amos2022_task1) adds the validation set, which the papers
didn't use.
"""

from pathlib import Path

from nnactive.data.raw import Found

LAST_CT = 410


def find(raw: Path) -> list[Found]:
    """The CT cases of ``imagesTr``."""
    return [
        Found(path.name.removesuffix(".nii.gz"), (path,), path.parents[1] / "labelsTr" / path.name)
        for path in sorted((raw / "imagesTr").glob("amos_*.nii.gz"))
        if int(path.name.removesuffix(".nii.gz").split("_")[1]) <= LAST_CT
    ]
