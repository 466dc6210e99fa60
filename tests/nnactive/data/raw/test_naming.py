"""A fault in most files' names is one line that says how to name them."""

import shutil

import pytest

from nnactive.data.own.add import describe_raw
from nnactive.data.own.rename import add_channel
from nnactive.data.raw.scan import scan
from nnactive.errors import UserError

NUMBERS = range(1, 9)


@pytest.fixture
def own(tiny):
    (tiny.raw / "dataset.json").write_text(
        '{"channel_names": {"0": "MRI"}, "labels": {"background": 0, "a": 1, "b": 2}, '
        '"numTraining": 8, "file_ending": ".nii.gz"}'
    )
    return tiny


def refused(own):
    with pytest.raises(UserError) as refusal:
        scan(own.raw, describe_raw(own.raw, "x"))
    return str(refusal.value)


def test_labels_with_a_suffix_are_told_once(own):
    for number in NUMBERS:
        own.label(number).rename(own.raw / "labelsTr" / f"tiny_{number}_seg.nii.gz")
    assert refused(own) == (
        f"{own.raw / 'labelsTr'}: label maps are named tiny_1_seg.nii.gz, the images of their "
        "cases tiny_1_0000.nii.gz; name them alike: remove '_seg' from the label maps' names"
    )


def test_labels_that_are_named_like_images_are_the_ones_to_rename(own):
    for number in NUMBERS:
        own.label(number).rename(own.raw / "labelsTr" / own.image(number).name)
    told = refused(own)
    assert told.startswith(f"{own.raw / 'labelsTr'}: label maps are named like the first channel's")
    assert told.endswith("as in tiny_1.nii.gz")
    with pytest.raises(UserError, match="label maps are named like the first channel's"):
        add_channel(own.raw, describe_raw(own.raw, "x"))
    assert own.image(1).is_file()


@pytest.mark.parametrize("first", [0, 1, 1000])
def test_ids_that_end_in_four_digits_are_no_channels(own, first):
    for number in NUMBERS:
        name = f"BRATS_{number - 1 + first:04d}.nii.gz"
        own.image(number).rename(own.raw / "imagesTr" / name)
        own.label(number).rename(own.raw / "labelsTr" / name)
    assert "--rename' adds _0000 to all names" in refused(own)
    card = describe_raw(own.raw, "x")
    assert add_channel(own.raw, card) == 8
    assert [case.id for case in scan(own.raw, card)] == [
        f"BRATS_{number - 1 + first:04d}" for number in NUMBERS
    ]


@pytest.mark.parametrize("copy", ["tiny_3_0000 (1).nii.gz", "tiny_3_0000 - Copy.nii.gz"])
def test_a_second_copy_is_named(own, copy):
    shutil.copy(own.image(3), own.raw / "imagesTr" / copy)
    assert refused(own) == f"{own.raw / 'imagesTr' / copy}: a second copy of a file; remove it"


def test_where_a_label_lacks_nothing_is_renamed(own):
    for number in NUMBERS:
        own.image(number).rename(own.raw / "imagesTr" / own.label(number).name)
    own.label(5).unlink()
    before = sorted((own.raw / "imagesTr").iterdir())
    with pytest.raises(UserError) as refusal:
        add_channel(own.raw, describe_raw(own.raw, "x"))
    assert str(refusal.value) == (
        f"{own.raw / 'imagesTr' / 'tiny_5.nii.gz'}: has no label map {own.label(5)}; add it, or "
        "remove the image; nothing was renamed"
    )
    assert sorted((own.raw / "imagesTr").iterdir()) == before


def test_a_folder_in_small_letters_is_named(own):
    (own.raw / "imagesTr").rename(own.raw / "imagestr")
    assert refused(own) == f"{own.raw / 'imagestr'}: must be called imagesTr; rename it"


def test_a_dataset_one_level_deeper_is_named(own):
    inner = own.raw / "raw"
    inner.mkdir()
    (own.raw / "dataset.json").rename(inner / "dataset.json")
    with pytest.raises(UserError, match=r"dataset\.json: missing, but .*; give "):
        describe_raw(own.raw, "x")
