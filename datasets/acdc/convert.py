"""ACDC: ``training/patientNNN/`` with a 4D film, and its two labelled frames as own files.

``Info.cfg`` says which frames of the film are labelled, the ends of diastole (ED) and systole
(ES): 1 and 12 for patient 1, 11 and 4 for patient 90. The frames are NIfTI already, so they are
read where they lie. nnU-Net's converter (Dataset027_ACDC) copies the same files under the same
names, but the whole dataset at once; a test compares the two.
"""

import re
from pathlib import Path

from nnactive.data.raw import Found
from nnactive.errors import UserError


def find(raw: Path) -> list[Found]:
    """The two labelled frames of each patient."""
    patients = sorted(path for path in (raw / "training").glob("patient[0-9]*") if path.is_dir())
    return [case for patient in patients for case in _frames(patient)]


def _frames(patient: Path) -> list[Found]:
    info = patient / "Info.cfg"
    if not info.is_file():
        raise UserError(f"{info}: missing, it names the labelled frames; unpack the archive again")
    entries = dict(re.findall(r"(?m)^(\w+):\s*(\d+)\s*$", info.read_text(encoding="utf-8")))
    if not {"ED", "ES"} <= set(entries):
        raise UserError(f"{info}: has no line ED or ES; unpack the archive again")
    ids = sorted(f"{patient.name}_frame{int(entries[phase]):02d}" for phase in ("ED", "ES"))
    return [
        Found(case, (patient / f"{case}.nii.gz",), patient / f"{case}_gt.nii.gz") for case in ids
    ]
