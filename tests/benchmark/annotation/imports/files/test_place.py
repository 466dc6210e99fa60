"""Where a file lies in an image's grid, whichever way its axes run."""

from itertools import permutations, product

import numpy as np
import pytest
import SimpleITK
from projects import OBLIQUE, placed

from benchmark.annotation.imports.files.place import (
    crop_grid,
    cut,
    difference,
    lie_of,
    shift_text,
)
from benchmark.annotation.imports.files.read import grid_of
from nnactive.data.unlabelled.source import Box, Grid

GRID = Grid(
    shape=(12, 40, 50), spacing=(2.5, 0.7, 0.9), origin=(-310.25, 88.5, 1204.1), direction=OBLIQUE
)
BOX = Box(start=(3, 10, 20), size=(5, 6, 7))
WHOLE = np.arange(np.prod(GRID.shape)).reshape(GRID.shape).astype(np.int32)
AXES = [
    "".join(letter[side] for letter, side in zip(axes, sides, strict=True))
    for axes in permutations(("LR", "PA", "SI"))
    for sides in product((0, 1), repeat=3)
]


def crop() -> SimpleITK.Image:
    return placed(GRID, WHOLE[BOX.slices], BOX.start)


def test_there_are_48_ways() -> None:
    assert len(set(AXES)) == 48


@pytest.mark.parametrize("axes", AXES)
def test_a_turned_file_is_at_its_place(axes: str) -> None:
    image = SimpleITK.DICOMOrient(crop(), axes)
    lie = lie_of(GRID, grid_of(image))
    assert lie is not None
    assert lie.is_at(BOX)
    array = SimpleITK.GetArrayFromImage(image)
    np.testing.assert_array_equal(lie.oriented(array), WHOLE[BOX.slices])


def test_the_grid_of_a_crop_is_as_simpleitk_has_it() -> None:
    made, found = crop_grid(GRID, BOX), grid_of(crop())
    assert made.shape == found.shape
    np.testing.assert_allclose(made.origin, found.origin, atol=1e-9)


@pytest.mark.parametrize("shift", [(1, 0, 0), (0, -3, 2), (0.5, 0, 0), (0, 0.3, 0)])
def test_a_shift_is_told_in_voxels(shift: tuple[float, float, float]) -> None:
    moved = placed(GRID, WHOLE[BOX.slices], np.add(BOX.start, shift))
    lie = lie_of(GRID, grid_of(moved))
    assert lie is not None
    assert not lie.is_at(BOX)
    assert difference(GRID, BOX, grid_of(moved)) == f"is shifted by {shift_text(shift)}"


def test_a_headers_rounding_is_none() -> None:
    moved = placed(GRID, WHOLE[BOX.slices], np.add(BOX.start, 0.01))
    lie = lie_of(GRID, grid_of(moved))
    assert lie is not None
    assert lie.is_at(BOX)


def test_other_axes_lie_nowhere() -> None:
    image = crop()
    image.SetSpacing((0.9, 0.7, 2.8))
    assert lie_of(GRID, grid_of(image)) is None
    image = crop()
    image.SetDirection((1, 0, 0, 0, 1, 0, 0, 0, 1))
    assert lie_of(GRID, grid_of(image)) is None


def test_a_cut_needs_every_voxel_or_something_to_fill_them() -> None:
    held = Box(start=(4, 10, 20), size=(4, 6, 7))
    array = WHOLE[held.slices]
    assert cut(array, held, BOX) is None
    found = cut(array, held, BOX, fill=0)
    assert found is not None
    assert not found[0].any()
    np.testing.assert_array_equal(found[1:], array)
    far = cut(array, Box(start=(0, 0, 0), size=(4, 6, 7)), BOX, fill=9)
    assert far is not None
    assert (far == 9).all()
