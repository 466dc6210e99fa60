from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import peak_growth

from nnactive.quality.distances import CaseSurfaces, case_surfaces, surfaces_of, tolerances_of
from nnactive.quality.surfaces import hausdorff95, surface_dice
from nnactive.quality.surfels import surfel_areas

ANISOTROPIC = (5.0, 1.5, 1.5)


def measured(reference, predicted, spacing=(1.0, 1.0, 1.0), classes=2) -> CaseSurfaces:
    tolerances = tolerances_of(spacing)
    return case_surfaces(reference, predicted, classes, spacing, tolerances)


def box(shape, start, size, value=1) -> np.ndarray:
    labels = np.zeros(shape, dtype=np.int16)
    labels[tuple(slice(a, a + n) for a, n in zip(start, size, strict=True))] = value
    return labels


def by_hand(reference, predicted, spacing, tolerances):
    """Cell by cell, and every distance to every place: slow, and nothing in common."""

    def surface(mask):
        padded = np.pad(mask, 1)
        places, areas = [], []
        for z, y, x in np.ndindex(*(n + 1 for n in mask.shape)):
            code = sum(
                int(padded[z + a, y + b, x + c]) << (a + 2 * b + 4 * c)
                for a, b, c in product((0, 1), repeat=3)
            )
            if 0 < code < 255:
                places.append(np.array([z, y, x]) * spacing)
                areas.append(surfel_areas(spacing)[code])
        return np.array(places), np.array(areas)

    (here, own), (there, other) = surface(reference), surface(predicted)
    apart = np.linalg.norm(here[:, None] - there[None], axis=2)

    def percentile(distances, areas):
        for limit in sorted(set(distances)):
            if areas[distances <= limit].sum() >= 0.95 * areas.sum() * (1 - 1e-9):
                return limit
        raise AssertionError

    forth, back = apart.min(axis=1), apart.min(axis=0)
    near = [(own[forth <= t + 1e-6].sum(), other[back <= t + 1e-6].sum()) for t in tolerances]
    return near, max(percentile(forth, own), percentile(back, other))


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), ANISOTROPIC], ids=["isotropic", "acdc"])
def test_areas_and_distances_are_those_found_by_hand(spacing, seed) -> None:
    rng = np.random.default_rng(seed)
    blocks = rng.random((2, 3, 4, 4)) < 0.4
    reference, predicted = (np.kron(b, np.ones((2, 2, 2))).astype(np.int16) for b in blocks)
    predicted[rng.random(predicted.shape) < 0.03] = 1
    found = measured(reference, predicted, spacing)
    near, furthest = by_hand(reference == 1, predicted == 1, spacing, tolerances_of(spacing))
    assert found.hausdorff95[0] == pytest.approx(furthest, rel=1e-4)
    for number, (forth, back) in enumerate(near):
        assert found.reference_near[number][0] == pytest.approx(forth, rel=1e-4)
        assert found.predicted_near[number][0] == pytest.approx(back, rel=1e-4)


@pytest.mark.parametrize("offset", range(0, 30, 3))
def test_a_shift_of_one_voxel_is_within_a_tolerance_of_one_voxel_wherever_it_lies(offset) -> None:
    spacing = (2.0, 0.7, 0.7)  # sums of 0.7 differ from its multiples in the last bits
    one, other = (box((6, 8, 45), (1, 1, offset + n), (4, 5, 6)) for n in (1, 2))
    found = measured(one, other, spacing)
    assert found.reference_near[0] == found.reference
    assert found.predicted_near[0] == found.predicted
    # The box's ends, and the edges beside them, are farther away than its sides.
    assert found.hausdorff95 == (0.7,)


@pytest.mark.parametrize(("axis", "far"), [(0, 5.0), (1, 1.5), (2, 1.5)])
def test_a_distance_is_in_mm_along_its_axis(axis, far) -> None:
    size = [40, 40, 40]
    size[axis] = 3  # a plate, moved across: more than 5 % of its surface moves by a voxel
    start = [1, 1, 1]
    one = box((50, 50, 50), start, size)
    start[axis] += 1
    found = measured(one, box((50, 50, 50), start, size), ANISOTROPIC)
    assert found.hausdorff95 == (far,)
    share = found.reference_near[0][0] / found.reference[0]
    assert share < 0.5 if far > 1.5 else share == 1
    assert tolerances_of(ANISOTROPIC) == (1.5, 3.0)


def test_a_perfect_segmentation_is_near_everywhere() -> None:
    labels = box((9, 9, 9), (0, 2, 3), (4, 4, 4))
    labels[6:, 6:] = 2
    found = measured(labels, labels.copy(), classes=3)
    assert found.hausdorff95 == (0, 0)
    assert found.reference == found.predicted == found.reference_near[0] == found.predicted_near[1]


def test_a_surface_on_the_images_border_counts() -> None:
    whole = np.ones((4, 5, 6), dtype=np.int16)
    inner = box((4, 5, 6), (1, 1, 1), (2, 3, 4))
    found = measured(whole, inner)
    assert found.reference[0] > found.predicted[0] > 0
    assert 1 <= found.hausdorff95[0] <= 3**0.5 + 1e-4


@pytest.mark.parametrize("which", ["reference", "predicted", "both"])
def test_an_absent_class_has_no_surface_and_no_distance(which) -> None:
    there, absent = box((6, 6, 6), (1, 1, 1), (3, 3, 3)), np.zeros((6, 6, 6), dtype=np.int16)
    found = measured(
        absent if which != "predicted" else there, absent if which != "reference" else there
    )
    assert found.hausdorff95 == (None,)
    assert found.reference_near == found.predicted_near == ((0,), (0,))
    assert (found.reference[0] == 0) == (which != "predicted")
    assert (found.predicted[0] == 0) == (which != "reference")
    assert found.diagonal == pytest.approx(108**0.5, rel=1e-4)


def test_the_farthest_corners_are_the_diagonal_apart() -> None:
    shape = (5, 7, 9)
    found = measured(
        box(shape, (0, 0, 0), (1, 1, 1)), box(shape, (4, 6, 8), (1, 1, 1)), ANISOTROPIC
    )
    apart = np.linalg.norm(np.array([4, 6, 8]) * ANISOTROPIC)
    assert apart * 0.9 < found.hausdorff95[0] <= found.diagonal


def test_classes_are_measured_one_by_one() -> None:
    reference = box((9, 9, 9), (1, 1, 1), (3, 3, 3), 1) + box((9, 9, 9), (5, 5, 5), (3, 3, 3), 3)
    predicted = box((9, 9, 9), (1, 1, 1), (3, 3, 3), 1) + box((9, 9, 9), (5, 5, 4), (3, 3, 3), 3)
    found = measured(reference, predicted, classes=5)
    assert found.hausdorff95 == (0, None, 1, None)
    assert [area > 0 for area in found.reference] == [True, False, True, False]


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1))
def test_exchanging_the_maps_exchanges_their_columns(seed) -> None:
    rng = np.random.default_rng(seed)
    shape = tuple(rng.integers(1, 7, 3))
    one, other = (rng.random((2, *shape)) < 0.4).astype(np.int16)
    there, back = measured(one, other, ANISOTROPIC), measured(other, one, ANISOTROPIC)
    assert (there.reference, there.reference_near) == (back.predicted, back.predicted_near)
    assert there.hausdorff95 == back.hausdorff95
    assert there.reference_near[0][0] <= there.reference_near[1][0] <= there.reference[0]
    flipped = measured(one[:, ::-1], other[:, ::-1], ANISOTROPIC)
    assert flipped.hausdorff95 == there.hausdorff95


def test_the_mean_over_cases_follows_metrics_reloaded() -> None:
    there, absent = box((6, 6, 6), (1, 1, 1), (3, 3, 3)), np.zeros((6, 6, 6), dtype=np.int16)
    cases = [measured(*pair) for pair in ((there, there), (there, absent), (absent, absent))]
    found = surfaces_of(cases, (1.0, 2.0))
    # Perfect, missed, and one without the class, which is left out.
    assert surface_dice(found).tolist() == [[0.5], [0.5]]
    assert hausdorff95(found).tolist() == [pytest.approx(108**0.5 / 2, rel=1e-4)]
    nowhere = surfaces_of([measured(absent, there), measured(absent, absent)], (1.0, 2.0))
    assert np.isnan(surface_dice(nowhere)).all()
    assert np.isnan(hausdorff95(nowhere)).all()


def test_a_class_needs_memory_for_its_box_alone() -> None:
    shape = (200, 200, 200)
    one, other = (box(shape, (90, 90, 90 + n), (12, 12, 12)) for n in (0, 2))
    assert peak_growth(lambda: measured(one, other)) < one.nbytes / 2**20 / 2


@pytest.mark.slow
@pytest.mark.parametrize("spacing", [(1.0, 1.0, 1.0), (2.0, 0.7, 0.7)], ids=["isotropic", "amos"])
def test_areas_and_distances_are_monais(spacing) -> None:
    import torch
    from monai.metrics.utils import get_edge_surface_distance
    from scipy.ndimage import gaussian_filter

    rng = np.random.default_rng(3)
    smooth = gaussian_filter(rng.normal(size=(2, 30, 40, 40)), (0, 3, 3, 3))
    one = smooth[0] > 0.01
    other = smooth[0] + 0.2 * smooth[1] > 0.01
    found = measured(one.astype(np.int16), other.astype(np.int16), spacing)
    (edges_other, edges_one), (back, forth), (areas_other, areas_one) = get_edge_surface_distance(
        torch.from_numpy(other),
        torch.from_numpy(one),
        spacing=spacing,
        use_subvoxels=True,
        symmetric=True,
    )
    areas_one, areas_other = areas_one[edges_one].numpy(), areas_other[edges_other].numpy()
    assert found.reference[0] == pytest.approx(areas_one.sum(), rel=1e-4)
    assert found.predicted[0] == pytest.approx(areas_other.sum(), rel=1e-4)
    for number, limit in enumerate(tolerances_of(spacing)):
        # Its distances are single precision, so a voxel's is a bit off.
        there, here = (areas_one[forth <= limit + 1e-4], areas_other[back <= limit + 1e-4])
        assert found.reference_near[number][0] == pytest.approx(there.sum(), rel=1e-4)
        assert found.predicted_near[number][0] == pytest.approx(here.sum(), rel=1e-4)
