"""Two grids differ by how far they move a voxel, wherever it is."""

import numpy as np
import pytest
import SimpleITK
from tiny import expect_one_line

from nnactive.data.check.case_facts import look
from nnactive.data.raw.files.volumes import Volume
from nnactive.data.raw.grids import TAKEN, check_geometry, shift
from nnactive.data.raw.layout import Found
from nnactive.data.raw.loading import load_case
from nnactive.errors import UserError

SHAPE = (16, 20, 20)


def turned(angle):
    """Around z, in radians."""
    return (np.cos(angle), -np.sin(angle), 0, np.sin(angle), np.cos(angle), 0, 0, 0, 1)


def volume(shape=SHAPE, spacing=(1.0, 1.0, 1.0), origin=(0.0, 0.0, 0.0), direction=turned(0)):  # noqa: B008
    return Volume(np.ones(shape, np.float32), spacing, origin, direction)


def by_itk(image, other):
    """The largest shift in voxels, corner by corner, by ITK's own transformation."""

    def made(volume):
        result = SimpleITK.Image(
            *(int(n) for n in reversed(volume.array.shape)), SimpleITK.sitkUInt8
        )
        result.SetSpacing(tuple(reversed(volume.spacing)))
        result.SetOrigin(volume.origin)
        result.SetDirection(volume.direction)
        return result

    first, second = made(image), made(other)
    largest = 0.0
    for corner in np.ndindex(2, 2, 2):
        index = [int(c * (n - 1)) for c, n in zip(corner, first.GetSize(), strict=True)]
        place = second.TransformIndexToPhysicalPoint(index)
        back = first.TransformPhysicalPointToContinuousIndex(place)
        largest = max(largest, *(abs(b - i) for b, i in zip(back, index, strict=True)))
    return largest


def test_the_shift_is_itks():
    rng = np.random.default_rng(3)
    for _ in range(20):
        image = volume(
            spacing=tuple(rng.uniform(0.3, 5, 3)),
            origin=tuple(rng.uniform(-100, 100, 3)),
            direction=turned(rng.uniform(0, 6)),
        )
        other = volume(
            spacing=tuple(np.array(image.spacing) + rng.normal(0, 0.01, 3)),
            origin=tuple(np.array(image.origin) + rng.normal(0, 0.1, 3)),
            direction=turned(rng.uniform(0, 6)),
        )
        assert shift(image, other) == pytest.approx(by_itk(image, other), abs=1e-6)


@pytest.mark.parametrize(
    ("change", "notes"),
    [
        ({}, 0),
        ({"spacing": (1, 1, 1.0001)}, 0),
        ({"origin": (0, 0.001, 0)}, 0),
        ({"direction": turned(0.0012)}, 1),
        ({"spacing": (1, 1, 1.02)}, 1),
        ({"origin": (0, 0.45, 0)}, 1),
    ],
)
def test_less_than_half_a_voxel_is_a_note(tmp_path, change, notes):
    image, label = tmp_path / "image.nii", tmp_path / "label.nii"
    found = check_geometry(image, volume(), label, volume(**change))
    assert [(note.file, note.what) for note in found] == [(label, TAKEN)] * notes


@pytest.mark.parametrize(
    ("change", "cause"),
    [
        ({"origin": (0, 0.55, 0)}, "origin"),
        ({"spacing": (1, 1, 1.03)}, "spacing"),
        ({"direction": turned(0.03)}, "direction"),
        ({"direction": (1, 0, 0, 0, 1, 0, 0, 0, -1)}, "direction"),
        ({"shape": (15, 20, 20)}, "size"),
    ],
)
def test_more_than_half_a_voxel_is_refused(tmp_path, change, cause):
    image, label = tmp_path / "image.nii", tmp_path / "label.nii"
    with pytest.raises(UserError) as refusal:
        check_geometry(image, volume(), label, volume(**change))
    expect_one_line(refusal, image, f"doesn't match {label}: {cause} ")


def test_a_long_image_makes_a_small_angle_matter(tmp_path):
    long = {"shape": (4, 4, 1000)}
    with pytest.raises(UserError, match=r"which moves voxels by up to 1\.2 of their size"):
        check_geometry(
            tmp_path / "i", volume(**long), tmp_path / "l", volume(**long, direction=turned(0.0012))
        )


def test_a_grid_without_depth_is_refused(tmp_path):
    flat = volume(direction=(1, 0, 0, 0, 1, 0, 0, 0, 0))
    with pytest.raises(UserError, match="doesn't match"):
        check_geometry(tmp_path / "i", flat, tmp_path / "l", volume())


def test_the_images_voxel_size_counts(tmp_path, tiny):
    image, label = tiny.case(1)
    case = Found("x", (tmp_path / "x_0000.nii",), tmp_path / "x.nii")
    tiny.write(case.files[0], image, (2, 1, 1))
    tiny.write(case.label, label, (2, 1.02, 1))
    assert load_case(case, 3).spacing == (2, 1, 1)
    looked = look(case, tiny.card())
    assert looked.facts.notes == (("geometry", "x.nii", TAKEN),)
