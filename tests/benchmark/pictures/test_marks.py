import numpy as np

from benchmark.pictures.marks import GAP, LINE, SMALLEST, lettered, sheet
from nnactive.anatomy.views import views

SIDE = 120
AXIAL = views("SPL")[0]


def test_a_letter_is_at_each_edge_and_nowhere_else() -> None:
    blank = np.full((SIDE, SIDE, 3), 90, np.uint8)
    picture = lettered(blank, AXIAL)
    rows, columns = np.nonzero((picture != 90).any(axis=2))
    near = np.minimum.reduce([rows, columns, SIDE - 1 - rows, SIDE - 1 - columns])
    assert near.max() < 20
    middle = slice(SIDE // 2 - 10, SIDE // 2 + 10)
    for edge in (picture[:20, middle], picture[-20:, middle], picture[middle, :20]):
        assert (edge > 220).all(axis=2).any()
    assert (blank == 90).all()


def test_letters_change_with_the_view() -> None:
    blank = np.zeros((SIDE, SIDE, 3), np.uint8)
    axial, coronal, sagittal = (lettered(blank, view) for view in views("SPL"))
    assert (axial[:, :20] == coronal[:, :20]).all()  # R on the left of both
    assert (axial[:20] != coronal[:20]).any()  # A at the top, and S
    assert (coronal[:20] == sagittal[:20]).all()
    assert (coronal[:, :20] != sagittal[:, :20]).any()


def test_small_pictures_have_no_letters() -> None:
    small = np.zeros((SMALLEST - 1, SIDE, 3), np.uint8)
    assert lettered(small, AXIAL) is small


def test_a_sheet_has_each_picture_whole_under_its_titles() -> None:
    tiles = [np.full((30, 40, 3), shade, np.uint8) for shade in (10, 20, 30)]
    whole = sheet([("first", tiles[:2]), ("second", tiles[2:])], ["left", "right"])
    assert whole.shape == (LINE + 2 * (LINE + 30 + GAP) + GAP, GAP + 2 * (40 + GAP), 3)
    top = 2 * LINE
    assert (whole[top : top + 30, GAP : GAP + 40] == 10).all()
    assert (whole[top : top + 30, 2 * GAP + 40 : 2 * GAP + 80] == 20).all()
    below = top + 30 + GAP + LINE
    assert (whole[below : below + 30, GAP : GAP + 40] == 30).all()
    assert (whole[below : below + 30, 2 * GAP + 40 :] == 255).all()
    assert (whole[:LINE] < 128).any()  # titles are written
