"""Both bounds against brute force: all maximal packings, and the real searches."""

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnactive.geometry import Patch, clip_size, grid_of_tiles, overlaps_any, random_patch
from nnactive.methods.placement import first_free
from nnactive.places import drawn_places, grid_places, most_places, supply, tiles
from nnactive.query.selection import best_places

SIDES = st.tuples(*[st.integers(1, 12)] * 3)
PATCHES = st.tuples(*[st.integers(1, 6)] * 3)
STRIDES = st.tuples(*[st.integers(1, 5)] * 3)
SEEDS = st.integers(0, 2**32)


def packings(shape, size):
    """Sizes of all maximal packings of a line, by brute force."""
    n, p = shape, min(size, shape)
    sizes = set()

    def grow(taken):
        free = [s for s in range(n - p + 1) if all(abs(s - t) >= p for t in taken)]
        if not free:
            sizes.add(len(taken))
        for start in free:
            if not taken or start > taken[-1]:
                grow([*taken, start])

    grow([])
    return sizes


@pytest.mark.parametrize(("n", "p"), list(product(range(1, 15), range(1, 6))))
def test_on_a_line_the_bounds_are_the_smallest_and_largest_maximal_packing(n, p):
    sizes = packings(n, p)
    assert most_places((n, 1, 1), (p, 1, 1)) == max(sizes)
    assert grid_places((n, 1, 1), (p, 1, 1), (1, 1, 1)).certain == min(sizes)


def test_the_worked_example_of_a_patch_in_the_middle():
    # 8 places; a patch in the middle leaves none of the others.
    shape, size = (16, 20, 20), (8, 10, 10)
    assert grid_places(shape, size, (1, 1, 1)).most == most_places(shape, size) == 8
    assert grid_places(shape, size, (1, 1, 1)).certain == drawn_places(shape, size).certain == 1
    # The starts 0 and 5, and 0 and 7, exclude one another.
    assert grid_places(shape, size, (8, 10, 10)).most == 8
    assert grid_places(shape, size, (5, 7, 10)).most == 2


@settings(max_examples=50, deadline=None)
@given(SIDES, PATCHES, SEEDS)
@pytest.mark.slow
def test_no_random_packing_contradicts_the_bounds_of_draws(shape, size, seed):
    rng = np.random.default_rng(seed)
    places = drawn_places(shape, size)
    lying = []
    while (patch := first_free(lambda: random_patch("a", size, shape, rng), lying)) is not None:
        lying.append(patch)
    assert places.certain <= len(lying) <= places.most


@settings(max_examples=150, deadline=None)
@given(SIDES, PATCHES, STRIDES, SEEDS, st.integers(0, 8))
def test_no_search_of_the_grid_contradicts_its_bounds(shape, size, stride, seed, before):
    rng = np.random.default_rng(seed)
    places = grid_places(shape, size, stride)
    labelled = []
    for _ in range(before):
        patch = random_patch("a", size, shape, rng)
        labelled += [] if overlaps_any(patch, labelled) else [patch]
    counts = tuple(
        (n - p) // s + 1 for n, p, s in zip(shape, clip_size(size, shape), stride, strict=True)
    )
    found = best_places("a", rng.random(counts), shape, size, stride, labelled, 10**6)
    assert places.certain - len(labelled) <= len(found) <= places.most
    assert len(found) + len(labelled) <= most_places(shape, size)


@settings(max_examples=150, deadline=None)
@given(SIDES, PATCHES, SEEDS)
def test_tiles_are_not_fewer_and_no_patch_meets_more(shape, size, seed):
    rng = np.random.default_rng(seed)
    fewest, meets = tiles(shape, size)
    grid = grid_of_tiles("a", size, shape, rng)
    assert fewest <= len(grid) <= most_places(shape, size)
    for _ in range(10):
        patch = random_patch("a", size, shape, rng)
        assert sum(patch.overlaps(tile) for tile in grid) <= meets


def test_the_fewest_tiles_are_met_by_some_offset():
    shape, size = (11, 7, 4), (4, 3, 4)
    rng = np.random.default_rng(1)
    seen = {len(grid_of_tiles("a", size, shape, rng)) for _ in range(400)}
    assert min(seen) == tiles(shape, size)[0]


@given(
    st.lists(st.tuples(st.integers(0, 5), st.integers(1, 8)), min_size=1, max_size=4),
    st.integers(0, 30),
)
def test_supply_is_below_the_worst_distribution(images, spent):
    """Against every way to distribute patches; an image loses in proportion at most."""
    images = [(min(gives, lasts), lasts) for gives, lasts in images]

    def left(image, placed):
        gives, lasts = image
        return min(gives, max(0, lasts - placed))

    ways = product(*[range(lasts + 1) for _, lasts in images])
    worst = min(
        sum(left(image, placed) for image, placed in zip(images, way, strict=True))
        for way in ways
        if sum(way) <= spent
    )
    assert supply(images, spent) <= worst
    if spent == 0:
        assert supply(images, spent) == worst


def test_supply_empties_what_loses_most_first():
    # Of ten candidates two patches take away all; twenty are needed for the other image's.
    assert supply([(10, 20), (10, 2)], 2) == 10
    assert supply([(10, 20), (10, 2)], 12) == 5
    assert supply([(10, 20), (10, 2)], 22) == 0


def test_patches_lie_as_the_bounds_say():
    size = (4, 4, 4)
    lying = [Patch("a", start, size) for start in product((0, 4), (0, 4), (0, 4))]
    assert not any(a.overlaps(b) for a in lying for b in lying if a is not b)
    assert most_places((8, 8, 11), size) == len(lying)
