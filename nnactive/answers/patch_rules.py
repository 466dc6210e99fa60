"""What chosen patches must keep, whoever checks it (protocol section 5, "Common").

The query step asks before it writes, annotation before it labels, verification and the board of
what they are given.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import product

from nnactive.geometry import Patch, Triple, clip_size


def problems(
    loops: Iterable[Sequence[Patch]],
    shapes: Mapping[str, Triple],
    patch_size: Triple,
    given: Sequence[Patch] = (),
) -> Iterator[str]:
    """What is wrong with patches, one line each, in their order.

    Args:
        loops: patches of each loop, in the order in which they were labelled.
        shapes: ``(Z, Y, X)`` of each case of the pool.
        patch_size: the query patch before it is clipped to an image.
        given: boxes of any size that were labelled before anything was chosen.
    """
    there: dict[tuple[str, Triple], Patch] = {}
    for number, patches in enumerate(loops):
        for patch in patches:
            problem = (
                _alone(patch, shapes, patch_size) or _within(patch, given) or _among(patch, there)
            )
            if problem:
                yield f"loop {number}: {problem}"
            else:
                there[patch.case, _cell(patch)] = patch


def _alone(patch: Patch, shapes: Mapping[str, Triple], patch_size: Triple) -> str:
    """What is wrong with one patch; empty if nothing is."""
    if patch.case not in shapes:
        return f"a patch in '{patch.case}', which isn't a case of the pool"
    shape = shapes[patch.case]
    expected = clip_size(patch_size, shape)
    where = f"{patch.case}: the patch at {patch.start}"
    if patch.size != expected:
        return f"{where} has size {patch.size} instead of {expected}"
    if min(patch.size) < 1:
        return f"{where} has no voxels"
    if not patch.inside(shape):
        return f"{where} of size {patch.size} leaves the image of shape {shape}"
    return ""


def _within(patch: Patch, given: Sequence[Patch]) -> str:
    """Which given box a patch overlaps, in words; empty if none."""
    for box in given:
        if patch.overlaps(box):
            return f"{patch.case}: the patch at {patch.start} overlaps the given box at {box.start}"
    return ""


def _among(patch: Patch, others: Mapping[tuple[str, Triple], Patch]) -> str:
    """Which of a case's patches one overlaps, in words; empty if none.

    All patches of a case have the same size, so of those that don't overlap at most one begins in
    a cell of that size, and only those in neighbouring cells can overlap one.
    """
    z, y, x = _cell(patch)
    for dz, dy, dx in product((-1, 0, 1), repeat=3):
        other = others.get((patch.case, (z + dz, y + dy, x + dx)))
        if other is not None and patch.overlaps(other):
            return f"{patch.case}: the patch at {patch.start} overlaps the one at {other.start}"
    return ""


def _cell(patch: Patch) -> Triple:
    z, y, x = (start // size for start, size in zip(patch.start, patch.size, strict=True))
    return z, y, x
