from dataclasses import replace

import numpy as np
import pytest

from benchmark.pictures.colours import CLASSES, EDGE, OUTLINE, rgb
from benchmark.pictures.tiles import Surroundings, around, cut, tile
from nnactive.anatomy.views import views
from nnactive.geometry import Patch

SIDE = 60
BRIGHT = 204
"""Shade of a scene's block."""
ONE = (1.0, 1.0, 1.0)
AXIAL, CORONAL, SAGITTAL = views(None)


def scene(spot: tuple[int, int, int], label: np.ndarray | None = None, spacing=ONE) -> Surroundings:
    """A cube of 30 voxels with a bright block of 4 voxels, and a patch in its middle."""
    image = np.zeros((30, 30, 30), np.float32)
    image[tuple(slice(a, a + 4) for a in spot)] = BRIGHT / 255
    label = np.zeros(image.shape, np.int16) if label is None else label
    return Surroundings(image, label, (10, 10, 10), (10, 10, 10), spacing)


def brightest(picture: np.ndarray) -> tuple[bool, bool]:
    """Whether the bright pixels lie in the upper half, and in the left one."""
    rows, columns = np.nonzero((picture == BRIGHT).all(axis=2))
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
    assert not (tile(scene((2, 2, 2)), AXIAL, SIDE) == BRIGHT).all(axis=2).any()


@pytest.mark.parametrize("view", views(None), ids=lambda view: view.name)
def test_the_outline_is_where_the_patch_is(view):
    picture = tile(scene((0, 0, 0)), view, SIDE)
    rows, columns = np.nonzero((picture == OUTLINE).all(axis=2))
    # Voxels 10 to 19 of 30, two pixels a voxel; z points up, which is symmetric here.
    assert (rows.min(), rows.max()) == (20, 39)
    assert (columns.min(), columns.max()) == (20, 39)
    assert rows.size == 4 * 19


@pytest.mark.parametrize("thick", [1, 2])
def test_the_outline_shows_on_a_bright_image(thick):
    bright = replace(scene((0, 0, 0)), image=np.ones((30, 30, 30), np.float32))
    picture = tile(bright, AXIAL, SIDE, thick)
    out = thick + 1 if thick > 1 else 1
    rows, columns = np.nonzero((picture == EDGE).all(axis=2))
    assert (rows.min(), rows.max()) == (columns.min(), columns.max()) == (20 - out, 39 + out)
    assert (picture[20:40, 20:40] == OUTLINE).all()


# Of Machado et al. 2009 (DOI 10.1109/TVCG.2009.113): what the colour-blind see of linear RGB.
SEEN = {
    "all": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "no red": ((0.152, 1.053, -0.205), (0.115, 0.786, 0.099), (-0.004, -0.048, 1.052)),
    "no green": ((0.367, 0.861, -0.228), (0.280, 0.673, 0.047), (-0.012, 0.043, 0.969)),
    "no blue": ((1.256, -0.077, -0.179), (-0.078, 0.931, 0.148), (0.005, 0.691, 0.304)),
}


@pytest.mark.parametrize("sight", SEEN)
def test_the_outline_stands_out_from_every_class_to_every_eye(sight):
    def luminance(colour):
        linear = SEEN[sight] @ (np.array(colour) / 255) ** 2.2
        return np.clip(linear, 0, 1) @ (0.2126, 0.7152, 0.0722)

    for colour in CLASSES:  # contrast as WCAG defines it
        assert (luminance(OUTLINE) + 0.05) / (luminance(rgb(colour)) + 0.05) > 2


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
