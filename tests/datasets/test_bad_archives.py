"""Errors in each archive's layout: one line with the file and the way out."""

import shutil

import numpy as np
import pytest
import SimpleITK
from miniature import build

from nnactive.data.raw.convert import convert_case
from nnactive.data.raw.scan import scan
from nnactive.errors import UserError


def acdc_patient(tree, name="patient002"):
    return tree.top / "ACDC" / "database" / "training" / name


def frame_without_label(tree):
    file = acdc_patient(tree) / "patient002_frame12_gt.nii.gz"
    file.unlink()
    return file, "missing, though case 'patient002_frame12'"


def mri_alone(tree):
    for file in (tree.top / "amos22" / "imagesTr").glob("amos_0[0-4]*.nii.gz"):
        file.unlink()
    return tree.top / "amos22", "case 'amos_0001' is missing (8 in total)"


def companions_alone(tree):
    """Only what macOS added is left of the archive."""
    shutil.rmtree(tree.top / "amos22")
    return tree.top, "contains no imagesTr; give the folder"


def label_without_image(tree):
    file = tree.top / "kits21" / "data" / "case_00003" / "imaging.nii.gz"
    file.unlink()
    return file, "missing, though case 'case_00003'"


def other_votes_only(tree):
    file = tree.top / "kits21" / "data" / "case_00003" / "aggregated_MAJ_seg.nii.gz"
    file.unlink()
    return file, "missing, though case 'case_00003'"


def in_training_and_validation(tree):
    root = tree.top / "WORD-V0.1.0"
    for kind in ("images", "labels"):
        name = "word_0001.nii.gz"
        shutil.copy(root / f"{kind}Tr" / name, root / f"{kind}Val" / name)
    return root, "case 'word_0001' occurs 2 times; remove all but one"


def value_in_a_gap(tree):
    file = tree.top / "Dataset112_ToothFairy2" / "labelsTr" / "ToothFairy2F_001.mha"
    image = SimpleITK.ReadImage(str(file))
    image[0, 0, 0] = 19
    SimpleITK.WriteImage(image, str(file), useCompression=True)
    return file, "label values 19 are not among the card's 0 to 48 (with gaps)"


def half_a_metaimage(tree):
    file = tree.top / "Dataset112_ToothFairy2" / "imagesTr" / "ToothFairy2F_001_0000.mha"
    file.write_bytes(file.read_bytes()[:-500])
    return file, "truncated or damaged"


def no_phase_after_contrast(tree):
    file = tree.top / "images" / "DUKE_001" / "duke_001_0001.nii.gz"
    file.unlink()
    return file, "missing, though case 'DUKE_001'"


def images_without_a_label(tree):
    file = tree.top / "segmentations" / "expert" / "ISPY1_1001.nii.gz"
    file.unlink()
    return file, "missing, though case 'ISPY1_1001'"


def both_spellings(tree):
    folder = tree.top / "segmentations" / "expert"
    shutil.copy(folder / "duke_001.nii.gz", folder / "DUKE_001.nii.gz")
    return tree.top, "beside it is DUKE_001.nii.gz; remove one of them"


def phases_of_two_sizes(tree):
    file = tree.top / "images" / "DUKE_001" / "duke_001_0001.nii.gz"
    SimpleITK.WriteImage(SimpleITK.ReadImage(str(file))[:-1], str(file))
    return file, "doesn't match"


def same_phase_twice(tree):
    folder = tree.top / "images" / "DUKE_001"
    shutil.copy(folder / "duke_001_0000.nii.gz", folder / "duke_001_0001.nii.gz")
    return folder / "duke_001_0000.nii.gz", "every voxel is 0"


def not_finite_phase(tree):
    file = tree.top / "images" / "ISPY1_1001" / "ISPY1_1001_0001.nii.gz"
    image = SimpleITK.ReadImage(str(file), SimpleITK.sitkFloat32)
    image[1, 1, 1] = np.nan
    SimpleITK.WriteImage(image, str(file))
    return file, "NaN"


@pytest.mark.parametrize(
    ("name", "harm"),
    [
        ("acdc", frame_without_label),
        ("amos", mri_alone),
        ("amos", companions_alone),
        ("kits", label_without_image),
        ("kits", other_votes_only),
        ("word", in_training_and_validation),
        ("toothfairy2", value_in_a_gap),
        ("toothfairy2", half_a_metaimage),
        ("mama_mia", no_phase_after_contrast),
        ("mama_mia", images_without_a_label),
        ("mama_mia", both_spellings),
        ("mama_mia", phases_of_two_sizes),
        ("mama_mia", same_phase_twice),
        ("mama_mia", not_finite_phase),
    ],
)
def test_a_wrong_archive_is_refused_by_file(name, harm, tmp_path, monkeypatch):
    monkeypatch.setenv("NNACTIVE_DATASETS", str(tmp_path / "datasets"))
    tree = build(name, tmp_path / "archive")
    card = tree.card(tmp_path / "datasets")
    file, cause = harm(tree)
    with pytest.raises(UserError) as refusal:
        [convert_case(case, card, tmp_path / "converted") for case in scan(tree.top, card)]
    message = str(refusal.value)
    assert str(file) in message
    assert cause in message
    assert "\n" not in message
    assert ";" in message, "no way out is named"
