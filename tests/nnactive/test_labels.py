import numpy as np
import pytest

from nnactive.errors import NnactiveError
from nnactive.geometry import Patch
from nnactive.labels import (
    SLAB,
    boundary_voxels,
    count_boundary,
    count_labelled,
    paint,
    partial_label,
)
from nnactive.streams import stream

FULL = np.arange(60, dtype=np.int16).reshape(3, 4, 5) % 3


def test_labels_are_known_only_inside_the_patches():
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


def neighbours(voxel, shape):
    for axis in range(3):
        for step in (-1, 1):
            other = list(voxel)
            other[axis] += step
            if 0 <= other[axis] < shape[axis]:
                yield tuple(other)


def boundary_by_hand(box, n_classes):
    """Voxel by voxel, as in protocol section 6."""
    total = [0] * n_classes
    for voxel in np.ndindex(box.shape):
        total[box[voxel]] += any(box[other] != box[voxel] for other in neighbours(voxel, box.shape))
    return tuple(total)


def test_boundary_of_a_cube_that_touches_the_border_of_its_patch():
    label = np.zeros((7, 9, 9), dtype=np.int16)
    label[2:7, 2:7, 2:7] = 1
    # The cube minus its interior, which extends to the image's border: there is nothing beyond.
    assert count_boundary(label, [Patch("a", (0, 0, 0), (7, 9, 9))], 2) == (125 - 4 * 9,)
    # Labels continue outside a patch, but are ignored there.
    assert count_boundary(label, [Patch("a", (3, 3, 3), (3, 3, 3))], 2) == (0,)
    touching = [Patch("a", (0, 0, 0), (2, 9, 9)), Patch("a", (2, 0, 0), (5, 9, 9))]
    assert count_boundary(label, touching, 2) == (5 * 16,)


def test_a_boundary_lies_between_two_classes_too():
    label = np.zeros((1, 1, 6), dtype=np.int16)
    label[0, 0] = [1, 1, 1, 2, 2, 2]
    assert count_boundary(label, [Patch("a", (0, 0, 0), (1, 1, 6))], 4) == (1, 1, 0)
    assert count_boundary(label, [], 4) == (0, 0, 0)


@pytest.mark.parametrize("planes", [1, 2, SLAB - 1, SLAB, SLAB + 1, 2 * SLAB + 1])
def test_boundary_is_the_same_wherever_an_image_is_cut(planes):
    rng = stream("tests", "boundary", planes)
    label = (rng.random((planes, 5, 6)) * 1.3).astype(np.int16) + (rng.random((planes, 5, 6)) > 0.8)
    np.testing.assert_array_equal(boundary_voxels(label, 3), boundary_by_hand(label, 3))


def test_what_does_not_fit_is_refused():
    with pytest.raises(NnactiveError, match="leaves the image"):
        partial_label(FULL, [Patch("case_7", (0, 0, 4), (1, 1, 2))], ignore=9)
    with pytest.raises(NnactiveError, match="doesn't fit"):
        paint(np.zeros((1, 1, 1), np.int16), FULL, [])
    with pytest.raises(NnactiveError, match=r"case_7: .* outside 0\.\.1"):
        count_labelled(FULL, [Patch("case_7", (0, 0, 0), (1, 1, 3))], 2)
