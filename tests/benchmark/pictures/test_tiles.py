import numpy as np
import pytest

from benchmark.pictures.colours import CLASSES, rgb
from benchmark.pictures.tiles import OUTLINE, Surroundings, around, cut, tile
from nnactive.anatomy.views import views
from nnactive.geometry import Patch

SIDE = 60
ONE = (1.0, 1.0, 1.0)
AXIAL, CORONAL, SAGITTAL = views(None)


def scene(spot: tuple[int, int, int], label: np.ndarray | None = None, spacing=ONE) -> Surroundings:
    """A cube of 30 voxels with a bright block of 4 voxels, and a patch in its middle."""
    image = np.zeros((30, 30, 30), np.float32)
    image[tuple(slice(a, a + 4) for a in spot)] = 1
    label = np.zeros(image.shape, np.int16) if label is None else label
    return Surroundings(image, label, (10, 10, 10), (10, 10, 10), spacing)


def brightest(picture: np.ndarray) -> tuple[bool, bool]:
    """Whether the white pixels lie in the upper half, and in the left one."""
    rows, columns = np.nonzero((picture == 255).all(axis=2))
    assert rows.size
    return rows.mean() < SIDE / 2, columns.mean() < SIDE / 2


@pytest.mark.parametrize(
    ("view", "spot", "upper", "left"),
    [
        (AXIAL, (13, 2, 2), True, True),  # y points to the back, x to the left
        (AXIAL, (13, 2, 24), True, False),
        (AXIAL, (13, 24, 2), False, True),
        (CORONAL, (2, 13, 2), False, True),  # z points up
        (CORONAL, (24, 13, 24), True, False),
        (SAGITTAL, (2, 2, 13), False, True),
        (SAGITTAL, (24, 24, 13), True, False),
    ],
    ids=lambda value: getattr(value, "name", None),
)
def test_nothing_is_mirrored_or_upside_down(view, spot, upper, left):
    assert brightest(tile(scene(spot), view, SIDE)) == (upper, left)


def test_the_plane_goes_through_the_patch_s_centre():
    assert not (tile(scene((2, 2, 2)), AXIAL, SIDE) == 255).all(axis=2).any()


@pytest.mark.parametrize("view", views(None), ids=lambda view: view.name)
def test_the_outline_is_where_the_patch_is(view):
    picture = tile(scene((0, 0, 0)), view, SIDE)
    rows, columns = np.nonzero((picture == OUTLINE).all(axis=2))
    # Voxels 10 to 19 of 30, two pixels a voxel; z points up, which is symmetric here.
    assert (rows.min(), rows.max()) == (20, 39)
    assert (columns.min(), columns.max()) == (20, 39)
    assert rows.size == 4 * 19


def test_labels_are_outlined_in_their_class_s_colour():
    label = np.zeros((30, 30, 30), np.int16)
    label[12:18, 12:18, 12:15] = 1
    label[12:18, 12:18, 15:18] = 2
    picture = tile(scene((0, 0, 0), label), AXIAL, SIDE)
    for value, left, right in ((1, 24, 29), (2, 30, 35)):
        rows, columns = np.nonzero((picture == rgb(CLASSES[value - 1])).all(axis=2))
        assert (rows.min(), rows.max(), columns.min(), columns.max()) == (24, 35, left, right)
        assert not ((rows == 30) & (columns == left + 2)).any()  # inside, no colour


def test_anisotropic_voxels_keep_their_shape():
    wide = Surroundings(
        np.ones((6, 30, 30), np.float32), np.zeros((6, 30, 30), np.int16), (2, 10, 10), (2, 10, 10),
        (5.0, 1.0, 1.0),
    )  # fmt: skip
    assert (tile(wide, CORONAL, SIDE) == 255).all(axis=2).mean() > 0.9
    flat = Surroundings(wide.image, wide.label, wide.start, wide.size, (1.0, 1.0, 1.0))
    rows, _ = np.nonzero(tile(flat, CORONAL, SIDE).any(axis=2))
    assert (rows.min(), rows.max()) == (24, 35)


def test_what_is_around_is_as_wide_in_mm_on_each_axis_and_inside_the_image():
    patch = Patch("a", (4, 40, 0), (4, 20, 20))
    box = around(patch, (40, 100, 100), (5.0, 1.0, 1.0), 2.0)
    assert box == (slice(2, 10), slice(30, 70), slice(0, 30))


def test_no_label_outside_the_patch_is_shown():
    patch = Patch("a", (4, 4, 4), (4, 4, 4))
    box = (slice(2, 12),) * 3
    label = np.ones((10, 10, 10), np.int16)
    found = cut(patch, np.zeros((10, 10, 10), np.float32), label, ONE, box)
    assert found.start == (2, 2, 2)
    assert found.label.sum() == found.label[2:6, 2:6, 2:6].sum() == 64
