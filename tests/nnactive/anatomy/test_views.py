"""What is left, right, up and down on a plane, by SimpleITK's physical coordinates."""

from itertools import permutations, product

import numpy as np
import pytest
import SimpleITK

from nnactive.anatomy.axes import OPPOSITE, orientation, towards
from nnactive.anatomy.views import PLANES, views

SIZE = (5, 6, 7)
"""Voxels of a file on its x, y and z axis: no two alike."""
SPACING = (1.5, 2.0, 0.7)
SIDES = {"L": (1, 0, 0), "P": (0, 1, 0), "S": (0, 0, 1)}
"""Where SimpleITK's physical coordinates grow."""


def directions() -> dict[str, np.ndarray]:
    """All 48 matrices that permute and flip axes, and an oblique one."""
    found = {}
    for order in permutations(range(3)):
        for signs in product((1, -1), repeat=3):
            matrix = np.zeros((3, 3))
            matrix[order, range(3)] = signs
            found[f"{order}{signs}"] = matrix
    turn, tilt = np.radians([20, -15])
    about_z = [[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1]]
    about_x = [[1, 0, 0], [0, np.cos(tilt), -np.sin(tilt)], [0, np.sin(tilt), np.cos(tilt)]]
    flipped = np.array(about_z) @ about_x @ np.diag((-1, 1, -1))
    return found | {"oblique": flipped}


DIRECTIONS = directions()


def image_with(direction: np.ndarray) -> SimpleITK.Image:
    image = SimpleITK.Image(*SIZE, SimpleITK.sitkFloat32)
    image.SetSpacing(SPACING)
    image.SetOrigin((-30.0, 12.0, 5.0))
    image.SetDirection(direction.ravel().tolist())
    return image


def side(letter: str) -> np.ndarray:
    """Where in SimpleITK's physical coordinates a side of the body lies."""
    if letter in SIDES:
        return np.array(SIDES[letter])
    return -np.array(SIDES[OPPOSITE[letter]])


def physical(image: SimpleITK.Image, voxels: np.ndarray) -> np.ndarray:
    """Points ``(..., 3)`` of voxels given by their number in the file's array (z, y, x)."""
    indices = np.stack(np.unravel_index(voxels, SIZE[::-1]), axis=-1)[..., ::-1]
    points = [image.TransformIndexToPhysicalPoint(each.tolist()) for each in indices.reshape(-1, 3)]
    return np.array(points).reshape(*voxels.shape, 3)


@pytest.mark.parametrize("transpose", [(0, 1, 2), (2, 0, 1)], ids=["stored", "transposed"])
@pytest.mark.parametrize("name", DIRECTIONS)
def test_sides_are_where_simpleitk_has_them(name: str, transpose: tuple[int, ...]) -> None:
    image = image_with(DIRECTIONS[name])
    stored = np.arange(np.prod(SIZE)).reshape(SIZE[::-1]).transpose(transpose)
    for view, (plane, _, bottom, right) in zip(
        views(towards(image.GetDirection(), transpose)), PLANES, strict=True
    ):
        assert (view.name, view.bottom, view.right) == (plane, bottom, right)
        points = physical(image, view.upright(np.take(stored, 1, view.axis)))
        down, across = points[-1, 0] - points[0, 0], points[0, -1] - points[0, 0]
        for moved, letter in ((down, bottom), (across, right)):
            way = moved / np.linalg.norm(moved)
            assert way @ side(letter) > (0.8 if name == "oblique" else 0.999)


@pytest.mark.parametrize("toward", ["SPL", "SAR", "LIP", "RSA"])
def test_a_box_is_where_its_voxels_are(toward: str) -> None:
    volume = np.zeros((5, 6, 7), bool)
    start, size = (1, 2, 0), (2, 3, 4)
    volume[tuple(slice(a, a + n) for a, n in zip(start, size, strict=True))] = True
    for view in views(toward):
        rows, columns = np.nonzero(view.upright(volume.any(axis=view.axis)))
        top, left, height, width = view.box(start, size, volume.shape)
        assert (rows.min(), rows.max() + 1) == (top, top + height)
        assert (columns.min(), columns.max() + 1) == (left, left + width)


def test_an_upright_plane_keeps_its_colours() -> None:
    coloured = np.zeros((4, 6, 3), np.uint8)
    coloured[0, 1] = (1, 2, 3)
    (axial, *_) = views("SLP")  # rows and columns change places
    assert axial.upright(coloured).shape == (6, 4, 3)
    assert tuple(axial.upright(coloured)[1, 0]) == (1, 2, 3)


def test_letters_are_those_of_simpleitk() -> None:
    assert orientation((1, 0, 0, 0, 1, 0, 0, 0, 1)) == "LPS"
    assert towards((-1, 0, 0, 0, -1, 0, 0, 0, 1)) == "SAR"


def test_an_unknown_orientation_is_taken_for_an_identity_matrix() -> None:
    assert views(None) == views(towards(np.eye(3).ravel().tolist()))


def test_letters_of_one_axis_twice_are_refused() -> None:
    with pytest.raises(ValueError, match="no axis of 'SIL' points to P or A"):
        views("SIL")


def test_opposite_sides_are_named() -> None:
    view = views(None)[2]
    assert (view.left, view.right, view.top, view.bottom) == ("A", "P", "S", "I")
