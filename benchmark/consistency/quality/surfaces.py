"""Whether surfaces of the test set can be what they say, and fit the counts."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from benchmark.results import ExperimentResult, LoopResult
from nnactive.quality.surfaces import Surfaces
from nnactive.texts import plain

if TYPE_CHECKING:
    import numpy as np

ROUNDED: Final = 1 + 2e-4
"""Numbers have five significant digits."""
LARGEST: Final = 1e12
"""In mm or mm²: what no image has. Sums of more might not be finite."""
WITHIN: Final = 0.95
"""Of a surface, what lies within the 95th percentile."""


def of_surfaces(result: ExperimentResult) -> Iterator[str]:
    """Surfaces have the test set's shape, fit into its images, and are there where voxels are."""
    dataset = result.dataset
    classes, cases = len(dataset.classes), len(dataset.test_cases)
    found = [(loop, loop.surfaces) for loop in result.loops if loop.surfaces is not None]
    for loop, surfaces in found:
        problem = _shape_problem(surfaces, classes, cases)
        if problem:
            yield f"loop {loop.loop}: surfaces: {problem}"
            return
    for (_, before), (loop, after) in pairwise(found):
        for name in ("tolerances", "reference", "diagonals"):
            if not _are_same(getattr(before, name), getattr(after, name)):
                yield f"loop {loop.loop}: surfaces: {name} differ from the previous loop's"
                return
    for text, bad in _contradictions(found) if found and classes * cases else ():
        for number, row, column in bad:
            where = f"{plain(dataset.test_cases[column], 40)}, class"
            where = f"{where} '{plain(dataset.classes[row], 40)}'"
            yield f"loop {found[number][0].loop}: surfaces: {where}: {text}"


def measured_with(result: ExperimentResult) -> Mapping[str, tuple[float, ...] | None]:
    """Tolerances and images' diagonals by name, which follow from the data; None: not measured."""
    found = next((loop.surfaces for loop in result.loops if loop.surfaces is not None), None)
    return {
        "tolerances": None if found is None else found.tolerances,
        "diagonals": None if found is None else found.diagonals,
    }


def _contradictions(
    found: Sequence[tuple[LoopResult, Surfaces]],
) -> Iterator[tuple[str, list[list[int]]]]:
    """What contradicts itself, and where: places of loop, class and case; all loops at once."""
    import numpy as np

    each = [surfaces for _, surfaces in found]
    areas = np.array([(one.reference, one.predicted) for one in each])
    near = np.array([(one.reference_near, one.predicted_near) for one in each])
    # None becomes NaN.
    furthest = np.array([one.hausdorff95 for one in each], dtype=np.float64)
    diagonals = np.array([one.diagonals for one in each])
    unfit = _unfit(areas).any(axis=1) | _unfit(near).any(axis=(1, 2))
    unfit |= _unfit(diagonals)[:, np.newaxis] | (furthest < 0) | (furthest > LARGEST)
    if unfit.any():
        yield "a number is negative, too large or not finite", np.argwhere(unfit).tolist()
        return
    counts = np.array([[rows for _, rows in loop.counts] for loop, _ in found], dtype=np.float64)
    hits, wrong, missed = np.moveaxis(counts > 0, 1, 0)
    reference, predicted = np.moveaxis(areas > 0, 1, 0)
    with np.errstate(over="ignore"):  # the smallest numbers there are
        shares = (near / np.where(areas > 0, areas, 1)[:, :, np.newaxis]).min(axis=1)
    tolerances = np.array(each[0].tolerances)[:, np.newaxis, np.newaxis]
    checks = {
        "the reference's surface doesn't fit its voxels": reference != (hits | missed),
        "the segmentation's surface doesn't fit its voxels": predicted != (hits | wrong),
        "more of a surface is near than there is": (near > areas[:, :, np.newaxis]).any(
            axis=(1, 2)
        ),
        "less is near within a larger tolerance": (near[:, :, 1:] < near[:, :, :-1]).any(
            axis=(1, 2)
        ),
        "a Hausdorff distance without both surfaces, or none with them": (
            np.isnan(furthest) == (reference & predicted)
        ),
        "a Hausdorff distance is longer than the image's diagonal": (
            furthest > diagonals[:, np.newaxis] * ROUNDED
        ),
        "the Hausdorff distance contradicts what is near": _contradicts(
            furthest[:, np.newaxis], tolerances, shares
        ),
        "no voxel is wrong, but a distance isn't 0": hits & ~wrong & ~missed & (furthest != 0),
    }
    for text, bad in checks.items():
        if bad.any():
            yield text, np.argwhere(bad).tolist()


def _unfit(values: "np.ndarray") -> "np.ndarray":
    import numpy as np

    found: np.ndarray = ~((values >= 0) & (values <= LARGEST))  # NaN is neither
    return found


def _contradicts(
    furthest: "np.ndarray", tolerances: "np.ndarray", shares: "np.ndarray"
) -> "np.ndarray":
    """Where 95 % of both surfaces are near though the percentile is further, or the reverse."""
    import numpy as np

    closer = (furthest * ROUNDED < tolerances) & (shares * ROUNDED < WITHIN)
    further = (furthest > tolerances * ROUNDED) & (shares > WITHIN * ROUNDED)
    return np.asarray((closer | further).any(axis=1))


def _are_same(one: object, other: object) -> bool:
    """Whether two tables are equal but for the rounding of another machine."""
    import numpy as np

    if one == other:
        return True
    first, second = np.asarray(one), np.asarray(other)
    return first.shape == second.shape and bool(np.allclose(first, second, rtol=ROUNDED - 1))


def _shape_problem(surfaces: Surfaces, classes: int, cases: int) -> str:
    tolerances = surfaces.tolerances
    if not tolerances or not all(a < b for a, b in pairwise((0.0, *tolerances, float("inf")))):
        return "the tolerances are not positive and ascending"
    near = (surfaces.reference_near, surfaces.predicted_near)
    if any(len(each) != len(tolerances) for each in near):
        return f"near surfaces are not given for {len(tolerances)} tolerances"
    tables = (surfaces.reference, surfaces.predicted, surfaces.hausdorff95, *near[0], *near[1])
    for table in tables:
        if len(table) != classes or any(len(row) != cases for row in table):
            return f"a table is not {classes} classes x {cases} test cases"
    return "" if len(surfaces.diagonals) == cases else f"not a diagonal for {cases} test cases"
