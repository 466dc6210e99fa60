"""Pictures show what they are given: the planes, the patches, the lines."""

import sys

import numpy as np
import pandas as pd
import pytest
from matplotlib import pyplot as plt
from matplotlib.patches import Rectangle
from pools import LABELLED, SHAPES

from nnactive import plot
from nnactive.errors import MethodError, UserError
from nnactive.geometry import Patch
from nnactive.streams import stream

PATCH = Patch("a", (1, 2, 3), (4, 4, 4))


@pytest.fixture(autouse=True)
def _no_window(monkeypatch: pytest.MonkeyPatch):
    plt.switch_backend("agg")
    yield
    plt.close("all")


def noise(case: str) -> np.ndarray:
    return stream("image", case).normal(size=(2, *SHAPES[case])).astype(np.float32)


def boxes(ax) -> list[tuple[float, ...]]:
    return [
        (*each.get_xy(), each.get_width(), each.get_height())
        for each in ax.patches
        if isinstance(each, Rectangle)
    ]


def test_a_patch_is_drawn_on_the_planes_through_its_centre(make_pool) -> None:
    pool = make_pool(images=noise)
    (axes,) = plot.query(pool, [PATCH], channel=1)
    image = noise("a")[1]
    shown = [np.asarray(ax.images[0].get_array()) for ax in axes]
    assert np.array_equal(shown[0], image[3])
    assert np.array_equal(shown[1], image[:, 4])
    assert np.array_equal(shown[2], image[:, :, 5])
    assert [ax.get_title() for ax in axes] == ["z = 3", "y = 4", "x = 5"]
    # Width and height are along the columns and rows of each plane.
    corner = {"z": 0.5, "y": 1.5, "x": 2.5}
    assert boxes(axes[0]) == [(corner["x"], corner["y"], 4, 4)]
    assert boxes(axes[1]) == [(corner["x"], corner["z"], 4, 4)]
    assert boxes(axes[2]) == [(corner["y"], corner["z"], 4, 4)]
    # The pool's voxels are 2 mm high and 1 mm wide.
    assert [ax.get_aspect() for ax in axes] == [1, 2, 2]


def test_labelled_patches_are_drawn_where_a_plane_cuts_them(make_pool) -> None:
    other = Patch("d", (0, 0, 6), (3, 3, 3))
    pool = make_pool(images=noise, labelled=[LABELLED, other])
    (axes,) = plot.query(pool, [Patch("d", (3, 7, 3), (3, 3, 4))])
    assert [len(boxes(ax)) for ax in axes] == [2, 1, 2]


def test_no_more_patches_than_asked_and_labels_in_lines(make_pool) -> None:
    patches = [Patch("a", (0, 0, x), (4, 4, 4)) for x in range(5)]
    pool = make_pool(images=noise)

    def label(case):
        found = np.zeros(SHAPES[case], dtype=np.int16)
        found[1:4, 1:3] = 1
        found[5:] = 2
        return found

    axes = plot.query(pool, patches, labels=label, most=2)
    assert axes.shape == (2, 3)
    assert [len(ax.collections) for ax in axes[0]] == [1, 2, 2]
    with pytest.raises(UserError, match="no patches to draw"):
        plot.query(pool, [])


def test_a_score_is_drawn_through_its_highest_voxel(make_pool) -> None:
    pool = make_pool(images=noise)
    values = np.zeros(SHAPES["a"])
    values[2, 7, 5] = 3
    axes = plot.score(pool, "a", values, patches=[PATCH, LABELLED])
    assert [ax.get_title() for ax in axes[1]] == ["z = 2", "y = 7", "x = 5"]
    assert np.array_equal(np.asarray(axes[1, 0].images[0].get_array()), values[2])
    assert np.array_equal(np.asarray(axes[0, 2].images[0].get_array()), noise("a")[0, :, :, 5])
    assert [len(boxes(ax)) for ax in axes[0]] == [1, 0, 1]
    elsewhere = plot.score(pool, "a", values, at=(0, 1, 2))
    assert elsewhere[0, 0].get_title() == "z = 0"
    with pytest.raises(MethodError, match="a: the score has shape"):
        plot.score(pool, "a", values[1:])


@pytest.fixture
def frame() -> pd.DataFrame:
    rows = [
        ("s", method, seed, loop, 10 * (loop + 1), seed / 10 + loop / 5)
        for method, seed in (("bald", 1), ("bald", 3), ("random", 1))
        for loop in range(3)
    ]
    return pd.DataFrame(rows, columns=["setting", "method", "seed", "loop", "patches", "dice"])


def test_a_line_a_method_and_thin_ones_for_its_seeds(frame) -> None:
    ax = plot.curves(frame)
    bald, one, three, random = ax.get_lines()
    assert [bald.get_label(), random.get_label()] == ["bald", "random"]
    assert np.allclose(bald.get_ydata(), [0.2, 0.4, 0.6])
    assert bald.get_xdata().tolist() == [10, 20, 30]
    assert np.allclose(one.get_ydata(), [0.1, 0.3, 0.5])
    assert np.allclose(three.get_ydata(), [0.3, 0.5, 0.7])
    assert one.get_color() == three.get_color() == bald.get_color()
    assert (ax.get_xlabel(), ax.get_ylabel()) == ("labelled patches", "mean Dice")


def test_one_experiment_is_one_line(frame) -> None:
    one = frame[(frame.method == "bald") & (frame.seed == 1)].drop(
        columns=["setting", "method", "seed"]
    )
    assert len(plot.curves(one).get_lines()) == 1
    with pytest.raises(UserError, match="no column voxels; choose from loop, patches, dice"):
        plot.curves(one, x="voxels")


def test_without_matplotlib_one_line_says_what_to_install(frame, monkeypatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(UserError, match=r"nnactive-bench\[plot\]"):
        plot.curves(frame)
