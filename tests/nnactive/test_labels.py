import numpy as np
import pytest

from nnactive.errors import NnactiveError
from nnactive.geometry import Patch
from nnactive.labels import count_labelled, paint, partial_label

FULL = np.arange(60, dtype=np.int16).reshape(3, 4, 5) % 3


def test_labels_are_known_inside_the_patches_alone():
    patches = [Patch("a", (0, 0, 0), (1, 2, 2)), Patch("a", (2, 3, 3), (1, 1, 2))]
    partial = partial_label(FULL, patches, ignore=9)
    assert partial.dtype == np.int16
    known = {(0, 0, 0), (0, 0, 1), (0, 1, 0), (0, 1, 1), (2, 3, 3), (2, 3, 4)}
    for voxel in np.ndindex(FULL.shape):
        assert partial[voxel] == (FULL[voxel] if voxel in known else 9)


def test_painting_adds_to_a_copy():
    first, second = Patch("a", (0, 0, 0), (1, 1, 1)), Patch("a", (1, 1, 1), (2, 2, 2))
    before = partial_label(FULL, [first], ignore=9)
    kept = before.copy()
    after = paint(before, FULL, [second])
    np.testing.assert_array_equal(before, kept)
    np.testing.assert_array_equal(after, partial_label(FULL, [first, second], ignore=9))


def test_voxels_are_counted_per_class():
    label = np.zeros((2, 2, 4), dtype=np.int16)
    label[0, 0] = [1, 1, 2, 2]
    label[1, 1, 3] = 2
    patches = [Patch("a", (0, 0, 0), (1, 1, 3)), Patch("a", (1, 0, 2), (1, 2, 2))]
    assert count_labelled(label, patches, 4) == (3, 2, 2, 0)


def test_what_does_not_fit_is_refused():
    with pytest.raises(NnactiveError, match="leaves the image"):
        partial_label(FULL, [Patch("case_7", (0, 0, 4), (1, 1, 2))], ignore=9)
    with pytest.raises(NnactiveError, match="doesn't fit"):
        paint(np.zeros((1, 1, 1), np.int16), FULL, [])
    with pytest.raises(NnactiveError, match=r"case_7: .* outside 0\.\.1"):
        count_labelled(FULL, [Patch("case_7", (0, 0, 0), (1, 1, 3))], 2)
