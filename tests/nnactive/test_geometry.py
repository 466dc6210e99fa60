import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from nnactive.geometry import (
    Patch,
    as_triple,
    clip_size,
    grid_of_tiles,
    overlaps_any,
    patch_around,
    random_patch,
    size_text,
    slice_size,
    slices_along,
)
from nnactive.streams import stream

small = st.tuples(*[st.integers(1, 6)] * 3)
starts = st.tuples(*[st.integers(-2, 6)] * 3)


def voxels(patch):
    return {
        (patch.case, z, y, x)
        for z in range(patch.start[0], patch.start[0] + patch.size[0])
        for y in range(patch.start[1], patch.start[1] + patch.size[1])
        for x in range(patch.start[2], patch.start[2] + patch.size[2])
    }


@given(st.sampled_from("ab"), starts, small, st.sampled_from("ab"), starts, small)
def test_overlap_is_a_shared_voxel(case, start, size, other_case, other_start, other_size):
    one, two = Patch(case, start, size), Patch(other_case, other_start, other_size)
    assert one.overlaps(two) == two.overlaps(one) == bool(voxels(one) & voxels(two))
    assert overlaps_any(one, [two]) == one.overlaps(two)
    assert one.voxels == len(voxels(one))


@given(starts, small, small)
def test_inside_means_every_voxel(start, size, shape):
    patch = Patch("a", start, size)
    image = {("a", z, y, x) for z, y, x in np.ndindex(shape)}
    assert patch.inside(shape) == (voxels(patch) <= image)


def test_touching_patches_do_not_overlap():
    assert not Patch("a", (0, 0, 0), (2, 2, 2)).overlaps(Patch("a", (2, 0, 0), (2, 2, 2)))


def test_patches_sort_by_case_then_start():
    patches = [Patch("b", (0, 0, 0), (1, 1, 1)), Patch("a", (0, 2, 0), (1, 1, 1))]
    patches.append(Patch("a", (0, 1, 9), (1, 1, 1)))
    assert [(p.case, p.start) for p in sorted(patches)] == [
        ("a", (0, 1, 9)),
        ("a", (0, 2, 0)),
        ("b", (0, 0, 0)),
    ]


@pytest.mark.parametrize(
    ("voxel", "start"),
    [
        ((5, 5, 5), (3, 3, 4)),
        ((0, 1, 0), (0, 0, 0)),
        ((9, 9, 9), (6, 5, 7)),
        ((8, 7, 8), (6, 5, 7)),
    ],
)
def test_patch_around_a_voxel_stays_inside(voxel, start):
    # Sizes 4 (even), 5 (odd), 3 (odd) in an image of 10: the last starts are 6, 5 and 7.
    patch = patch_around("a", voxel, (4, 5, 3), (10, 10, 10))
    assert patch == Patch("a", start, (4, 5, 3))


def test_patch_takes_the_extent_of_a_smaller_image():
    assert clip_size((4, 9, 2), (3, 9, 7)) == (3, 9, 2)
    assert patch_around("a", (2, 2, 2), (9, 9, 2), (3, 5, 7)) == Patch("a", (0, 0, 1), (3, 5, 2))


def test_random_patch_draws_every_position_equally():
    rng = stream("test")
    drawn = [random_patch("a", (2, 3, 9), (4, 3, 5), rng) for _ in range(3000)]
    assert {p.size for p in drawn} == {(2, 3, 5)}
    places, counts = np.unique([p.start[0] for p in drawn], return_counts=True)
    assert places.tolist() == [0, 1, 2]
    assert counts.min() > 900


def test_as_triple_gives_plain_integers():
    assert [type(v) for v in as_triple(np.array([1, 2, 3]))] == [int, int, int]
    with pytest.raises(ValueError, match="not enough"):
        as_triple([1, 2])


def test_tiles_fill_the_image_from_a_random_first_one():
    starts = set()
    for seed in range(40):
        tiles = grid_of_tiles("a", (3, 4, 9), (10, 5, 4), stream("tiles", seed))
        assert tiles == sorted(tiles)
        assert {tile.size for tile in tiles} == {(3, 4, 4)}
        first = tiles[0].start
        assert [tile.start[0] for tile in tiles] == list(range(first[0], 8, 3))
        starts.add(first)
    # Below the patch size, and only where a whole patch fits.
    assert starts == {(z, y, 0) for z in range(3) for y in range(2)}


@pytest.mark.parametrize(
    ("axis", "expected", "text"),
    [(0, (1, 6, 7), "1xwholexwhole"), (2, (5, 6, 1), "wholexwholex1")],
    ids=["z", "x"],
)
def test_a_slice_takes_all_of_an_image_on_two_axes(axis, expected, text) -> None:
    size = slice_size(axis)
    assert clip_size(size, (5, 6, 7)) == expected
    assert patch_around("c", (4, 5, 6), size, (5, 6, 7)).size == expected
    assert size_text(size) == text


@pytest.mark.parametrize(
    ("size", "axis"),
    [((4, 5, 6), 0), ((1, 5, 6), 0), ((4, 1, 6), 1), ((4, 5, 1), 2), ((1, 1, 1), 0)],
    ids=str,
)
def test_a_slice_is_one_whichever_axis_it_lies_across(size, axis) -> None:
    assert slices_along(size) == axis


@pytest.mark.parametrize(
    ("size", "axis"),
    [((4, 5, 6), 2), ((1, 5, 6), 0), ((4, 1, 6), 1), ((4, 5, 1), 2), ((1, 1, 1), 2)],
    ids=str,
)
def test_a_box_is_looked_at_along_the_datasets_slice_axis(size, axis) -> None:
    assert slices_along(size, 2) == axis
