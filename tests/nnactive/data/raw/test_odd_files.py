"""Files that are whole, but not what is wanted: each is one line that names the true cause."""

import gzip
import re

import numpy as np
import pytest
import SimpleITK
from tiny import expect_one_line

from nnactive.data.own.check_folder import check_folder
from nnactive.data.raw.images import read_volume
from nnactive.data.raw.scan import scan
from nnactive.errors import UserError

SHAPE = (4, 5, 6)


def values(kind=np.float32):
    return np.random.default_rng(3).integers(1, 100, SHAPE).astype(kind)


def written(folder, ending, array=None, *, colours=False):
    path = folder / f"x{ending}"
    image = SimpleITK.GetImageFromArray(values() if array is None else array, colours)
    SimpleITK.WriteImage(image, str(path))
    return path


def refused(path, cause):
    with pytest.raises(UserError) as refusal:
        read_volume(path)
    expect_one_line(refusal, path, cause)
    assert "damaged" not in str(refusal.value)


@pytest.mark.parametrize("rest", [b"hello", b"\0\0x", b"y" * 5000])
def test_bytes_after_the_compressed_data_are_no_truncation(tmp_path, rest):
    path = written(tmp_path, ".nii.gz")
    path.write_bytes(path.read_bytes() + rest)
    refused(path, "bytes after the end of its compressed data")
    counted = re.escape(f"has {len(rest)} bytes after")
    if not rest.startswith(b"\0"):
        with pytest.raises(UserError, match=counted):
            read_volume(path)


def test_padding_and_several_members_are_read(tmp_path):
    path = written(tmp_path, ".nii.gz")
    whole = gzip.decompress(path.read_bytes())
    path.write_bytes(gzip.compress(whole[:400]) + gzip.compress(whole[400:]) + b"\0" * 512)
    np.testing.assert_array_equal(read_volume(path).array, values())


def test_a_wrong_checksum_is_damage_still(tmp_path):
    path = written(tmp_path, ".nii.gz")
    content = bytearray(path.read_bytes())
    content[-8] ^= 1
    path.write_bytes(bytes(content) + b"hello")
    with pytest.raises(UserError, match="truncated or damaged"):
        read_volume(path)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.filterwarnings("error")
def test_values_that_no_statistics_can_hold_are_refused(tmp_path, kind):
    array = values(kind)
    array[0, 0, 0] = 1e38 if kind == np.float32 else 1e200
    refused(written(tmp_path, ".nii.gz", array), "at most 1e+15 can be normalised")


@pytest.mark.parametrize("ending", [".nii.gz", ".mha", ".nrrd"])
def test_what_has_other_dimensions_says_which(tmp_path, ending):
    refused(written(tmp_path, ending, values()[0]), "but a two-dimensional one (5 x 6)")
    colours = np.stack([values(np.uint8)] * 3, -1)
    refused(written(tmp_path, ending, colours, colours=True), "but one of 3 values per voxel")
    series = np.stack([values()] * 2)
    refused(written(tmp_path, ending, series), "but one of 4 dimensions (2 x 4 x 5 x 6)")


def test_complex_voxels_are_refused(tmp_path):
    refused(written(tmp_path, ".nii.gz", values(np.complex64)), "save it as integers or floats")


@pytest.mark.parametrize(
    ("before", "after", "cause"),
    [
        ("TransformMatrix = 1 0 0", "TransformMatrix = nan 0 0", "as TransformMatrix, not 9"),
        ("TransformMatrix = 1 0 0 0 1 0 0 0 1", "TransformMatrix = 1 0 0", "not 9 numbers"),
        ("TransformMatrix = 1 0 0", "TransformMatrix = a 0 0", "not 9 numbers"),
        ("Offset = 0 0 0", "Offset = nan 0 0", "as Offset, not 3 numbers"),
        ("ElementSpacing = 1 1 1", "ElementSpacing = 1 -1 1", "has the voxel size '1 -1 1'"),
        ("ElementSpacing = 1 1 1", "ElementSpacing = 1 1", "has the voxel size '1 1'"),
        ("ElementSpacing = 1 1 1", "ElementSpacing = 1 x 1", "has the voxel size '1 x 1'"),
    ],
)
def test_a_metaimage_whose_grid_itk_would_make_up_is_refused(tmp_path, capfd, before, after, cause):
    path = written(tmp_path, ".mhd")
    text = path.read_text()
    assert before in text
    path.write_text(text.replace(before, after))
    refused(path, cause)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("after", "cause"),
    [("none", "has the directions"), ("(1,0)", r"\(parsed 2 values, but space dimension is 3\)")],
)
def test_an_nrrd_without_a_voxel_size_is_refused_in_few_words(tmp_path, after, cause):
    path = written(tmp_path, ".nrrd")
    path.write_bytes(path.read_bytes().replace(b"(1,0,0)", after.encode(), 1))
    with pytest.raises(UserError, match=rf"{re.escape(str(path))}: .*{cause}"):
        read_volume(path)


def as_metaimages(tiny):
    for folder in ("imagesTr", "labelsTr"):
        for path in list((tiny.raw / folder).iterdir()):
            name = path.name.replace(".nii.gz", ".mhd")
            array = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))
            tiny.write(path.with_name(name), array, (2, 1, 1))
            path.unlink()
    return tiny.card(source={"layout": "nnunet", "ending": ".mhd"})


def named(path, voxels):
    """Let a header name another file."""
    text = re.sub("ElementDataFile = .*", f"ElementDataFile = {voxels}", path.read_text())
    path.write_text(text)


@pytest.mark.parametrize(("folder", "channel"), [("imagesTr", "_0000"), ("labelsTr", "")])
def test_two_headers_of_the_same_voxels_are_refused(tiny, folder, channel):
    card = as_metaimages(tiny)
    header = tiny.raw / folder / f"tiny_2{channel}.mhd"
    other = f"tiny_1{channel}"
    named(header, f"{other}.raw")
    told = f"{header}: names the voxels of {tiny.raw / folder / other}.mhd, {other}.raw; correct"
    with pytest.raises(UserError, match=re.escape(told)):
        scan(tiny.raw, card)
    found = check_folder(card, tiny.raw, lambda *_: None).findings
    assert any(finding.detail.startswith(told) for finding in found if finding.severity == "error")


def test_voxels_may_lie_in_another_folder(tiny, tmp_path):
    card = as_metaimages(tiny)
    voxels = tiny.raw / "imagesTr" / "tiny_2_0000.raw"
    header = voxels.with_suffix(".mhd")
    array = read_volume(header).array
    moved = tmp_path / "elsewhere.raw"
    voxels.rename(moved)
    for place in (str(moved), "../../elsewhere.raw"):
        named(header, place)
        assert len(scan(tiny.raw, card)) == 8
        np.testing.assert_array_equal(read_volume(header).array, array)
    moved.write_bytes(moved.read_bytes()[:-4])
    with pytest.raises(UserError, match="truncated or damaged"):
        read_volume(header)
    moved.unlink()
    with pytest.raises(UserError, match=r"elsewhere.raw: missing, it has the voxels of tiny_2"):
        scan(tiny.raw, card)
