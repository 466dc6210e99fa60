"""Whether many patches keep the rules of `patch_rules`, on arrays: no loop over patches.

Most patches keep all rules, and then nobody needs to hear which one doesn't.
"""

from collections.abc import Mapping, Sequence
from itertools import product
from typing import TYPE_CHECKING, Final

from nnactive.geometry import Triple

if TYPE_CHECKING:
    import numpy as np

Axes = Sequence[Sequence[int]]
"""A column of numbers per axis (z, y, x)."""
NEIGHBOURS: Final = [cell for cell in product((-1, 0, 1), repeat=3) if cell > (0, 0, 0)]
"""Half of the cells around one; the other half has it as their neighbour."""
LARGEST_CODE: Final = 2**62


def keep_rules(
    cases: Sequence[str],
    starts: Axes,
    sizes: Axes,
    shapes: Mapping[str, Triple] | None,
    patch_size: Triple,
) -> bool:
    """Whether all patches certainly keep the rules; False: ask `patch_rules.problems`.

    Args:
        cases: case of each patch.
        starts: first voxel of each.
        sizes: size of each.
        shapes: ``(Z, Y, X)`` of each case of the pool; None: the smallest that the patches allow.
        patch_size: the query patch before it is clipped to an image.
    """
    import numpy as np

    known = {case: number for number, case in enumerate(dict.fromkeys(cases))}
    if not known or (shapes is not None and not shapes.keys() >= known.keys()):
        return False
    try:
        start = np.array(starts, dtype=np.int64)
        size = np.array(sizes, dtype=np.int64)
        of = np.array([known[case] for case in cases])
        if start.shape != size.shape or start.shape != (3, len(of)):
            return False
        query = np.array(patch_size, dtype=np.int64)[:, None]
        if shapes is None:
            whole = _implied(of, start, size, query)
        else:
            whole = np.array([shapes[case] for case in known], dtype=np.int64).T[:, of]
    except (OverflowError, ValueError):  # numbers beyond 64 bits, columns of different length
        return False
    if (size != np.minimum(query, whole)).any() or min(size.min(), start.min() + 1) < 1:
        return False
    return not ((start > whole - size).any() or _overlap(of, start, size))


def _implied(
    of: "np.ndarray", start: "np.ndarray", size: "np.ndarray", query: "np.ndarray"
) -> "np.ndarray":
    """Shape of each patch's case, as `benchmark.consistency.patches` guesses it; ``(3, N)``."""
    import numpy as np

    smallest = np.full((3, of.max() + 1), np.iinfo(np.int64).max)
    last = np.zeros_like(smallest)
    for axis in range(3):
        np.minimum.at(smallest[axis], of, size[axis])
        np.maximum.at(last[axis], of, start[axis] + size[axis])
    return np.where(smallest < query, smallest, last)[:, of]


def _overlap(of: "np.ndarray", start: "np.ndarray", size: "np.ndarray") -> bool:
    """Whether two patches may overlap, where those of a case have the same size.

    In a grid of that size each begins in a cell of its own, and only those in neighbouring cells
    can overlap.
    """
    import numpy as np

    cell = start // size + 1
    room = [int(axis.max()) + 2 for axis in cell]
    if (int(of.max()) + 1) * room[0] * room[1] * room[2] > LARGEST_CODE:
        return True
    steps = np.array([room[1] * room[2], room[2], 1])
    code = of * (room[0] * steps[0]) + steps @ cell
    order = np.argsort(code)
    code, start, size = code[order], start[:, order], size[:, order]
    if (code[1:] == code[:-1]).any():
        return True
    wanted = code + (np.array(NEIGHBOURS) @ steps)[:, None]
    place = np.minimum(np.searchsorted(code, wanted), len(code) - 1)
    _, here = np.nonzero(code[place] == wanted)
    there = place[code[place] == wanted]
    apart = np.abs(start[:, here] - start[:, there]) >= size[:, here]
    return bool((~apart.any(axis=0)).any())
