import struct

import numpy as np
import pytest
import SimpleITK

from nnactive.data.raw.images import read_header, read_volume, with_geometry_of, write_image
from nnactive.errors import UserError

TURN = (0, 0, 1, 0, 1, 0, 1, 0, 0)


@pytest.fixture
def image():
    array = np.arange(2 * 3 * 4, dtype=np.int16).reshape(2, 3, 4)
    image = SimpleITK.GetImageFromArray(array)
    image.SetSpacing((0.7676, 0.8, 5.000001))
    image.SetOrigin((-120.125, 33.3, 1000.7))
    image.SetDirection(TURN)
    return image


@pytest.mark.parametrize("ending", [".nii.gz", ".nii", ".mha"])
def test_a_file_is_read_as_nnunets_own_reader_does(image, tmp_path, ending):
    from nnunetv2.imageio.simpleitk_reader_writer import SimpleITKIO

    file = tmp_path / f"x{ending}"
    SimpleITK.WriteImage(image, str(file))
    array, properties = SimpleITKIO().read_images((str(file),))
    volume = read_volume(file)
    np.testing.assert_array_equal(volume.array[None], array)
    assert volume.array.dtype == array.dtype == np.float32
    assert list(volume.spacing) == list(properties["spacing"])
    assert volume.origin == properties["sitk_stuff"]["origin"]
    assert volume.direction == properties["sitk_stuff"]["direction"]
    assert read_header(file) == ((2, 3, 4), volume.spacing)


def test_axes_are_z_y_x(image, tmp_path):
    write_image(tmp_path / "x.nii.gz", image)
    volume = read_volume(tmp_path / "x.nii.gz")
    assert volume.array.shape == (2, 3, 4)
    np.testing.assert_allclose(volume.spacing, (5.000001, 0.8, 0.7676), rtol=1e-6)


def test_geometry_survives_a_change_of_format(image, tmp_path):
    SimpleITK.WriteImage(image, str(tmp_path / "x.mha"))
    source = SimpleITK.ReadImage(str(tmp_path / "x.mha"))
    label = with_geometry_of(source, np.ones((2, 3, 4), np.uint8))
    for name, part in (("image", source), ("label", label)):
        write_image(tmp_path / f"{name}.nii.gz", part)
        back = SimpleITK.ReadImage(str(tmp_path / f"{name}.nii.gz"))
        assert back.GetPixelID() == part.GetPixelID()
        for get in ("GetSpacing", "GetOrigin", "GetDirection"):
            wanted = getattr(image, get)()
            np.testing.assert_allclose(getattr(back, get)(), wanted, rtol=1e-6, atol=1e-6)


def test_nothing_half_written_takes_the_name(image, tmp_path, monkeypatch):
    def interrupted(image, path, **_):
        open(path, "wb").write(b"half")  # noqa: PTH123, SIM115
        raise KeyboardInterrupt

    monkeypatch.setattr(SimpleITK, "WriteImage", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_image(tmp_path / "x.nii.gz", image)
    assert list(tmp_path.iterdir()) == []


def test_a_sheared_grid_is_refused(image, tmp_path):
    file = tmp_path / "x.nii"
    SimpleITK.WriteImage(image, str(file))
    content = bytearray(file.read_bytes())
    struct.pack_into("<2h", content, 252, 0, 1)  # only the matrix counts
    struct.pack_into("<12f", content, 280, 1, 0.4, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0)
    file.write_bytes(content)
    with pytest.raises(UserError, match=r"axes aren't perpendicular .*; resample it"):
        read_volume(file)


def test_nifti_2_is_told_what_to_convert_to(tmp_path):
    file = tmp_path / "x.nii"
    content = bytearray(544 + 64)
    struct.pack_into("<i8s", content, 0, 540, b"n+2\0\r\n\032\n")
    struct.pack_into("<8q", content, 16, 3, 4, 4, 4, 1, 1, 1, 1)
    file.write_bytes(content)
    with pytest.raises(UserError, match=r"convert it to NIfTI-1") as refusal:
        read_volume(file)
    assert "\n" not in str(refusal.value)


@pytest.mark.parametrize("offset", [float("nan"), float("inf"), 1e30])
def test_an_odd_header_is_damage(image, tmp_path, offset):
    file = tmp_path / "x.nii"
    SimpleITK.WriteImage(image, str(file))
    content = bytearray(file.read_bytes())
    struct.pack_into("<f", content, 108, offset)
    file.write_bytes(content)
    with pytest.raises(UserError, match=r"x\.nii: "):
        read_volume(file)


@pytest.mark.parametrize("rank", [0, 9, -1])
@pytest.mark.parametrize("read", [read_header, read_volume])
def test_a_wrong_number_of_axes_is_told_in_one_line_alone(image, tmp_path, capfd, read, rank):
    path = tmp_path / "a.nii"
    write_image(path, image)
    content = bytearray(path.read_bytes())
    content[40:42] = np.int16(rank).tobytes()
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"a\.nii: its header gives the size \(dim\)"):
        read(path)
    # ITK's C library itself would write to stderr.
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("size", [b"DimSize = x 3 2", b"DimSize = 4 nan 2"])
def test_an_odd_size_in_a_metaimage_is_damage(image, tmp_path, size):
    file = tmp_path / "x.mha"
    SimpleITK.WriteImage(image, str(file))
    file.write_bytes(file.read_bytes().replace(b"DimSize = 4 3 2", size))
    with pytest.raises(UserError, match=r"x\.mha: truncated or damaged"):
        read_volume(file)


def test_a_header_that_is_none_is_refused(tmp_path):
    file = tmp_path / "x.nii.gz"
    file.write_text("no image")
    with pytest.raises(UserError, match="truncated or damaged"):
        read_header(file)
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(np.ones((3, 4), np.uint8)), str(file))
    with pytest.raises(UserError, match=r"not a single .* two-dimensional one \(3 x 4\)"):
        read_header(file)
