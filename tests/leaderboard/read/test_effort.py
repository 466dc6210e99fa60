"""What a stranger's result says of the work of labelling is held against its patches."""

import pytest

from benchmark.consistency.result import inconsistency


def test_work_that_fits_its_patches_is_believed(worked, full):
    assert inconsistency(worked()) is None
    assert inconsistency(full()) is None


def with_effort(result, loop, **fields):
    efforts = [each.effort for each in result.loops]
    efforts[loop] = efforts[loop].model_copy(update=fields)
    pairs = zip(result.loops, efforts, strict=True)
    loops = tuple(each.model_copy(update={"effort": found}) for each, found in pairs)
    return result.model_copy(update={"loops": loops})


@pytest.mark.parametrize(
    ("loop", "fields", "reason"),
    [
        (1, {"images": 3}, "loop 1: effort: 3 images opened, but the patches lie in 2"),
        (1, {"empty_slices": 21}, "loop 1: effort: 81 slices, but the patches have 80"),
        (0, {"components": (301, 1)}, "loop 0: effort: a class has more components than voxels"),
        (0, {"components": (3, 0)}, "loop 0: effort: a class has voxels but no component"),
        (0, {"contour": (101, 3)}, "loop 0: effort: a class has more voxels on contours"),
        (0, {"contour": (-1, 3)}, "loop 0: effort: a count is negative"),
        (0, {"slices": 0, "empty_slices": 40}, "loop 0: effort: slices with foreground do not"),
        (0, {"components": (3,)}, "loop 0: effort: components or contour do not have 2 classes"),
        (2, {"components": (3, 3)}, "loop 2: effort: a count is lower than in the previous"),
        (2, {"slices": 59, "empty_slices": 61}, "loop 2: effort: a count is lower than in the"),
    ],
    ids=lambda value: "-".join(value) if isinstance(value, dict) else None,
)
def test_work_that_cannot_be_is_refused(worked, loop, fields, reason):
    problem = inconsistency(with_effort(worked(), loop, **fields))
    assert problem is not None
    assert problem.startswith(reason)


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"images": 11}, "pool_effort: 11 images opened, but the pool has 12"),
        ({"contour": (30_001, 1)}, "pool_effort: a class has more voxels on contours than"),
        ({"components": (0, 40)}, "pool_effort: a class has voxels but no component"),
    ],
    ids=["images", "contour", "components"],
)
def test_a_pool_that_cannot_be_is_refused(worked, change, fields, reason):
    result = worked()
    pool = result.dataset.pool_effort.model_copy(update=fields)
    problem = inconsistency(change(result, "dataset", pool_effort=pool))
    assert problem is not None
    assert problem.startswith(reason)


def test_the_slices_of_a_pool_are_those_of_its_images(worked, change):
    shapes = dict.fromkeys("pqrstuvwxyzo", (100, 80, 80))
    assert inconsistency(change(worked(), "dataset", pool_shapes=shapes)) is None
    problem = inconsistency(change(worked(), "dataset", pool_shapes=shapes | {"q": (99, 80, 80)}))
    assert problem == "pool_effort: 1,200 slices, but the pool's images have 1,199"
