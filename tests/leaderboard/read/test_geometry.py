"""Patches and sums as a result has them, against the shapes of its pool or without them."""

import pytest

from benchmark.consistency.labels import of_labels
from benchmark.consistency.patches import implied_shapes, misplaced, of_sums
from nnactive.geometry import Patch
from nnactive.settings import Annotator

SHAPES = {"p": (12, 40, 4), **{f"q{n:02d}": (30, 30, 30) for n in range(100)}}


@pytest.fixture
def shaped(make, change):
    """A result with the shapes of its pool."""
    return change(make(), "dataset", pool_shapes=SHAPES, pool_cases=len(SHAPES))


def patched(result, loop, **columns):
    """The result with other columns of a loop's patches."""
    loops = list(result.loops)
    patches = loops[loop].patches.model_copy(update=columns)
    loops[loop] = loops[loop].model_copy(update={"patches": patches})
    return result.model_copy(update={"loops": tuple(loops)})


def first(result):
    return next(misplaced(result), None)


def test_good_patches_have_no_problem_with_shapes_or_without(make, shaped):
    assert first(shaped) is None
    assert first(make()) is None
    assert list(of_sums(shaped)) == []


COLUMN = tuple(range(0, 40, 4))


@pytest.mark.parametrize(
    ("columns", "reason"),
    [
        ({"case": ("strange",) * 10}, "a patch in 'strange', which isn't a case of the pool"),
        ({"start": ((9,) * 10, COLUMN, (0,) * 10)}, "leaves the image of shape (12, 40, 4)"),
        ({"start": ((8,) * 10, (0,) * 10, (0,) * 10)}, "the patch at (8, 0, 0) overlaps"),
        ({"start": ((6,) * 10, COLUMN, (0,) * 10)}, "overlaps the one at (4, 0, 0)"),
        ({"size": ((4,) * 10, (8,) * 10, (4,) * 10)}, "has size (4, 8, 4) instead of (4, 4, 4)"),
    ],
    ids=["unknown", "outside", "fourfold", "overlap", "size"],
)
def test_patches_are_checked_against_the_pool(shaped, columns, reason):
    assert reason in first(patched(shaped, 2, **columns))


def test_without_shapes_overlaps_and_sums_are_still_found(make):
    twice = patched(make(), 2, start=((8,) * 10, (0,) * 10, (0,) * 10))
    assert "overlaps" in first(twice)
    many = patched(make(), 2, case=tuple(f"case_{n}" for n in range(10)))
    few = many.model_copy(update={"dataset": many.dataset.model_copy(update={"pool_cases": 5})})
    assert first(few) == "patches in 11 cases, but the pool has 5"


def test_a_patch_smaller_than_the_query_patch_fills_its_image():
    loops = [[Patch("a", (0, 0, 0), (2, 4, 4))], [Patch("a", (0, 8, 0), (2, 4, 4))]]
    assert implied_shapes(loops, (4, 4, 4)) == {"a": (2, 12, 4)}


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"labelled_voxels": 19_200}, "loop 2: 19,200 labelled voxels, but its patches have 1,920"),
        ({"labelled_foreground": (1300, 33)}, "loop 2: 711 more voxels of foreground, but its"),
    ],
)
def test_what_is_labelled_follows_from_the_patches(shaped, fields, reason):
    *loops, last = shaped.loops
    wrong = shaped.model_copy(update={"loops": (*loops, last.model_copy(update=fields))})
    assert next(of_sums(wrong)).startswith(reason)


def test_an_annotator_who_errs_may_draw_more_than_there_is(make):
    found = make()
    few = {"pool_foreground": (100, 100), "pool_boundary": None}
    less = found.model_copy(update={"dataset": found.dataset.model_copy(update=few)})
    told = "loop 0: labelled_foreground has more voxels than the pool"
    assert told in list(of_labels(less))
    errs = Annotator(
        boundary_sd_mm=1.5, boundary_length_mm=10, missed_share=0.3, missed_below_mm3=1000
    )
    drawn = less.model_copy(update={"setting": less.setting.model_copy(update={"annotator": errs})})
    assert list(of_labels(drawn)) == []


def test_the_pool_has_room_for_its_foreground_and_shares_no_case_with_the_test_set(shaped, change):
    crowded = change(shaped, "dataset", pool_foreground=(10**7, 1))
    assert first(crowded) == "pool_foreground has more voxels than the pool's images"
    shared = change(shaped, "dataset", test_cases=("p", "case_b"))
    assert first(shared) == "a case is in the pool and in the test set"
