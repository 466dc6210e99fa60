"""AMOS: task 1 is the CT cases of the training set, those with an id up to 410.

The cases above are MRI and belong to task 2. The files are NIfTI already and are read where they
lie. nnU-Net's converter (Dataset218_Amos2022_task1) adds the validation set, which the papers
didn't use.
"""

import re
from pathlib import Path

from nnactive.data.raw import Found
from nnactive.errors import UserError

LAST_CT = 410


def find(raw: Path) -> list[Found]:
    """The CT cases of ``imagesTr``."""
    return [
        Found(path.name.removesuffix(".nii.gz"), (path,), path.parents[1] / "labelsTr" / path.name)
        for path in sorted((raw / "imagesTr").glob("amos_*.nii.gz"))
        if _number(path) <= LAST_CT
    ]


def _number(path: Path) -> int:
    found = re.fullmatch(r"amos_([0-9]+)\.nii\.gz", path.name)
    if found is None:
        raise UserError(f"{path}: not named as AMOS' files are, amos_0001.nii.gz; remove it")
    return int(found[1])
