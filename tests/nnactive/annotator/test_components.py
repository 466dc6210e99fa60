"""Which small structures are passed over, and what is drawn in their place."""

import numpy as np

from nnactive.annotator.components import without_missed
from nnactive.streams import stream


def organ() -> np.ndarray:
    """A large structure 1 with a small 2 inside, and a small 1 apart from it."""
    label = np.zeros((20, 20, 20), np.int16)
    label[2:12, 2:12, 2:12] = 1
    label[5:7, 5:7, 5:7] = 2
    label[15:17, 15:17, 15:17] = 1
    return label


def test_a_missed_structure_becomes_what_lies_around_it() -> None:
    label = organ()
    found = without_missed(label, (1.0, 1.0, 1.0), 9.0, lambda *_: True)
    expected = np.zeros_like(label)
    expected[2:12, 2:12, 2:12] = 1
    assert np.array_equal(found, expected)
    assert np.array_equal(label, organ())


def test_nothing_as_large_as_the_stated_volume_is_missed() -> None:
    label = organ()
    assert without_missed(label, (1.0, 1.0, 1.0), 8.0, lambda *_: True) is label
    # The same voxels are 4 mm^3 each.
    assert without_missed(label, (2.0, 2.0, 1.0), 32.0, lambda *_: True) is label
    assert without_missed(label, (2.0, 2.0, 1.0), 33.0, lambda *_: True) is not label


def test_each_component_is_drawn_for_by_its_class_and_first_voxel() -> None:
    asked = []
    label = organ()
    without_missed(label, (1.0, 1.0, 1.0), 9.0, lambda *which: asked.append(which) is not None)
    places = [tuple(int(n) for n in np.unravel_index(first, label.shape)) for _, first in asked]
    assert [value for value, _ in asked] == [1, 2]
    assert places == [(15, 15, 15), (5, 5, 5)]


def test_voxels_that_share_a_corner_are_one_structure() -> None:
    label = np.zeros((6, 6, 6), np.int16)
    label[1, 1, 1] = label[2, 2, 2] = 1
    asked = []
    without_missed(label, (1.0, 1.0, 1.0), 5.0, lambda *which: asked.append(which) is None)
    assert len(asked) == 1


def test_a_share_of_many_structures_is_missed() -> None:
    label = np.zeros((60, 60, 60), np.int16)
    label[1::3, 1::3, 1::3] = 1
    draws = stream("many")
    found = without_missed(label, (1.0, 1.0, 1.0), 2.0, lambda *_: draws.random() < 0.3)
    assert abs((found != label).sum() / label.sum() - 0.3) < 0.02
