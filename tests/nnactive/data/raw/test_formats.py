"""Every format on the list is checked: what lacks voxels, or lies in two files, is noticed."""

import gzip
import json
import re
import shutil
import struct

import numpy as np
import pytest
import SimpleITK
import tifffile
from tiny import expect_one_line

from nnactive.data.prepare.prepare import prepare
from nnactive.data.raw.files.formats import ENDINGS, files_of
from nnactive.data.raw.images import read_header, read_volume
from nnactive.data.raw.raw_checksums import list_files, listing_hash
from nnactive.data.raw.scan import scan
from nnactive.errors import UserError

SPACING = (4.0, 0.5, 0.75)
SHAPE = (6, 20, 30)


def array(kind=np.float32):
    return np.random.default_rng(5).integers(1, 200, SHAPE).astype(kind)


def write_itk(path, values, *, compress=False):
    image = SimpleITK.GetImageFromArray(values)
    image.SetSpacing(tuple(reversed(SPACING)))
    SimpleITK.WriteImage(image, str(path), useCompression=compress)
    write_spacing(path)


def write_tiff(path, values, **options):
    tifffile.imwrite(path, values, **options)
    write_spacing(path)


def write_spacing(path):
    if path.suffix in (".tif", ".tiff"):
        path.with_suffix(".json").write_text(json.dumps({"spacing": list(SPACING)}))


WRITERS = {
    "nii": (".nii", write_itk),
    "nii.gz": (".nii.gz", write_itk),
    "pair": (".hdr", write_itk),
    "mha": (".mha", write_itk),
    "mha compressed": (".mha", lambda path, values: write_itk(path, values, compress=True)),
    "mhd": (".mhd", write_itk),
    "mhd compressed": (".mhd", lambda path, values: write_itk(path, values, compress=True)),
    "nrrd": (".nrrd", write_itk),
    "nrrd compressed": (".nrrd", lambda path, values: write_itk(path, values, compress=True)),
    "tif page by page": (".tif", write_itk),
    "tif in one piece": (".tif", write_tiff),
    "tiff of ImageJ": (
        ".tiff",
        lambda path, values: write_tiff(path, values, imagej=True),
    ),
    "tif compressed": (".tif", lambda path, values: write_tiff(path, values, compression="zlib")),
}
written_as = pytest.mark.parametrize("name", WRITERS)


def written(folder, name, values):
    ending, write = WRITERS[name]
    path = folder / f"x{ending}"
    write(path, values)
    return path


def voxel_file(path):
    parts = [part for part in files_of(path)[1:] if part.suffix != ".json"]
    return parts[0] if parts else path


def test_every_ending_on_the_list_is_tested_here():
    assert {ending for ending, _ in WRITERS.values()} == set(ENDINGS)


@written_as
@pytest.mark.parametrize("kind", [np.float32, np.uint8, np.int16])
def test_a_whole_file_is_read_with_its_voxel_size(tmp_path, name, kind):
    path = written(tmp_path, name, array(kind))
    volume = read_volume(path)
    np.testing.assert_array_equal(volume.array, array())
    np.testing.assert_allclose(volume.spacing, SPACING)
    shape, spacing = read_header(path)
    assert (shape, spacing) == (SHAPE, volume.spacing)
    assert volume.notes == ()


@written_as
def test_lost_voxels_are_noticed_wherever_the_file_ends(tmp_path, name):
    path = written(tmp_path, name, array())
    file = voxel_file(path)
    whole = file.read_bytes()
    for share in (0.95, 0.5, 0.25, 0.02, 0):
        file.write_bytes(whole[: int(len(whole) * share)])
        with pytest.raises(UserError) as refusal:
            read_volume(path)
        expect_one_line(refusal, path, "damaged")
        assert file.name in str(refusal.value)


@written_as
def test_not_a_number_is_noticed(tmp_path, name):
    values = array()
    values[2, 3, 4] = np.nan
    path = written(tmp_path, name, values)
    with pytest.raises(UserError) as refusal:
        read_volume(path)
    expect_one_line(refusal, path, "contains NaN or infinite values")


@pytest.mark.parametrize("name", ["nii", "nii.gz", "pair", "mha", "mhd", "nrrd"])
def test_a_slice_that_the_header_does_not_know_is_noticed(tmp_path, name):
    path = written(tmp_path, name, array())
    file = voxel_file(path)
    more = array()[0].tobytes()
    whole = file.read_bytes()
    compressed = name == "nii.gz"
    file.write_bytes(gzip.compress(gzip.decompress(whole) + more) if compressed else whole + more)
    with pytest.raises(UserError) as refusal:
        read_volume(path)
    expect_one_line(refusal, path, "bytes of voxels where its header announces")


@pytest.mark.parametrize("ending", [".vtk", ".nhdr", ".gipl", ".png"])
def test_another_format_is_refused_with_the_list(tiny, tmp_path, ending):
    path = tmp_path / f"x{ending}"
    path.write_bytes(b"anything")
    for read in (read_header, read_volume):
        with pytest.raises(UserError) as refusal:
            read(path)
        expect_one_line(refusal, path, ".nii.gz, .nii (NIfTI-1); ")
    with pytest.raises(UserError) as refusal:
        scan(tiny.raw, tiny.card(source={"layout": "nnunet", "ending": ending}))
    expect_one_line(refusal, tiny.datasets / "tiny" / "card.yaml", "field 'source.ending'")
    assert ".mha, .mhd (MetaImage)" in str(refusal.value)


def rewritten(tiny, ending):
    """All of tiny's files in another format; the card for it."""
    for folder in ("imagesTr", "labelsTr"):
        for path in list((tiny.raw / folder).iterdir()):
            image = SimpleITK.ReadImage(str(path))
            name = path.name.removesuffix(".nii.gz")
            SimpleITK.WriteImage(image, str(path.with_name(name + ending)))
            if ending == ".tif":
                spacing = path.with_name(f"{name.removesuffix('_0000')}.json")
                spacing.write_text('{"spacing": [2, 1, 1]}')
            path.unlink()
    return tiny.card(source={"layout": "nnunet", "ending": ending})


@pytest.mark.parametrize("ending", [".hdr", ".mhd", ".tif"])
def test_a_second_file_that_changes_is_noticed(tiny, whole, tmp_path, ending):
    card = rewritten(tiny, ending)
    info = prepare(card, tiny.raw, tmp_path / "tiny", 1, lambda *_: None)
    assert (info.checksum, info.spacing) == (whole.checksum, (2, 1, 1))
    case = scan(tiny.raw, card)[2]
    second = files_of(case.files[0])[1]
    content = second.read_bytes()
    second.write_bytes(content.replace(b"[2, 1, 1]", b"[2, 1, 3]"))
    if second.suffix != ".json":
        second.write_bytes(bytes([content[0] ^ 1]) + content[1:])
    with pytest.raises(UserError, match=r"has changed since .* was made from it; restore it"):
        prepare(card, tiny.raw, tmp_path / "tiny", 1, lambda *_: None)
    second.unlink()
    with pytest.raises(UserError) as refusal:
        scan(tiny.raw, card)
    expect_one_line(refusal, second, "missing, ")


def test_a_listing_names_second_files_once(tiny):
    before = listing_hash(list_files(scan(tiny.raw, tiny.card())))
    files = list_files(scan(tiny.raw, rewritten(tiny, ".hdr")))
    assert "imagesTr/tiny_1_0000.img" in files["tiny_1"]
    assert before != listing_hash(files)


SIZE = "must be three positive numbers"


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (None, "missing, because a TIFF has no voxel size of its own; write"),
        ('{"spacing": [1, 1]}', SIZE),
        ('{"spacing": [0, 1, 1]}', SIZE),
        ('{"spacing": ["4", 1, 1]}', SIZE),
        ('{"spacing": [NaN, 1, 1]}', SIZE),
        ("[1, 1, 1]", SIZE),
        ("{", "not valid JSON"),
    ],
)
def test_the_voxel_size_of_a_tiff_is_never_made_up(tmp_path, content, cause):
    path = written(tmp_path, "tif in one piece", array())
    spacing = path.with_suffix(".json")
    spacing.unlink() if content is None else spacing.write_text(content)
    with pytest.raises(UserError) as refusal:
        read_volume(path)
    expect_one_line(refusal, spacing, cause)


def test_a_tiffs_spacing_file_has_nnunets_name(tmp_path):
    images, labels = tmp_path / "imagesTr", tmp_path / "labelsTr"
    assert files_of(images / "a_0001_0000.tif")[1] == images / "a_0001.json"
    assert files_of(labels / "a_0001.tif")[1] == labels / "a_0001.json"
    assert files_of(tmp_path / "scan.tiff")[1] == tmp_path / "scan.json"


@pytest.mark.parametrize(
    ("values", "options"),
    [
        (np.ones((20, 30), np.uint8), {}),
        (np.ones((20, 30, 3), np.uint8), {"photometric": "rgb"}),
        (np.ones((2, 6, 20, 30), np.uint8), {"photometric": "minisblack"}),
    ],
)
def test_a_tiff_that_is_no_volume_is_refused(tmp_path, values, options):
    path = tmp_path / "x.tif"
    write_tiff(path, values, **options)
    with pytest.raises(UserError) as refusal:
        read_volume(path)
    expect_one_line(refusal, path, "not a single three-dimensional image")


@pytest.mark.parametrize("kind", ["bool", "float16", ">u2", ">f4", "int64"])
def test_every_type_of_a_tiff_is_read(tmp_path, kind):
    values = (array() > 100).astype(kind)
    path = tmp_path / "x.tif"
    write_tiff(path, values, byteorder=">" if kind.startswith(">") else None)
    np.testing.assert_array_equal(read_volume(path).array, values.astype(np.float32))


def test_complex_numbers_are_refused(tmp_path):
    path = tmp_path / "x.tif"
    write_tiff(path, array(np.complex64))
    with pytest.raises(UserError, match="voxels of type complex64; save it as integers or floats"):
        read_volume(path)


def test_a_file_compressed_twice_is_told(tmp_path):
    path = written(tmp_path, "nii.gz", array())
    path.write_bytes(gzip.compress(path.read_bytes()))
    with pytest.raises(UserError, match=r"x\.nii\.gz: gzip-compressed twice; unpack it once"):
        read_volume(path)


def test_a_nifti_of_another_name_is_told(tmp_path):
    path = written(tmp_path, "nii", array()).rename(tmp_path / "x.mha")
    with pytest.raises(UserError, match=r"x\.mha: a NIfTI file called \.mha; rename it"):
        read_volume(path)


def test_a_plain_file_named_gz_is_read_with_a_note(tmp_path):
    packed = written(tmp_path, "nii.gz", array())
    plain = tmp_path / "plain.nii.gz"
    plain.write_bytes(gzip.decompress(packed.read_bytes()))
    volume = read_volume(plain)
    np.testing.assert_array_equal(volume.array, array())
    assert [(note.file, note.what) for note in volume.notes] == [
        (plain, "not compressed, though called .gz; read anyway")
    ]
    plain.write_bytes(plain.read_bytes()[:-1])
    with pytest.raises(UserError, match="truncated or damaged"):
        read_volume(plain)


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (
            gzip.compress(b"n", mtime=0),
            "gzip-compressed, though not called .gz; rename it to x.nii.gz",
        ),
        (b"<!DOCTYPE html><html>", "a web page; download it again"),
        (b"version https://git-lfs.github.com/spec/v1\n", "a pointer of Git LFS; fetch"),
        (b"PK\x03\x04rest", "a ZIP archive; unpack it"),
        (bytes(128) + b"DICM", "a DICOM file; convert the series"),
        (b"NRRD0004\n", "a .nrrd file called .nii; rename it"),
        (b"II*\0\x10", "a .tif file called .nii; rename it"),
    ],
)
def test_something_else_is_told_as_what_it_is(tmp_path, content, cause):
    path = tmp_path / "x.nii"
    path.write_bytes(content)
    for read in (read_header, read_volume):
        with pytest.raises(UserError) as refusal:
            read(path)
        expect_one_line(refusal, path, cause)


@pytest.mark.parametrize("wrong", [0.0, float("nan"), float("inf")])
def test_a_nifti_without_a_voxel_size_is_refused(tmp_path, wrong):
    path = written(tmp_path, "nii", array())
    content = bytearray(path.read_bytes())
    struct.pack_into("<f", content, 88, wrong)
    path.write_bytes(content)
    with pytest.raises(UserError) as refusal:
        read_volume(path)
    expect_one_line(refusal, path, "has the voxel size ")


@pytest.mark.parametrize(
    ("name", "old", "new", "cause"),
    [
        ("mhd", b"ElementSpacing = 0.75 0.5 4\n", b"", "has no voxel size"),
        ("mhd", b"ElementSpacing = 0.75 0.5 4", b"", "has an empty line after '"),
        ("mhd", b"NDims = 3", b"NDims = 4", "has NDims 4 and DimSize '30 20 6', which don't fit"),
        ("mhd", b"DimSize = 30 20 6\n", b"", "has no field 'DimSize'"),
        ("nrrd", b"sizes: 30 20 6\n", b"", "has no field 'sizes'"),
        ("mhd", b"ElementSpacing = 0.75", b"ElementSpacing = 0", "has the voxel size '0 0.5 4'"),
        ("mhd", b"x.raw", b"LIST", "one file per slice"),
        ("mhd", b"x.raw", b"x%03d.raw 1 6 1", "one file per slice"),
        ("nrrd", b"(0,0.5,0)", b"(0,nan,0)", "has the directions '(0.75,0,0) (0,nan,0)"),
        ("nrrd", b"encoding: raw", b"encoding: hex", "encoding 'hex'"),
        ("nrrd", b"encoding: raw", b"encoding: raw\ndata file: y", "in another file"),
    ],
)
def test_what_a_text_header_leaves_open_is_refused(tmp_path, name, old, new, cause):
    path = written(tmp_path, name, array())
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new))
    for read in (read_header, read_volume):
        with pytest.raises(UserError) as refusal:
            read(path)
        expect_one_line(refusal, path, cause)


@pytest.mark.parametrize("size", [b"0", b"17", b"999999999", None])
@pytest.mark.parametrize("name", ["mha compressed", "mhd compressed"])
def test_a_wrong_compressed_size_is_noticed(tmp_path, name, size):
    # ITK would return whatever is in memory, without an error.
    path = written(tmp_path, name, array(np.uint8))
    content = path.read_bytes()
    new = b"" if size is None else b"CompressedDataSize = " + size + b"\n"
    path.write_bytes(re.sub(rb"CompressedDataSize = \d+\n", new, content))
    assert path.read_bytes() != content
    with pytest.raises(UserError) as refusal:
        read_volume(path)
    cause = "no field 'CompressedDataSize'" if size is None else "truncated or damaged"
    expect_one_line(refusal, path, cause)


def test_analyze_is_told_from_nifti(tmp_path):
    path = written(tmp_path, "pair", array())
    content = bytearray(path.read_bytes())
    content[344:348] = bytes(4)
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"x\.hdr: Analyze 7\.5, .*; convert it to NIfTI-1"):
        read_volume(path)


def test_a_pair_without_its_voxels_names_them(tmp_path):
    path = written(tmp_path, "pair", array())
    shutil.move(path.with_suffix(".img"), tmp_path / "y.img")
    with pytest.raises(UserError, match=r"x\.img: missing, it has the voxels of x\.hdr; copy both"):
        read_volume(path)


def test_a_pair_whose_voxels_are_called_in_capitals_names_them(tmp_path):
    path = written(tmp_path, "pair", array())
    shutil.move(path.with_suffix(".img"), tmp_path / "x.IMG")
    with pytest.raises(UserError, match=r"x\.img: missing, but x\.IMG is there; write all endings"):
        read_volume(path)


def test_pages_that_were_appended_are_not_called_of_other_kinds(tmp_path):
    path = tmp_path / "x.tif"
    for append in (False, True):
        write_tiff(path, array(), append=append)
    with pytest.raises(UserError, match=r"x\.tif: has 2 images \(6 x 20 x 30, 6 x 20 x 30\); give"):
        read_volume(path)


@pytest.mark.parametrize(
    ("name", "old", "new"),
    [
        ("mha", b"Matrix = 1 0 0 0 1", b"Matrix = 1 0.4 0 0 1"),
        ("nrrd", b"(0,0.5,0)", b"(0.2,0.5,0)"),
    ],
)
def test_axes_that_are_not_perpendicular_are_refused(tmp_path, name, old, new):
    path = written(tmp_path, name, array())
    content = path.read_bytes()
    assert old in content
    path.write_bytes(content.replace(old, new))
    with pytest.raises(UserError) as refusal:
        read_volume(path)
    expect_one_line(refusal, path, "its axes aren't perpendicular")


@pytest.mark.parametrize(
    "name",
    ["nii", "nii.gz", "pair", "mha", "mhd", "nrrd", "mha compressed", "nrrd compressed"],
)
def test_bytes_that_the_header_does_not_announce_are_counted(tmp_path, name):
    path = written(tmp_path, name, array())
    assert "surplus" not in {note.kind for note in read_volume(path).notes}
    file = voxel_file(path)
    whole = file.read_bytes()
    packed = name == "nii.gz"
    file.write_bytes(gzip.compress(gzip.decompress(whole) + b"1234") if packed else whole + b"1234")
    (note,) = (note for note in read_volume(path).notes if note.kind == "surplus")
    assert note.what.startswith("has 4 bytes more than its header announces")
