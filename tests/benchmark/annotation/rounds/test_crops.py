import gzip
import itertools

import nibabel
import numpy as np
import pytest
import SimpleITK
from scipy.spatial.transform import Rotation

from benchmark.annotation.rounds.formats import suffix_for
from benchmark.annotation.rounds.layout import grown
from benchmark.annotation.rounds.names import NIFTI, NRRD
from benchmark.annotation.rounds.templates.crops import cut, placed, save
from benchmark.annotation.rounds.templates.originals import copied
from nnactive.data.unlabelled.source import Box, Grid

TURNED = Rotation.from_euler("xyz", [20, -13, 7], degrees=True).as_matrix()
DIRECTIONS = {
    "LPS": np.eye(3),
    "RAS": np.diag([-1.0, -1.0, 1.0]),
    "left-handed": np.diag([-1.0, 1.0, 1.0]),
    "mixed axes": np.eye(3)[:, [2, 0, 1]],
    "oblique": TURNED,
    "oblique and left-handed": TURNED @ np.diag([1, -1, 1]),
    "thousandths": np.round(TURNED, 3),
    "sheared": TURNED @ np.array([[1, 0, 0.2], [0, 1, 0], [0, 0, np.sqrt(0.96)]]),
}
SKEWED = {"thousandths", "sheared"}
RIGHT_ANGLED = [name for name in DIRECTIONS if name not in SKEWED]
BOX = Box(start=(10, 300, 3), size=(9, 120, 130))


def an_image(direction: np.ndarray, dtype: type = np.int16) -> SimpleITK.Image:
    values = np.random.default_rng(1).integers(0, 100, (24, 430, 140)).astype(dtype)
    image = SimpleITK.GetImageFromArray(values)
    image.SetSpacing([0.703125, 0.7031, 5.0])
    image.SetOrigin([-1234.5678, 987.654321, -1500.25])
    image.SetDirection(direction.ravel().tolist())
    return image


def grid_of(image: SimpleITK.Image) -> Grid:
    return Grid(
        shape=image.GetSize()[::-1],
        spacing=image.GetSpacing()[::-1],
        origin=image.GetOrigin(),
        direction=image.GetDirection(),
    )


def displacement(image: SimpleITK.Image, part: SimpleITK.Image, box: Box) -> float:
    """By how many voxels a part's corners lie elsewhere than in its image."""
    worst = 0.0
    for corner in itertools.product(*((0, n - 1) for n in part.GetSize())):
        place = part.TransformIndexToPhysicalPoint(corner)
        found = image.TransformPhysicalPointToContinuousIndex(place)
        wanted = np.add(corner, box.start[::-1])
        worst = max(worst, float(np.abs(np.subtract(found, wanted)).max()))
    return worst


@pytest.mark.parametrize("name", DIRECTIONS)
def test_crops_lie_where_their_image_has_them(tmp_path, name) -> None:
    image = an_image(DIRECTIONS[name])
    suffix = suffix_for(grid_of(image))
    assert suffix == (NRRD if name in SKEWED else NIFTI)
    file = tmp_path / f"crop{suffix}"
    save(cut(image, BOX), file)
    part = SimpleITK.ReadImage(str(file))
    assert displacement(image, part, BOX) < 1e-3
    np.testing.assert_array_equal(
        SimpleITK.GetArrayFromImage(part), SimpleITK.GetArrayFromImage(image)[BOX.slices]
    )
    label = placed(np.zeros(BOX.size, np.uint8), grid_of(image), BOX)
    assert displacement(image, label, BOX) < 1e-6


@pytest.mark.parametrize("name", RIGHT_ANGLED)
def test_both_forms_of_nifti_agree(tmp_path, name) -> None:
    save(cut(an_image(DIRECTIONS[name]), BOX), tmp_path / "crop.nii.gz")
    image = nibabel.load(tmp_path / "crop.nii.gz")
    (sform, known), (qform, also) = image.get_sform(coded=True), image.get_qform(coded=True)
    assert known > 0
    assert also > 0
    np.testing.assert_allclose(sform, qform, atol=1e-3)
    assert np.sign(np.linalg.det(sform)) == np.sign(np.linalg.det(DIRECTIONS[name]))


@pytest.mark.parametrize(
    "dtype",
    [
        "int8",
        "uint8",
        "int16",
        "uint16",
        "int32",
        "uint32",
        "int64",
        "uint64",
        "float32",
        "float64",
    ],
)
def test_the_type_of_voxels_stays(tmp_path, dtype) -> None:
    image = an_image(np.eye(3), np.dtype(dtype).type)
    save(cut(image, BOX), tmp_path / "crop.nii.gz")
    part = SimpleITK.ReadImage(str(tmp_path / "crop.nii.gz"))
    assert part.GetPixelID() == image.GetPixelID()


def test_metadata_stays_behind(tmp_path) -> None:
    image = an_image(np.eye(3))
    image.SetMetaData("0010|0010", "Mustermann^Erika")
    assert not cut(image, BOX).GetMetaDataKeys()


def test_context_is_cut_at_the_edges() -> None:
    grid = grid_of(an_image(np.eye(3)))
    box = Box(start=(0, 100, 130), size=(4, 10, 10))
    assert grown(grid, box, 10) == Box(start=(0, 85, 115), size=(6, 40, 25))
    assert grown(grid, box, 0) == box


class TestOriginals:
    def plain(self, file):
        save(an_image(np.eye(3)), file)
        return file

    def test_plain_files_are_copied_never_linked(self, tmp_path) -> None:
        file = self.plain(tmp_path / "a.nii.gz")
        assert copied(file, tmp_path / "out.nii.gz")
        assert (tmp_path / "out.nii.gz").read_bytes() == file.read_bytes()
        assert not (tmp_path / "out.nii.gz").is_symlink()
        assert file.stat().st_nlink == 1

    @pytest.mark.parametrize(
        "field", ["descrip", "aux_file", "db_name", "intent_name", "data_type"]
    )
    def test_words_in_the_header_are_left_behind(self, tmp_path, field) -> None:
        image = nibabel.load(self.plain(tmp_path / "a.nii.gz"))
        image.header[field] = b"Erika"
        nibabel.save(image, tmp_path / "b.nii.gz")
        assert not copied(tmp_path / "b.nii.gz", tmp_path / "out.nii.gz")
        assert not (tmp_path / "out.nii.gz").exists()

    def test_extensions_and_names_in_gzip_are_left_behind(self, tmp_path) -> None:
        image = nibabel.load(self.plain(tmp_path / "a.nii.gz"))
        image.header.extensions.append(nibabel.nifti1.Nifti1Extension("comment", b"Erika"))
        nibabel.save(image, tmp_path / "b.nii.gz")
        with gzip.open(tmp_path / "Erika.nii.gz", "wb") as named:
            named.write(gzip.decompress((tmp_path / "a.nii.gz").read_bytes()))
        for name in ("b.nii.gz", "Erika.nii.gz"):
            assert not copied(tmp_path / name, tmp_path / "out.nii.gz")

    def test_four_dimensions_and_damage_are_no_plain_files(self, tmp_path) -> None:
        values = np.zeros((4, 4, 4, 1), np.int16)
        nibabel.save(nibabel.Nifti1Image(values, np.eye(4)), tmp_path / "four.nii.gz")
        (tmp_path / "text.nii.gz").write_text("no image")
        content = self.plain(tmp_path / "a.nii.gz").read_bytes()
        (tmp_path / "short.nii.gz").write_bytes(content[:40])
        for name in ("four", "text", "short"):
            assert not copied(tmp_path / f"{name}.nii.gz", tmp_path / "out.nii.gz")
