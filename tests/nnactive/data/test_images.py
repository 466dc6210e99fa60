import numpy as np
import pytest
import SimpleITK

from nnactive.data.images import read_header, read_volume, with_geometry_of, write_image
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


def test_a_header_that_is_none_is_refused(tmp_path):
    file = tmp_path / "x.nii.gz"
    file.write_text("no image")
    with pytest.raises(UserError, match="not a readable three-dimensional image"):
        read_header(file)
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(np.ones((3, 4), np.uint8)), str(file))
    with pytest.raises(UserError, match="not a readable three-dimensional image"):
        read_header(file)
