"""NIfTI headers that contradict themselves; ITK takes one of the two in silence."""

import gzip
import struct

import numpy as np
import pytest
import SimpleITK
from tiny import expect_one_line

from nnactive.data.check.case_facts import look
from nnactive.data.check.dataset import judge
from nnactive.data.raw.images import read_header, read_volume
from nnactive.data.raw.scan import scan
from nnactive.errors import UserError

NAN, INF = float("nan"), float("inf")
FLIPPED = (-1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1, 0)
"""ITK's axes of an image without a direction, as an sform."""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "x.nii"
    image = SimpleITK.GetImageFromArray(
        np.arange(1, 1 + 6 * 7 * 8, dtype=np.int16).reshape(6, 7, 8)
    )
    SimpleITK.WriteImage(image, str(path))
    return path


def put(path, offset, layout, *values):
    content = bytearray(path.read_bytes())
    struct.pack_into(f"<{layout}", content, offset, *values)
    path.write_bytes(content)


def forms(path, qform, sform, matrix):
    put(path, 252, "2h", qform, sform)
    put(path, 280, "12f", *matrix)


def kinds(path):
    return {note.kind for note in read_volume(path).notes}


def scaled(factor):
    return [n * factor for n in FLIPPED]


@pytest.mark.parametrize("qform", [0, 1])
def test_two_voxel_sizes_are_told(file, qform):
    forms(file, qform, 1, scaled(2))
    (note,) = read_volume(file).notes
    assert note.kind == "voxel size"
    assert note.what == (
        "its header has two voxel sizes, 1 x 1 x 1 mm (pixdim, which is read) and 2 x 2 x 2 mm "
        "(sform); correct the wrong one"
    )
    assert read_volume(file).spacing == (1, 1, 1)


def test_two_voxel_sizes_are_an_error_but_a_warning_in_the_benchmarks_datasets(tiny):
    image = SimpleITK.ReadImage(str(tiny.image(2)))
    plain = tiny.raw / "x.nii"
    SimpleITK.WriteImage(image, str(plain))
    forms(plain, 1, 1, scaled(3))
    SimpleITK.WriteImage(image, str(tiny.image(2)))
    tiny.image(2).write_bytes(gzip.compress(plain.read_bytes()))
    card = tiny.card()
    looked = [look(case, card) for case in scan(tiny.raw, card)]
    (found,) = (f for f in judge(card, looked, None) if f.kind == "voxel size")
    assert (found.severity, found.cases) == ("error", ("tiny_2",))
    assert "2 x 1 x 1 mm (pixdim, which is read) and 3 x 3 x 3 mm (sform)" in found.detail


def test_rounding_is_not_told(file):
    forms(file, 1, 1, scaled(1.001))
    assert kinds(file) == set()


@pytest.mark.parametrize(
    "matrix",
    [
        (-1, 0, 0, 5, 0, -1, 0, 0, 0, 0, 1, 0),  # moved
        (0, -1, 0, 0, -1, 0, 0, 0, 0, 0, 1, 0),  # turned
        (1, 0, 0, 0, 0, -1, 0, 0, 0, 0, 1, 0),  # mirrored
    ],
)
def test_two_places_are_noted(file, matrix):
    assert kinds(file) == set()
    forms(file, 1, 1, matrix)
    assert kinds(file) == {"geometry"}
    forms(file, 0, 1, matrix)
    assert kinds(file) == set()


@pytest.mark.parametrize(
    "direction", [(0, 0, 1, 1, 0, 0, 0, 1, 0), (0.6, -0.8, 0, 0.8, 0.6, 0, 0, 0, 1)]
)
def test_the_forms_that_itk_writes_agree(file, direction):
    image = SimpleITK.ReadImage(str(file))
    image.SetDirection(direction)
    image.SetSpacing((0.5, 0.7, 3))
    image.SetOrigin((3, -4, 5))
    SimpleITK.WriteImage(image, str(file))
    put(file, 252, "2h", 1, 1)
    assert kinds(file) == set()


@pytest.mark.parametrize("matrix", [(NAN, *FLIPPED[1:]), (INF, *FLIPPED[1:]), (0,) * 12])
def test_a_form_that_is_no_grid_is_one_line_and_nothing_of_itks(file, matrix, capfd):
    forms(file, 0, 1, matrix)
    for read in (read_header, read_volume):
        with pytest.raises(UserError) as refusal:
            read(file)
        expect_one_line(refusal, file, "has no grid in the sform of its header")
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize(
    ("slope", "inter", "cause"),
    [
        (INF, 0, "isn't finite"),
        (2, NAN, "isn't finite"),
        (0, 7, "an offset without a slope"),
        (NAN, 7, "an offset without a slope"),
    ],
)
def test_scaling_that_readers_disagree_about_is_refused(file, slope, inter, cause):
    put(file, 112, "2f", slope, inter)
    with pytest.raises(UserError) as refusal:
        read_volume(file)
    expect_one_line(refusal, file, cause)


@pytest.mark.parametrize(("slope", "inter"), [(0, 0), (NAN, NAN), (1, 0), (2, 10), (0.5, -3)])
def test_scaling_is_applied(file, slope, inter):
    raw = read_volume(file).array
    put(file, 112, "2f", slope, inter)
    wanted = raw if not slope or np.isnan(slope) else raw * slope + inter
    np.testing.assert_allclose(read_volume(file).array, wanted)


@pytest.mark.parametrize("offset", [0, 1, 348, 351])
def test_voxels_that_would_begin_inside_the_header_are_refused(file, offset):
    put(file, 108, "f", offset)
    for read in (read_header, read_volume):
        with pytest.raises(UserError) as refusal:
            read(file)
        cause = f"vox_offset {offset}, but a single file's voxels begin at byte 352 or later"
        expect_one_line(refusal, file, cause)


@pytest.mark.parametrize("offset", [-8, 352.5, NAN, INF])
def test_an_offset_that_is_no_place_is_refused(file, offset):
    put(file, 108, "f", offset)
    with pytest.raises(UserError) as refusal:
        read_volume(file)
    expect_one_line(refusal, file, f"vox_offset {offset:g}, which is not a position in a file")


def test_an_offset_behind_the_file_names_the_field(file):
    put(file, 108, "f", 1e6)
    with pytest.raises(UserError) as refusal:
        read_volume(file)
    expect_one_line(refusal, file, "voxels begin at byte 1000000 (vox_offset)")


def test_voxels_after_an_extension_and_those_of_a_pair_are_read(file, tmp_path):
    values = read_volume(file).array
    content = file.read_bytes()
    file.write_bytes(content[:352] + bytes(16) + content[352:])
    put(file, 108, "f", 368)
    np.testing.assert_array_equal(read_volume(file).array, values)
    pair = tmp_path / "y.hdr"
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(values), str(pair))
    assert struct.unpack_from("<f", pair.read_bytes(), 108) == (0,)
    np.testing.assert_array_equal(read_volume(pair).array, values)


@pytest.mark.parametrize("rank", [0, -3, 9])
def test_a_size_that_no_image_has_names_the_field(file, rank):
    put(file, 40, "h", rank)
    with pytest.raises(UserError) as refusal:
        read_volume(file)
    expect_one_line(refusal, file, f"its header gives the size (dim) {rank}, 8, 7, 6")
