import struct

import numpy as np
import pytest
import SimpleITK
from scans import OBLIQUE, UID, image, write, write_series

from nnactive.data.unlabelled.find import find_images
from nnactive.data.unlabelled.intensities import likely_ct, sample
from nnactive.data.unlabelled.oddities import odd

CT, MRI = {"CT": "ct"}, {"T1": "zscore"}


def mri(number: int) -> SimpleITK.Image:
    return SimpleITK.Abs(image(number)) + 50


def folder_of(folder, *images, ending=".nii.gz"):
    for number, made in enumerate(images, 1):
        write(folder / f"scan_{number}{ending}", made)
    return folder, find_images(folder).images


def lines(folder, images, channels):
    return [f"{f.severity}: {f.detail}" for f in odd(folder, images, channels)]


def ct(*numbers: int) -> list[SimpleITK.Image]:
    return [image(number, (40, 50, 60)) for number in numbers]


def test_good_images_have_nothing_odd(tmp_path):
    assert lines(*folder_of(tmp_path, *ct(1, 2, 3)), CT) == []
    assert lines(*folder_of(tmp_path / "t1", *map(mri, (1, 2, 3))), MRI) == []


def spaced(made: SimpleITK.Image, *spacing: float) -> SimpleITK.Image:
    made.SetSpacing(spacing)
    return made


@pytest.mark.parametrize(
    ("spacing", "told"),
    [
        ((0.0007, 0.0008, 0.0025), "error: scan_4.nii.gz: voxels of 0.0025 x 0.0008 x 0.0007 mm"),
        ((700, 800, 2500), "correct the unit of its header"),
        ((0.7, 0.8, 40), "warning: scan_4.nii.gz: voxels of 40 x 0.8 x 0.7 mm against"),
        ((1, 1, 1), "warning: scan_4.nii.gz: voxels of 1 x 1 x 1 mm, as programs write"),
    ],
)
def test_a_voxel_size_unlike_the_others_is_told(tmp_path, spacing, told):
    (line,) = lines(*folder_of(tmp_path, *ct(1, 2, 3), spaced(*ct(4), *spacing)), CT)
    assert told in line
    assert "scan_4.nii.gz" in line


def test_an_orientation_unlike_the_others_is_told(tmp_path):
    turned = image(3, (40, 50, 60), direction=tuple(-cosine for cosine in OBLIQUE))
    (line,) = lines(*folder_of(tmp_path, *ct(1, 2), turned), CT)
    assert "scan_3.nii.gz: its axes point to RAS, those of 2 cases to LPI" in line


def test_an_image_that_is_not_finite_is_refused(tmp_path):
    voxels = SimpleITK.GetArrayFromImage(SimpleITK.Cast(image(3), SimpleITK.sitkFloat32))
    voxels[..., 0] = np.nan
    holed = SimpleITK.GetImageFromArray(voxels)
    holed.CopyInformation(image(3))
    (line,) = lines(*folder_of(tmp_path, mri(1), mri(2), holed, ending=".nrrd"), MRI)
    assert line == "error: scan_3.nrrd: contains NaN or infinite values; fix or replace it"


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda i: SimpleITK.Cast(SimpleITK.RescaleIntensity(i, 0, 255), 1), "pictures of 8 bits"),
        (lambda i: SimpleITK.Clamp(i, upperBound=500) * 2 + 2000, "stored 1024 too high"),
        (lambda i: SimpleITK.Cast(i, SimpleITK.sitkInt32) * 100, "that far from 0"),
    ],
)
def test_ct_that_isnt_in_hounsfield_units_is_told(tmp_path, change, told):
    told_of = lines(*folder_of(tmp_path, *ct(1, 2), change(*ct(3))), CT)
    assert any(told in line and "scan_3.nii.gz" in line for line in told_of)


def test_ct_among_mri_is_told(tmp_path):
    (line,) = lines(*folder_of(tmp_path, mri(1), mri(2), image(3)), MRI)
    assert "looks like CT in scan_3 and not in the others" in line
    (line,) = lines(*folder_of(tmp_path / "all", *ct(1, 2)), MRI)
    assert "looks like CT in every image" in line


def test_faults_are_all_listed_and_none_hides_another(tmp_path):
    folder, images = folder_of(tmp_path, *ct(1, 2, 3))
    for number, content in ((1, b"\0" * 400), (3, b"<html>")):
        (folder / f"scan_{number}.nii.gz").write_bytes(content)
    assert [f.cases for f in odd(folder, images, CT) if f.severity == "error"] == [
        ("scan_1",),
        ("scan_3",),
    ]


def test_an_empty_channel_is_told_by_its_file(tmp_path):
    one, two = ct(1, 2)
    for case, made in (("a", one), ("b", two)):
        write(tmp_path / f"{case}_0000.nii.gz", made)
        write(tmp_path / f"{case}_0001.nii.gz", made * (case == "a"))
    found = find_images(tmp_path)
    told = lines(tmp_path, found.images, {"CT": "ct", "PET": "zscore"})
    assert any("b_0001.nii.gz: channel 'PET' is 0 everywhere" in line for line in told)


def test_what_the_slices_dont_show_isnt_called_empty(tmp_path):
    made = ct(1)[0] * 0
    made[10, 10, 1] = 500
    assert not any("everywhere" in line for line in lines(*folder_of(tmp_path, made), MRI))


def test_two_voxel_sizes_in_a_header_are_an_error(tmp_path):
    folder, images = folder_of(tmp_path, *ct(1, 2, 3), ending=".nii")
    file = folder / "scan_2.nii"
    content = bytearray(file.read_bytes())
    struct.pack_into("<4f", content, 76, 1, 0.7, 0.8, 3.5)
    file.write_bytes(content)
    assert any(
        "error: scan_2.nii: its header has two voxel sizes" in line
        for line in lines(folder, images, CT)
    )


def test_slices_a_little_beside_their_place_are_noted(tmp_path):
    write_series(tmp_path, image(1), heights=[0, 2, 4.6, 7.2, 9.9, 12.6])
    assert any(
        "note: image_001: slices lie up to 0.21 voxels" in line
        for line in lines(tmp_path, find_images(tmp_path).images, CT)
    )


def test_a_series_is_named_by_its_id(tmp_path):
    for number in (1, 2, 3):
        made = image(number)
        made.SetSpacing((0.7, 0.8, 20 if number == 3 else 2.5))
        write_series(tmp_path / f"Doe_{number}", made, uid=f"{UID}{number}")
    told = lines(tmp_path, find_images(tmp_path).images, CT)
    assert any("image_003: voxels of 20 x" in line for line in told)
    assert not any("Doe" in line for line in told)


@pytest.mark.parametrize("ending", [".nii.gz", ".nrrd", ".mha"])
def test_hounsfield_units_are_recognised(tmp_path, ending):
    folder, images = folder_of(tmp_path, *ct(1, 2, 3), mri(4), ending=ending)
    assert likely_ct(folder, images)
    assert not likely_ct(folder, images[3:])


@pytest.mark.parametrize("ending", [".nii.gz", ".nrrd", ".mha"])
def test_large_images_are_looked_at_slice_by_slice(tmp_path, monkeypatch, ending):
    folder, (only,) = folder_of(tmp_path, SimpleITK.JoinSeries(ct(1)), ending=ending)
    (small,) = sample(folder, only)
    monkeypatch.setattr("nnactive.data.unlabelled.intensities.SMALL", 0)
    (large,) = sample(folder, only)
    np.testing.assert_array_equal(small, large)
    np.testing.assert_array_equal(small, SimpleITK.GetArrayFromImage(ct(1)[0])[[10, 20, 30]])


def test_normalised_values_arent_hounsfield_units(tmp_path):
    values = SimpleITK.GetArrayFromImage(image(1)).astype(np.float32)
    made = SimpleITK.GetImageFromArray((values - values.mean()) / values.std())
    assert not likely_ct(*folder_of(tmp_path, made))


def test_a_fourth_axis_is_looked_at(tmp_path):
    folder, images = folder_of(tmp_path, *(SimpleITK.JoinSeries([made]) for made in ct(1, 2)))
    assert likely_ct(folder, images)
    assert lines(folder, images, CT) == []


def test_an_image_that_is_there_twice_is_told(tmp_path):
    folder, images = folder_of(tmp_path, mri(1), mri(2), mri(3))
    (tmp_path / images[2].files[0]).unlink()
    (tmp_path / images[2].files[0]).symlink_to(tmp_path / images[0].files[0])
    (line,) = lines(folder, images, {"t1": "zscore"})
    assert line.startswith("warning: ")
    assert images[0].id in line
    assert images[2].id in line
    assert "have the same voxels, where looked at; leave out all but one" in line


def test_channels_that_are_the_same_are_told(tmp_path):
    folder, images = folder_of(tmp_path, mri(1), mri(2), mri(3))
    both = [each.model_copy(update={"files": each.files * 2}) for each in images]
    (line,) = lines(folder, both, {"t1": "zscore", "t2": "zscore"})
    assert line.endswith("two channels have the same voxels, where looked at")
