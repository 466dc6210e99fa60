import numpy as np
import pytest
import SimpleITK
from scans import PATIENT, UID, image, write, write_series

from nnactive.data.unlabelled.find import find_images
from nnactive.data.unlabelled.read import read_channels, read_grid
from nnactive.data.unlabelled.source import Image
from nnactive.errors import UserError

RAS = (-1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0)
MIXED = (0.0, 0.0, 1.0, -1.0, 0.0, 0.0, 0.0, -1.0, 0.0)


def same_grid(got, grid):
    z, y, x = grid.spacing
    assert got.GetSize() == tuple(reversed(grid.shape))
    assert got.GetSpacing() == (x, y, z)
    assert got.GetOrigin() == grid.origin
    assert got.GetDirection() == grid.direction


def refusal(folder, *files, series=None):
    only = Image(id="a", files=files, series=series)
    told = []
    for reading in (read_channels, read_grid):
        try:
            reading(folder, only)
        except UserError as error:
            told.append(str(error))
    return told


@pytest.mark.parametrize(
    "ending", [".nii.gz", ".nii", ".hdr", ".mha", ".mhd", ".nrrd", ".nhdr", ".vtk", ".gipl"]
)
def test_a_file_is_read_as_it_is(scan, values, tmp_path, ending):
    scan.SetMetaData("patient", PATIENT)
    if ending in (".vtk", ".gipl"):  # they know no direction
        scan.SetDirection((1, 0, 0, 0, 1, 0, 0, 0, 1))
    write(tmp_path / f"a{ending}", scan)
    (only,) = find_images(tmp_path).images
    (got,) = read_channels(tmp_path, only)
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(got), values)
    assert got.GetPixelID() == SimpleITK.sitkInt16
    assert not got.GetMetaDataKeys()
    same_grid(got, read_grid(tmp_path, only))
    for get in ("GetSpacing", "GetOrigin", "GetDirection"):
        np.testing.assert_allclose(getattr(got, get)(), getattr(scan, get)(), atol=1e-5)


@pytest.mark.parametrize("direction", [RAS, MIXED])
def test_axes_arent_reoriented(tmp_path, direction):
    made = image(1, direction=direction, kind=np.uint8)
    write(tmp_path / "a.nii.gz", made)
    only = Image(id="a", files=("a.nii.gz",))
    (got,) = read_channels(tmp_path, only)
    np.testing.assert_array_equal(*map(SimpleITK.GetArrayFromImage, (got, made)))
    assert got.GetDirection() == direction
    assert got.GetPixelID() == SimpleITK.sitkUInt8
    same_grid(got, read_grid(tmp_path, only))


@pytest.mark.parametrize("ending", [".nii.gz", ".nrrd", ".mha"])
def test_a_fourth_axis_of_one_volume_is_dropped(scan, values, tmp_path, ending):
    write(tmp_path / f"a{ending}", SimpleITK.JoinSeries([scan]))
    only = Image(id="a", files=(f"a{ending}",))
    (got,) = read_channels(tmp_path, only)
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(got), values)
    same_grid(got, read_grid(tmp_path, only))
    np.testing.assert_allclose(got.GetDirection(), scan.GetDirection(), atol=1e-6)


def test_what_is_no_single_volume_is_refused(scan, tmp_path):
    write(tmp_path / "several.nii.gz", SimpleITK.JoinSeries([scan, scan]))
    write(tmp_path / "flat.nii.gz", scan[:, :, 0])
    write(tmp_path / "rgb.nrrd", SimpleITK.Compose([SimpleITK.Cast(scan, SimpleITK.sitkUInt8)] * 3))
    for name, told in (
        ("several.nii.gz", "one of 4 dimensions (2 x 6 x 8 x 10); give one file per channel"),
        ("flat.nii.gz", "two-dimensional"),
        ("rgb.nrrd", "3 values per voxel"),
    ):
        lines = refusal(tmp_path, name)
        assert len(lines) == 2
        assert all(told in line for line in lines)


def test_voxels_that_cant_be_used_are_refused(scan, tmp_path):
    write(tmp_path / "zero.nii.gz", scan * 0)
    assert "every voxel is 0" in refusal(tmp_path, "zero.nii.gz")[0]
    holed = SimpleITK.GetArrayFromImage(scan).astype(np.float32)
    holed[2, 2, 2] = np.nan
    write(tmp_path / "nan.nii.gz", SimpleITK.GetImageFromArray(holed))
    assert "NaN" in refusal(tmp_path, "nan.nii.gz")[0]
    whole = write(tmp_path / "cut.nii.gz", scan)
    whole.write_bytes(whole.read_bytes()[:-50])
    assert "truncated or damaged" in refusal(tmp_path, "cut.nii.gz")[0]
    assert "missing" in refusal(tmp_path, "gone.nii.gz")[1]


def test_channels_share_the_first_ones_grid(scan, tmp_path):
    write(tmp_path / "a_0000.nii.gz", scan)
    near = image(2)
    near.SetOrigin([place + 0.2 for place in near.GetOrigin()])
    write(tmp_path / "a_0001.nii.gz", near)
    (only,) = find_images(tmp_path).images
    first, second = read_channels(tmp_path, only)
    assert first.GetOrigin() == second.GetOrigin() == read_grid(tmp_path, only).origin
    near.SetOrigin([place + 2 for place in near.GetOrigin()])
    write(tmp_path / "a_0001.nii.gz", near)
    lines = refusal(tmp_path, *only.files)
    assert len(lines) == 2
    assert all("doesn't match" in line for line in lines)


def test_an_empty_channel_among_others_is_left_to_the_check(scan, tmp_path):
    write(tmp_path / "a.nii", scan)
    write(tmp_path / "b.nii", scan * 0)
    assert len(read_channels(tmp_path, Image(id="a", files=("a.nii", "b.nii")))) == 2


def test_a_series_is_stacked_by_place_and_without_its_header(scan, values, tmp_path):
    write_series(tmp_path / "s", scan)
    only = Image(id="image_001", files=("s",), series=UID)
    (got,) = read_channels(tmp_path, only)
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(got), values)
    assert not got.GetMetaDataKeys()
    assert got.GetPixelID() == SimpleITK.sitkInt16
    same_grid(got, read_grid(tmp_path, only))
    np.testing.assert_allclose(got.GetSpacing(), scan.GetSpacing(), atol=1e-6)
    np.testing.assert_allclose(got.GetOrigin(), scan.GetOrigin(), atol=1e-6)


@pytest.mark.parametrize(
    ("spoilt", "told"),
    [
        ({"missing": [3]}, "1 slice is missing, the first between 1_04.dcm and 1_02.dcm (5 mm"),
        ({"tilt": 0.6}, "gantry tilted by 13.5 degrees"),
        ({"heights": [0, 2, 4, 6, 6, 8]}, "6 slices at 5 places"),
        ({"heights": [0, 2, 4.6, 7.2, 9.9, 12.6]}, None),
        (
            {"heights": [0, 2, 4, 6, 8, 10.9, 13.8, 16.7]},
            "aren't evenly spaced (2 to 2.9 mm apart)",
        ),
    ],
)
def test_a_series_with_holes_or_tilt_is_refused(tmp_path, spoilt, told):
    shape = (len(spoilt.get("heights", range(6))), 8, 10)
    write_series(tmp_path / "s", image(1, shape), **spoilt)
    lines = refusal(tmp_path, "s", series=UID)
    assert len(lines) == 2 * (told is not None)
    assert all(told in line and PATIENT not in line for line in lines)


@pytest.mark.parametrize("ending", [".dcm", ""])
def test_a_file_of_several_frames_is_a_volume(tmp_path, ending):
    made = image(1, direction=(1, 0, 0, 0, 1, 0, 0, 0, 1)) + 1000
    made = SimpleITK.Cast(SimpleITK.Clamp(made, lowerBound=0), SimpleITK.sitkUInt16)
    write(tmp_path / "x.dcm", made).rename(tmp_path / f"x{ending}")
    found = find_images(tmp_path)
    (got,) = read_channels(tmp_path, found.images[0])
    np.testing.assert_array_equal(*map(SimpleITK.GetArrayFromImage, (got, made)))
    same_grid(got, read_grid(tmp_path, found.images[0]))
    np.testing.assert_allclose(got.GetSpacing(), made.GetSpacing())
    file = tmp_path / f"x{ending}"
    file.write_bytes(file.read_bytes().replace(b"\x28\0\x10\x91", b"\x28\0\x11\x91"))
    with pytest.raises(UserError, match="pictures without a place in space"):
        find_images(tmp_path)


def test_compressed_slices_are_read_and_damage_is_noticed(scan, values, tmp_path):
    folder = write_series(tmp_path / "s", scan, compressed=True)
    only = Image(id="image_001", files=("s",), series=UID)
    (got,) = read_channels(tmp_path, only)
    np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(got), values)
    file = sorted(folder.iterdir())[1]
    file.write_bytes(file.read_bytes()[:-60])
    assert f"{file}: truncated" in refusal(tmp_path, "s", series=UID)[0]


def test_slices_of_another_size_are_refused(scan, tmp_path):
    write_series(tmp_path / "s", scan)
    write_series(tmp_path / "t", image(2, (7, 9, 10)), missing=range(6))
    for file in (tmp_path / "t").iterdir():
        file.rename(tmp_path / "s" / f"other_{file.name}")
    lines = refusal(tmp_path, "s", series=UID)
    assert len(lines) == 2
    assert "several sizes (10 x 8 and 10 x 9)" in lines[0]


def test_fractions_of_slopes_make_floats(scan, tmp_path):
    folder = write_series(tmp_path / "s", scan)
    file = sorted(folder.iterdir())[1]
    content = file.read_bytes()
    before, after = (
        b"\x28\x00\x53\x10" + length + b"\x00\x00\x00" + text
        for length, text in ((b"\x02", b"1 "), (b"\x04", b"1.5 "))
    )
    assert before in content
    file.write_bytes(content.replace(before, after))
    (got,) = read_channels(tmp_path, Image(id="a", files=("s",), series=UID))
    assert got.GetPixelID() == SimpleITK.sitkFloat32
    assert set(np.unique(SimpleITK.GetArrayFromImage(got) % 1)) == {0, 0.5}


def test_a_damaged_slice_is_refused(scan, tmp_path):
    folder = write_series(tmp_path / "s", scan)
    file = sorted(folder.iterdir())[1]
    file.write_bytes(file.read_bytes()[:-60])
    assert f"{file}: truncated" in refusal(tmp_path, "s", series=UID)[0]
    file.unlink()
    assert "no longer here" in refusal(tmp_path, "s", series="1.2")[0]
