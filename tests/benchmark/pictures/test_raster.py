import numpy as np
import pytest

from benchmark.pictures.colours import CLASSES, blend, hexadecimal, rgb
from benchmark.pictures.raster import contours, filled, fitted, outline, squared, stretched

RED = (255, 0, 0)


def drawn(shade: np.ndarray, colour: tuple[int, ...]) -> set[tuple[int, int]]:
    rows, columns = np.nonzero((shade == colour).all(axis=2))
    return set(zip(rows.tolist(), columns.tolist(), strict=True))


def test_the_longer_side_takes_the_pixels_in_true_proportions() -> None:
    assert fitted([10.0, 5.0], 100) == (100, 50, 10.0)
    assert fitted([1.0, 400.0], 100) == (1, 100, 0.25)


def test_stretching_keeps_voxels_and_colours() -> None:
    plane = np.array([[1, 2], [3, 4]])
    assert stretched(plane, 4, 2).tolist() == [[1, 2], [1, 2], [3, 4], [3, 4]]
    assert stretched(np.stack([plane] * 3, axis=2), 2, 4).shape == (2, 4, 3)


@pytest.mark.parametrize("thick", [1, 2])
def test_contours_lie_inside_and_are_as_thick_as_asked(thick: int) -> None:
    label = np.zeros((12, 12), np.int16)
    label[2:10, 3:11] = 1
    shade = np.zeros((12, 12, 3), np.uint8)
    contours(shade, label, thick)
    inner = label.copy()
    inner[2 + thick : 10 - thick, 3 + thick : 11 - thick] = 0
    rows, columns = np.nonzero(inner)
    expected = set(zip(rows.tolist(), columns.tolist(), strict=True))
    assert drawn(shade, rgb(CLASSES[0])) == expected


def test_the_edge_of_the_picture_is_no_contour() -> None:
    shade = np.zeros((5, 5, 3), np.uint8)
    contours(shade, np.ones((5, 5), np.int16), 2)
    assert not shade.any()


def test_a_thick_outline_leaves_the_box_free() -> None:
    shade = np.zeros((20, 20, 3), np.uint8)
    outline(shade, (5, 6, 8, 7), RED, 2)
    assert not shade[5:13, 6:13].any()
    assert (shade[3:5, 4:15] == RED).all()
    assert (shade[3:15, 13:15] == RED).all()
    assert len(drawn(shade, RED)) == 12 * 11 - 8 * 7


def test_a_thin_outline_is_the_box_s_own_edge_and_is_cut_at_the_picture_s() -> None:
    shade = np.zeros((6, 6, 3), np.uint8)
    outline(shade, (1, 2, 3, 9), RED)
    assert drawn(shade, RED) == {(r, c) for r in (1, 2, 3) for c in range(2, 6)} - {
        (2, 3),
        (2, 4),
    }


def test_labels_tint_what_they_cover() -> None:
    shade = np.full((2, 2, 3), 100, np.uint8)
    filled(shade, np.array([[0, 1], [0, 9]]), 0.5)
    tint = np.round((100 + np.array(rgb(CLASSES[0]))) / 2)
    assert np.abs(shade[0, 1].astype(float) - tint).max() <= 1
    assert (shade[1, 1] == shade[0, 1]).all()  # colours begin anew after the last
    assert (shade[:, 0] == 100).all()


def test_a_picture_is_put_into_the_middle_of_a_square() -> None:
    square = squared(np.full((2, 6, 3), 7, np.uint8), 6)
    assert drawn(square, (7, 7, 7)) == {(r, c) for r in (2, 3) for c in range(6)}


def test_a_colour_between_others() -> None:
    assert blend(("#000000", "#ff0000", "#ff00ff"), 0.25) == (128, 0, 0)
    assert hexadecimal(blend(("#000000", "#ff00ff"), 1)) == "#ff00ff"
