"""Places to choose among, and what is measured of them, image by image."""

from collections.abc import Callable, Sequence

import numpy as np

from nnactive.errors import MethodError
from nnactive.geometry import Patch, overlaps_any, random_patch
from nnactive.methods.placement import Case, spread
from nnactive.pool.view import PoolView


def places(
    pool: PoolView, case: str, k: int, purpose: str = "candidates", *, apart: bool = True
) -> list[Patch]:
    """Random places of an image that overlap no labelled patch, in the order drawn.

    A start is uniform over the positions that a patch has on each axis. Places for a smaller ``k``
    are the first of those for a larger one.

    Args:
        pool: the pool.
        case: case id.
        k: largest number of places.
        purpose: names the random stream, ``pool.rng(purpose, case)``.
        apart: whether the places mustn't overlap one another: then there are ``k`` unless 600 draws
            in a row find no room. Otherwise ``k`` are drawn, without those that overlap a labelled
            patch, and the choice has to avoid overlaps (``overlapping``).

    Returns:
        At most ``k`` patches of the query patch's size, clipped to the image.
    """
    labelled, shape, rng = pool.labelled_in(case), pool.shape(case), pool.rng(purpose, case)
    if apart:
        place = Case(case, shape, pool.patch_size, _no_label, rng)
        return spread([place], labelled, k)
    drawn = [random_patch(case, pool.patch_size, shape, rng) for _ in range(k)]
    return [patch for patch in drawn if not overlaps_any(patch, labelled)]


def measure(
    pool: PoolView,
    patches: Sequence[Patch],
    function: Callable[[str, list[Patch]], np.ndarray],
) -> np.ndarray:
    """What ``function`` measures of patches, image by image on the query's workers.

    Args:
        pool: the pool.
        patches: patches of any cases, in any order.
        function: from a case id and its patches to one row a patch; not called for an image without
            patches.

    Returns:
        The rows of all patches, in their order, ``(len(patches), ...)``.

    Raises:
        MethodError: if ``function`` doesn't return one row a patch.
    """
    inside: dict[str, list[int]] = {case: [] for case in pool.cases}
    for index, patch in enumerate(patches):
        inside[patch.case].append(index)

    def rows(case: str) -> np.ndarray:
        found = np.asarray(function(case, [patches[index] for index in inside[case]]))
        if found.shape[:1] != (len(inside[case]),):
            raise MethodError(
                f"{case}: measured an array of shape {found.shape} for {len(inside[case])} "
                "patches; return one row for each"
            )
        return found

    cases = [case for case in pool.cases if inside[case]]
    order = np.array([index for case in cases for index in inside[case]], dtype=np.intp)
    measured = pool.map(rows, cases)
    return np.concatenate(measured)[order.argsort()] if measured else np.empty(0)


def _no_label() -> np.ndarray:
    raise AssertionError("positions are drawn without labels")
