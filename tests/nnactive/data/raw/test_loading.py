import gzip

import numpy as np
import pytest
import SimpleITK
from tiny import expect_one_line

from nnactive.data.raw.files.integrity import check_whole
from nnactive.data.raw.layout import Found
from nnactive.data.raw.loading import load_case
from nnactive.data.raw.scan import scan
from nnactive.errors import UserError

CLASSES = 3


def load(tiny, number):
    case = next(c for c in scan(tiny.raw, tiny.card()) if c.id == f"tiny_{number}")
    return load_case(case, CLASSES)


def test_a_good_folder_is_read_as_written(tiny):
    cases = scan(tiny.raw, tiny.card())
    assert [case.id for case in cases] == [f"tiny_{n}" for n in range(1, 9)]
    image, label = tiny.case(3)
    loaded = load(tiny, 3)
    np.testing.assert_array_equal(loaded.image, image[None])
    np.testing.assert_array_equal(loaded.label, label)
    assert loaded.spacing == (2, 1, 1)


def test_whole_numbers_stored_as_floats_are_labels(tiny):
    _, label = tiny.case(1)
    tiny.write(tiny.label(1), label.astype(np.float32), (2, 1, 1))
    np.testing.assert_array_equal(load(tiny, 1).label, label)


def test_two_channels_are_stacked_in_order(tiny):
    for number in range(1, 9):
        second = tiny.raw / "imagesTr" / f"tiny_{number}_0001.nii.gz"
        tiny.write(second, tiny.case(number)[0] + 1000, (2, 1, 1))
    card = tiny.card(channels={"T1": "zscore", "T2": "zscore"})
    loaded = load_case(scan(tiny.raw, card)[0], CLASSES)
    np.testing.assert_allclose(loaded.image[1] - loaded.image[0], 1000, atol=1e-3)


def truncate_image(tiny):
    content = tiny.image(2).read_bytes()
    tiny.image(2).write_bytes(content[: len(content) * 2 // 3])
    return tiny.image(2), "truncated"


def truncate_label_by_a_byte(tiny):
    tiny.label(2).write_bytes(tiny.label(2).read_bytes()[:-1])
    return tiny.label(2), "truncated"


def write_something_else(tiny):
    tiny.image(2).write_bytes(gzip.compress(b"not an image" * 100))
    return tiny.image(2), "not a readable image, because it has no NIfTI header; replace it"


def crop_label(tiny):
    tiny.write(tiny.label(2), tiny.case(2)[1][1:], (2, 1, 1))
    return tiny.image(2), "size"


def change_spacing(tiny):
    tiny.write(tiny.label(2), tiny.case(2)[1], (2, 1, 1.1))
    return tiny.label(2), "spacing"


def change_origin(tiny):
    tiny.write(tiny.label(2), tiny.case(2)[1], (2, 1, 1), origin=(0, 1, 0))
    return tiny.label(2), "origin"


def foreign_label(tiny):
    label = tiny.case(2)[1]
    label[0, 0, 0] = 7
    tiny.write(tiny.label(2), label, (2, 1, 1))
    return tiny.label(2), "label values 7 are not among the card's 0 to 2"


def label_beside_a_class(tiny):
    label = tiny.case(2)[1].astype(np.float32)
    label[0, 0, 0] = 1.002
    tiny.write(tiny.label(2), label, (2, 1, 1))
    return tiny.label(2), "label values 1.00199997 are not among the card's 0 to 2"


def broken_label(tiny):
    label = tiny.case(2)[1].astype(np.float32)
    label[0, 0, 0] = 0.5
    tiny.write(tiny.label(2), label, (2, 1, 1))
    return tiny.label(2), "label values 0.5"


def all_zero(tiny):
    tiny.write(tiny.image(2), np.zeros_like(tiny.case(2)[0]), (2, 1, 1))
    return tiny.image(2), "every voxel is 0"


def flat(tiny):
    tiny.write(tiny.image(2), tiny.case(2)[0][0], (1, 1))
    return tiny.image(2), "not a single three-dimensional image"


@pytest.mark.parametrize(
    "harm",
    [
        truncate_image,
        truncate_label_by_a_byte,
        write_something_else,
        crop_label,
        change_spacing,
        change_origin,
        foreign_label,
        label_beside_a_class,
        broken_label,
        all_zero,
        flat,
    ],
)
def test_a_wrong_file_is_refused_by_name(tiny, harm):
    file, cause = harm(tiny)
    with pytest.raises(UserError) as refusal:
        load(tiny, 2)
    expect_one_line(refusal, file, cause)


def test_not_a_number_is_refused(tiny, tmp_path):
    image, label = tiny.case(1)
    image[0, 0, 0] = np.nan
    for ending in (".mha", ".nii", ".nii.gz"):
        case = Found("x", (tmp_path / f"x_0000{ending}",), tmp_path / f"x{ending}")
        tiny.write(case.files[0], image)
        tiny.write(case.label, label)
        with pytest.raises(UserError) as refusal:
            load_case(case, CLASSES)
        expect_one_line(refusal, case.files[0], "NaN")


def test_geometry_may_differ_by_rounding(tiny):
    tiny.write(tiny.label(2), tiny.case(2)[1], (2, 1, 1.0001), origin=(0, 0.001, 0))
    assert load(tiny, 2).label.any()


def test_every_truncation_of_an_uncompressed_image_is_seen(tiny, tmp_path):
    file = tmp_path / "x.nii"
    tiny.write(file, tiny.case(1)[0])
    whole = file.read_bytes()
    check_whole(file)
    for length in (len(whole) - 1, len(whole) // 2, 348, 347, 0):
        file.write_bytes(whole[:length])
        with pytest.raises(UserError, match="truncated"):
            check_whole(file)


@pytest.mark.parametrize("compress", [True, False])
def test_every_truncation_of_a_metaimage_is_seen(tiny, tmp_path, compress):
    file = tmp_path / "x.mha"
    image = SimpleITK.GetImageFromArray(tiny.case(1)[0])
    SimpleITK.WriteImage(image, str(file), compress)
    whole = file.read_bytes()
    check_whole(file)
    for length in (len(whole) - 1, len(whole) // 2, 200, 10, 0):
        file.write_bytes(whole[:length])
        with pytest.raises(UserError, match="truncated"):
            check_whole(file)
    if compress:
        spoilt = bytearray(whole)
        spoilt[-1] ^= 255
        file.write_bytes(spoilt)
        with pytest.raises(UserError, match="damaged"):
            check_whole(file)
