"""What labelling took must fit the patches, whichever axis its slices lie across."""

import pytest
from synthetic import World, results

from benchmark.consistency.effort import of_effort
from nnactive.geometry import slice_size


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_slices_across_any_axis_are_counted_as_they_were_labelled(axis) -> None:
    result = next(results(World(methods=1, settings=1, seeds=1, loops=2, cases=2, patches=3)))
    assert list(of_effort(result)) == []
    size = tuple(min(n, 20) for n in slice_size(axis))
    loops = []
    for loop in result.loops:
        patches = loop.patches
        columns = tuple((n,) * len(patches.case) for n in size)
        slices = (loop.loop + 1) * len(patches.case)
        effort = loop.effort.model_copy(update={"slices": slices, "empty_slices": 0})
        changed = {"patches": patches.model_copy(update={"size": columns}), "effort": effort}
        loops.append(loop.model_copy(update=changed))
    sliced = result.model_copy(update={"loops": tuple(loops)})
    assert list(of_effort(sliced)) == []
    more = loops[1].model_copy(update={"effort": loops[1].effort.model_copy(update={"slices": 7})})
    wrong = sliced.model_copy(update={"loops": (loops[0], more)})
    assert list(of_effort(wrong)) == ["loop 1: effort: 7 slices, but the patches have 6"]


@pytest.mark.parametrize("axis", [1, 2])
def test_slices_are_those_across_the_datasets_axis(axis) -> None:
    result = next(results(World(methods=1, settings=1, seeds=1, loops=1, cases=2, patches=3)))
    sizes = [(40, 30, 20)] * 3
    patches = result.loops[0].patches.model_copy(update={"size": tuple(zip(*sizes, strict=True))})
    effort = result.loops[0].effort.model_copy(
        update={"slices": 1, "empty_slices": 3 * sizes[0][axis] - 1}
    )
    loop = result.loops[0].model_copy(update={"patches": patches, "effort": effort})
    shapes = {f"c{number}": (90, 80, 70) for number in range(result.dataset.pool_cases)}
    pool = result.dataset.pool_effort.model_copy(
        update={"slices": 1, "empty_slices": len(shapes) * (90, 80, 70)[axis] - 1}
    )
    dataset = {"pool_shapes": shapes, "pool_effort": pool, "slice_axis": axis}
    turned = result.model_copy(
        update={"loops": (loop,), "dataset": result.dataset.model_copy(update=dataset)}
    )
    assert list(of_effort(turned)) == []
    along_z = turned.model_copy(
        update={"dataset": turned.dataset.model_copy(update={"slice_axis": 0})}
    )
    assert [each.partition(",")[0] for each in of_effort(along_z)] == [
        f"pool_effort: {len(shapes) * (90, 80, 70)[axis]} slices",
        f"loop 0: effort: {3 * sizes[0][axis]} slices",
    ]


@pytest.mark.parametrize("classes", [0, 1, 50])
def test_a_pool_of_other_classes_is_no_reference(classes) -> None:
    result = next(results(World(methods=1, settings=1, seeds=1, loops=1, cases=2, patches=3)))
    for field in ("components", "contour"):
        effort = result.dataset.pool_effort.model_copy(update={field: (1,) * classes})
        dataset = result.dataset.model_copy(update={"pool_effort": effort})
        found = list(of_effort(result.model_copy(update={"dataset": dataset})))
        assert found == ["pool_effort: components or contour do not have 2 classes"]
