"""A spot on the patient's left, back and top is there in the prepared image's views, too."""

from itertools import product

import numpy as np
import pytest
import SimpleITK

from nnactive.anatomy.views import views
from nnactive.data.prepare.prepare import prepare
from nnactive.data.prepared import PreparedDataset

DIRECTIONS = [
    np.array(matrix).reshape(3, 3)
    for matrix in (
        (1, 0, 0, 0, 1, 0, 0, 0, 1),
        (-1, 0, 0, 0, -1, 0, 0, 0, 1),
        (-1, 0, 0, 0, 1, 0, 0, 0, -1),
        (0, 1, 0, 1, 0, 0, 0, 0, 1),
        (0, 0, -1, 1, 0, 0, 0, -1, 0),
        (0, 0, 1, 0, -1, 0, 1, 0, 0),
        (0, -1, 0, 0, 0, 1, -1, 0, 0),
        (0.8, 0.6, 0, -0.6, 0.8, 0, 0, 0, -1),
    )
]


def spotted(direction: np.ndarray, array: np.ndarray, spacing: tuple) -> SimpleITK.Image:
    """The image with a bright block at its most left, posterior and superior corner."""
    image = SimpleITK.GetImageFromArray(array)
    image.SetSpacing(spacing[::-1])
    image.SetOrigin((3.0, -40.0, 7.0))
    image.SetDirection(direction.ravel().tolist())
    corners = product(*((1, n - 4) for n in image.GetSize()))
    x, y, z = max(corners, key=lambda at: sum(image.TransformIndexToPhysicalPoint(at)))
    block = array.copy()
    block[z : z + 3, y : y + 3, x : x + 3] = 1000
    bright = SimpleITK.GetImageFromArray(block)
    bright.CopyInformation(image)
    return bright


@pytest.mark.parametrize(
    ("spacing", "stored"),
    [((2.0, 1.0, 1.0), (0, 1, 2)), ((1.0, 1.0, 5.0), (2, 0, 1))],
    ids=["as in the file", "transposed by nnU-Net"],
)
def test_sides_stay_where_simpleitk_has_them(tiny, tmp_path, spacing, stored) -> None:
    for number, direction in enumerate(DIRECTIONS, 1):
        array, label = tiny.case(number)
        SimpleITK.WriteImage(spotted(direction, array, spacing), str(tiny.image(number)))
        mask = SimpleITK.GetImageFromArray(label)
        mask.CopyInformation(SimpleITK.ReadImage(str(tiny.image(number))))
        SimpleITK.WriteImage(mask, str(tiny.label(number)))
    prepare(tiny.card(spacing=list(spacing)), tiny.raw, tmp_path / "tiny", 1, lambda *_: None)
    dataset = PreparedDataset(tmp_path / "tiny")
    for number in range(1, 9):
        case = f"tiny_{number}"
        image = dataset.image(case)[0]
        assert image.shape == tuple(np.take(tiny.case(number)[0].shape, stored))
        for view, (lower, right) in zip(
            views(dataset.toward(case)), [(True, True), (False, True), (False, True)], strict=True
        ):
            plane = view.upright(image.max(axis=view.axis))
            row, column = np.argwhere(plane > (plane.max() + plane.min()) / 2).mean(axis=0)
            assert (row > plane.shape[0] / 2) == lower, (case, view)
            assert (column > plane.shape[1] / 2) == right, (case, view)
