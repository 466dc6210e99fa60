"""Whether the patches of a result fit the pool, and whether its sums follow from them."""

import math
from collections.abc import Iterator, Mapping
from itertools import chain, pairwise

from benchmark.results import ExperimentResult, LoopResult, PatchColumns
from nnactive.answers.patch_arrays import keep_rules
from nnactive.answers.patch_rules import problems
from nnactive.errors import UserError
from nnactive.geometry import Patch, Triple


def misplaced(result: ExperimentResult) -> Iterator[str]:
    """What is wrong with the patches of a result: they lie in the pool and don't overlap.

    A result from before ``pool_shapes`` was recorded says little of its images: a patch that is
    smaller than the query patch fills its image on that axis, and any other image is as large as
    its patches need. Overlaps and sizes are checked all the same.

    Args:
        result: whose loops are consistent in number and length.
    """
    shapes, size = result.dataset.pool_shapes, result.setting.patch_size
    broken = [problem for loop in result.loops for problem in _of_columns(loop)]
    yield from broken
    if broken:
        return
    if shapes is not None:
        yield from _of_shapes(result, shapes)
    else:
        known = {case for loop in result.loops for case in loop.patches.case}
        if len(known) > result.dataset.pool_cases:
            yield f"patches in {len(known)} cases, but the pool has {result.dataset.pool_cases}"
    if not _keep_rules(result):
        loops = [patches_of(loop.patches) for loop in result.loops]
        whole = implied_shapes(loops, size) if shapes is None else shapes
        yield from problems(loops, whole, size)


def _keep_rules(result: ExperimentResult) -> bool:
    """Whether the patches certainly keep all rules, which most results' do."""
    every = [loop.patches for loop in result.loops]
    if any(len(patches.lengths) > 1 for patches in every):
        return False
    cases = [case for patches in every for case in patches.case]
    starts, sizes = (
        [list(chain.from_iterable(columns)) for columns in zip(*axes, strict=True)] or [[], [], []]
        for axes in ([each.start for each in every], [each.size for each in every])
    )
    return keep_rules(cases, starts, sizes, result.dataset.pool_shapes, result.setting.patch_size)


def implied_shapes(loops: list[list[Patch]], size: Triple) -> dict[str, Triple]:
    """The smallest ``(Z, Y, X)`` of each case that its patches allow."""
    cases: dict[str, list[Patch]] = {}
    for patch in (patch for patches in loops for patch in patches):
        cases.setdefault(patch.case, []).append(patch)
    return {case: _implied(patches, size) for case, patches in cases.items()}


def _implied(patches: list[Patch], size: Triple) -> Triple:
    def along(axis: int) -> int:
        smallest = min(patch.size[axis] for patch in patches)
        if smallest < size[axis]:
            return smallest
        return max(patch.start[axis] + patch.size[axis] for patch in patches)

    return along(0), along(1), along(2)


def patches_of(columns: PatchColumns) -> list[Patch]:
    """Patches of columns.

    Raises:
        UserError: if the columns differ in length.
    """
    if len(columns.lengths) > 1:
        raise UserError("columns of patches differ in length")
    starts, sizes = zip(*columns.start, strict=True), zip(*columns.size, strict=True)
    return [Patch(*each) for each in zip(columns.case, starts, sizes, strict=True)]


def _of_shapes(result: ExperimentResult, shapes: Mapping[str, Triple]) -> Iterator[str]:
    pool = result.dataset.pool_cases
    if len(shapes) != pool:
        yield f"pool_shapes has {len(shapes)} cases, but the pool has {pool}"
    if min((min(shape) for shape in shapes.values()), default=1) < 1:
        yield "pool_shapes: an image has no voxels"
    if sum(result.dataset.pool_foreground) > sum(math.prod(shape) for shape in shapes.values()):
        yield "pool_foreground has more voxels than the pool's images"
    if not shapes.keys().isdisjoint(result.dataset.test_cases):
        yield "a case is in the pool and in the test set"


def of_sums(result: ExperimentResult) -> Iterator[str]:
    """Patches don't overlap, so that each of their voxels is labelled once."""
    loops = result.loops
    voxels = [sum(map(math.prod, zip(*loop.patches.size, strict=True))) for loop in loops]
    labelled = 0
    for loop, added in zip(loops, voxels, strict=True):
        labelled += added
        if loop.labelled_voxels != labelled:
            yield (
                f"loop {loop.loop}: {loop.labelled_voxels:,} labelled voxels, but its patches "
                f"have {labelled:,}"
            )
    for (before, after), added in zip(pairwise(loops), voxels[1:], strict=True):
        more = sum(after.labelled_foreground) - sum(before.labelled_foreground)
        if more > added:
            yield (
                f"loop {after.loop}: {more:,} more voxels of foreground, but its patches have "
                f"{added:,} voxels"
            )


def _of_columns(loop: LoopResult) -> Iterator[str]:
    if min((min(axis, default=0) for axis in loop.patches.start), default=0) < 0:
        yield f"loop {loop.loop}: a patch starts before its image"
    if min((min(axis, default=1) for axis in loop.patches.size), default=1) < 1:
        yield f"loop {loop.loop}: a patch has no voxels"
