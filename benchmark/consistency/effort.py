"""Whether what labelling took can be what a result says: components, contours, slices, images."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate, pairwise

from benchmark.consistency.labels import are_counts, exceeds
from benchmark.results import DatasetRecord, ExperimentResult, LoopResult
from nnactive.effort import Effort
from nnactive.geometry import slices_along


def of_effort(result: ExperimentResult) -> Iterator[str]:
    """What was drawn fits the labelled voxels; images and slices are those of the patches."""
    if result.dataset.pool_effort is not None:
        yield from (f"pool_effort: {each}" for each in _of_pool(result.dataset))
    images = accumulate(len(set(loop.patches.case)) for loop in result.loops)
    axis = result.dataset.slice_axis
    depths = accumulate(_depth(zip(*loop.patches.size, strict=True), axis) for loop in result.loops)
    for loop, opened, depth in zip(result.loops, images, depths, strict=True):
        if loop.effort is not None:
            found = _of_loop(loop, loop.effort, (opened, depth), len(result.dataset.classes))
            yield from (f"loop {loop.loop}: effort: {each}" for each in found)
    for before, after in pairwise(result.loops):
        if before.effort and after.effort and _shrinks(before.effort, after.effort):
            yield f"loop {after.loop}: effort: a count is lower than in the previous loop"


def _depth(sizes: Iterable[Sequence[int]], axis: int) -> int:
    """Slices of boxes, from one end to the other."""
    return sum(size[slices_along(size, axis)] for size in sizes)


def _of_pool(dataset: DatasetRecord) -> Iterator[str]:
    effort, shapes = dataset.pool_effort, dataset.pool_shapes
    if effort is None:
        return
    if not _has(effort, len(dataset.classes)):
        yield f"components or contour do not have {len(dataset.classes)} classes"
        return
    yield from _of_counts(effort, dataset.pool_foreground, dataset.pool_boundary)
    if effort.images != dataset.pool_cases:
        yield f"{effort.images} images opened, but the pool has {dataset.pool_cases}"
    slices = effort.slices + effort.empty_slices
    if shapes is not None and slices != (wanted := _depth(shapes.values(), dataset.slice_axis)):
        yield f"{slices:,} slices, but the pool's images have {wanted:,}"


def _of_loop(
    loop: LoopResult, effort: Effort, wanted: tuple[int, int], classes: int
) -> Iterator[str]:
    """What is wrong with a loop's; ``wanted``: images and slices by its patches."""
    if not _has(effort, classes):
        yield f"components or contour do not have {classes} classes"
        return
    yield from _of_counts(effort, loop.labelled_foreground, loop.labelled_boundary)
    slices = effort.slices + effort.empty_slices
    if effort.images != wanted[0]:
        yield f"{effort.images:,} images opened, but the patches lie in {wanted[0]:,}"
    if slices != wanted[1]:
        yield f"{slices:,} slices, but the patches have {wanted[1]:,}"


def _has(effort: Effort, classes: int) -> bool:
    return len(effort.components) == len(effort.contour) == classes


def _of_counts(
    effort: Effort, foreground: tuple[int, ...], boundary: tuple[int, ...] | None
) -> Iterator[str]:
    if not are_counts((*effort.components, *effort.contour, effort.slices, effort.empty_slices)):
        yield "a count is negative or too large"
    if exceeds(effort.components, foreground):
        yield "a class has more components than voxels"
    if any(bool(n) != bool(m) for n, m in zip(effort.components, foreground, strict=False)):
        yield "a class has voxels but no component, or the other way round"
    if exceeds(effort.contour, boundary if boundary is not None else foreground):
        yield "a class has more voxels on contours than at boundaries"
    if effort.slices > sum(foreground) or bool(effort.slices) != bool(sum(foreground)):
        yield "slices with foreground do not fit the foreground voxels"


def _shrinks(before: Effort, after: Effort) -> bool:
    """Whether a count goes down from one loop to the next."""
    return (
        exceeds(before.components, after.components)
        or exceeds(before.contour, after.contour)
        or before.slices > after.slices
        or before.empty_slices > after.empty_slices
    )
