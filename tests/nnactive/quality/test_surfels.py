import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnactive.quality.surfels import CODES, surfel_areas, surfels

SPACINGS = {"isotropic": (1.0, 1.0, 1.0), "acdc": (5.0, 1.5625, 1.5625), "skew": (0.7, 2.0, 1.3)}


def box_area(size: tuple[int, ...], spacing: tuple[float, ...]) -> float:
    """Flat faces between voxel centres, bevelled edges, cut corners."""
    a, b, c = ((n - 1) * s for n, s in zip(size, spacing, strict=True))
    z, y, x = spacing
    faces = 2 * (a * b + b * c + a * c)
    edges = 2 * (a * math.hypot(y, x) + b * math.hypot(z, x) + c * math.hypot(z, y))
    return faces + edges + math.sqrt((z * y) ** 2 + (y * x) ** 2 + (x * z) ** 2)


@pytest.mark.parametrize("spacing", SPACINGS.values(), ids=SPACINGS)
@pytest.mark.parametrize("size", [(1, 1, 1), (4, 4, 4), (2, 5, 3), (1, 7, 2)], ids=str)
def test_a_box_has_its_area(size, spacing) -> None:
    found = surfels(np.ones(size, dtype=bool), spacing)
    assert found.areas.sum() == pytest.approx(box_area(size, spacing))
    assert found.places.shape == tuple(n + 1 for n in size)
    assert len(found.areas) == found.places.sum()


def test_the_area_does_not_depend_on_the_room_around() -> None:
    inner = np.ones((3, 4, 5), dtype=bool)
    room = np.pad(inner, ((2, 0), (1, 3), (0, 4)))
    spacing = SPACINGS["skew"]
    assert surfels(room, spacing).areas.sum() == pytest.approx(surfels(inner, spacing).areas.sum())


def test_a_balls_area_is_about_that_of_a_ball() -> None:
    grid = np.indices((41, 41, 41)) - 20
    spacing = np.array([1.0, 0.5, 0.5])
    ball = ((grid * spacing[:, None, None, None]) ** 2).sum(axis=0) <= 9**2
    # Steps of voxels that are in or out: some per cent more than smooth.
    assert 1 < surfels(ball, tuple(spacing)).areas.sum() / (4 * math.pi * 9**2) < 1.12


def test_nothing_has_no_surface() -> None:
    found = surfels(np.zeros((3, 3, 3), dtype=bool), (1.0, 1.0, 1.0))
    assert not found.places.any()
    assert found.areas.shape == (0,)


def test_areas_of_a_cell_are_those_of_its_complement_and_of_its_mirror_images() -> None:
    areas = surfel_areas((1.0, 2.0, 3.0))
    assert areas[0] == areas[-1] == 0
    assert (areas[1:-1] > 0).all()
    np.testing.assert_allclose(areas, areas[::-1])
    mirrored = [(code >> 4) | (code & 15) << 4 for code in range(CODES)]  # x is the highest bit
    np.testing.assert_allclose(areas, areas[mirrored], rtol=0.05)


@settings(max_examples=10, deadline=None)
@given(st.integers(0, CODES - 1), st.floats(0.1, 10))
def test_areas_grow_with_the_square_of_the_spacing(code, factor) -> None:
    base = surfel_areas((1.0, 2.0, 0.5))[code]
    scaled = surfel_areas((factor, 2 * factor, 0.5 * factor))[code]
    assert scaled == pytest.approx(base * factor**2)


@pytest.mark.slow
@pytest.mark.parametrize("spacing", SPACINGS.values(), ids=SPACINGS)
def test_areas_of_all_cells_are_monais(spacing) -> None:
    from monai.metrics.utils import get_code_to_measure_table

    table, kernel = get_code_to_measure_table(spacing)
    bits = kernel.numpy().reshape(2, 2, 2).astype(int)
    for code, area in enumerate(surfel_areas(spacing)):
        inside = [
            bits[z, y, x] for z, y, x in np.ndindex(2, 2, 2) if code >> (z + 2 * y + 4 * x) & 1
        ]
        assert area == pytest.approx(float(table[sum(inside)]), rel=1e-5)
