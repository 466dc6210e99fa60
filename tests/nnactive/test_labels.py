import itertools

import numpy as np
import pytest

from nnactive.effort import Work
from nnactive.errors import NnactiveError
from nnactive.geometry import Patch, patch_around, slice_size
from nnactive.labels import (
    SLAB,
    boundary_voxels,
    component_counts,
    count_boundary,
    count_labelled,
    count_work,
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


def flood_counts(box, n_classes):
    """Components voxel by voxel: 26 neighbours with the same label."""
    total, seen = [0] * n_classes, set()
    for first in np.ndindex(box.shape):
        if not box[first] or first in seen:
            continue
        total[box[first]] += 1
        left = [first]
        while left:
            voxel = left.pop()
            if voxel in seen:
                continue
            seen.add(voxel)
            near = itertools.product(*(range(max(n - 1, 0), n + 2) for n in voxel))
            left += [
                other
                for other in near
                if all(n < size for n, size in zip(other, box.shape, strict=True))
                and box[other] == box[first]
            ]
    return total


def contour_by_hand(box, n_classes):
    """Foreground voxels with another label beside them in their own slice."""
    total = [0] * n_classes
    for voxel in np.ndindex(box.shape):
        beside = [other for other in neighbours(voxel, box.shape) if other[0] == voxel[0]]
        total[box[voxel]] += any(box[other] != box[voxel] for other in beside)
    return total


@pytest.mark.parametrize("share", [0.02, 0.2, 0.7])
def test_work_is_what_counting_by_hand_finds(share):
    draw = stream("work", share)
    label = np.where(draw.random((9, 8, 10)) < share, draw.integers(1, 4, (9, 8, 10)), 0)
    label[3] = 0
    patches = [Patch("a", (0, 0, 0), (4, 8, 5)), Patch("a", (3, 2, 5), (6, 4, 5))]
    boxes = [label[patch.slices] for patch in patches]
    drawn = sum(bool(plane.any()) for box in boxes for plane in box)
    assert count_work(label, patches, 4) == Work(
        components=tuple(np.sum([flood_counts(box, 4) for box in boxes], axis=0)[1:]),
        contour=tuple(np.sum([contour_by_hand(box, 4) for box in boxes], axis=0)[1:]),
        slices=drawn,
        empty_slices=10 - drawn,
    )


@pytest.mark.parametrize("axis", [0, 1, 2], ids=["z", "y", "x"])
def test_work_across_an_axis_is_that_of_the_turned_image(axis):
    draw = stream("turned", axis)
    label = np.where(draw.random((7, 8, 9)) < 0.2, draw.integers(1, 4, (7, 8, 9)), 0)
    label[:, :, 3] = label[:, 2] = label[5] = 0
    turned = np.moveaxis(label, axis, 0)
    patch, moved = (Patch("a", (0, 0, 0), each.shape) for each in (label, turned))
    work = count_work(label, [patch], 4, axis)
    assert work == count_work(turned, [moved], 4)
    assert (work.slices, work.empty_slices) == (label.shape[axis] - 1, 1)


def test_work_of_a_bar_that_two_patches_cut():
    label = np.zeros((5, 6, 12), dtype=np.int16)
    label[1:3, 2:4, :] = 2
    whole = count_work(label, [Patch("a", (0, 0, 0), (5, 6, 12))], 4)
    # Two slices, in each of which every voxel of the bar has background above or below.
    assert whole == Work(components=(0, 1, 0), contour=(0, 48, 0), slices=2, empty_slices=3)
    halves = [Patch("a", (0, 0, 6 * half), (5, 6, 6)) for half in (0, 1)]
    cut = count_work(label, halves, 4)
    assert cut == Work(components=(0, 2, 0), contour=(0, 48, 0), slices=4, empty_slices=6)


def test_components_touch_at_corners_and_end_at_another_class():
    label = np.zeros((2, 2, 5), dtype=np.int16)
    label[0, 0, 0] = label[1, 1, 1] = 1
    label[0, 0, 3], label[0, 0, 4] = 1, 2
    assert component_counts(label, 3).tolist() == [0, 2, 1]


def test_patches_without_foreground_are_only_looked_at():
    label = np.zeros((4, 4, 4), dtype=np.int16)
    work = count_work(label, [Patch("a", (0, 0, 0), (3, 4, 4))], 3)
    assert work == Work(components=(0, 0), contour=(0, 0), slices=0, empty_slices=3)
    assert count_work(label, [], 3).empty_slices == 0


@pytest.mark.parametrize("axis", [0, 1, 2], ids=["z", "y", "x"])
def test_a_whole_slice_is_one_slice_across_whichever_axis(axis: int) -> None:
    label = np.zeros((6, 7, 8), np.int16)
    label[2:4, 2:5, 2:5] = 1
    patch = patch_around("c", (3, 3, 3), slice_size(axis), label.shape)
    work = count_work(label, [patch], 2)
    assert (work.slices, work.empty_slices, work.components) == (1, 0, (1,))
    assert 0 < work.contour[0] <= label[patch.slices].sum()
