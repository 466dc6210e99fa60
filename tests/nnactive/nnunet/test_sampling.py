from types import SimpleNamespace

import numpy as np
import pytest

from nnactive.nnunet.sampling import RegionDataLoader, shift_bounds

SHAPE = (30, 24, 18)
PATCH = (12, 12, 12)
FINAL = (8, 8, 8)
ANY = (-1, 0, 1, 2)


def loader() -> RegionDataLoader:
    labels = SimpleNamespace(all_labels=[0, 1, 2], has_ignore_label=True)
    data = SimpleNamespace(identifiers=["a"])
    return RegionDataLoader(data, 2, PATCH, FINAL, labels, oversample_foreground_percent=0.33)


def rows(*voxels: tuple[int, int, int]) -> np.ndarray:
    return np.array([(0, *voxel) for voxel in voxels])


def test_shift_bounds_keep_the_voxel_in_the_patch_and_the_centre_in_the_image() -> None:
    assert shift_bounds(voxel=0, patch=12, extent=30) == (0, 6)
    assert shift_bounds(voxel=29, patch=12, extent=30) == (-6, 1)
    assert shift_bounds(voxel=15, patch=12, extent=30) == (-6, 6)
    assert shift_bounds(voxel=2, patch=40, extent=5) == (-2, 3)


@pytest.mark.parametrize("voxel", [(0, 0, 0), (15, 12, 9), (29, 23, 17), (3, 20, 9)])
def test_the_other_samples_are_shifted_over_exactly_the_permitted_range(
    voxel: tuple[int, int, int],
) -> None:
    np.random.seed(1)  # noqa: NPY002  # nnU-Net's loader draws from the global state
    sampler = loader()
    places = {ANY: rows(voxel), 1: rows((1, 1, 1)), 2: rows()}
    drawn = [
        sampler.get_bbox(np.array(SHAPE), force_fg=False, class_locations=places)[0]
        for _ in range(2000)
    ]
    for axis in range(3):
        low = -min(voxel[axis], PATCH[axis] // 2)
        high = min(SHAPE[axis] - voxel[axis], PATCH[axis] // 2)
        pad = PATCH[axis] - FINAL[axis]
        expected = {
            max(-pad // 2, voxel[axis] + shift - PATCH[axis] // 2) for shift in range(low, high)
        }
        assert {corner[axis] for corner in drawn} == expected


def test_oversampled_samples_are_centred_on_foreground() -> None:
    sampler = loader()
    places = {1: rows((15, 12, 9)), 2: rows(), ANY: rows((15, 12, 9), (3, 3, 3))}
    for _ in range(50):
        lower, upper = sampler.get_bbox(np.array(SHAPE), force_fg=True, class_locations=places)
        assert lower == [9, 6, 3]
        assert upper == [21, 18, 15]


def test_oversampled_samples_without_foreground_are_centred_on_any_labelled_voxel() -> None:
    sampler = loader()
    places = {1: rows(), 2: rows(), ANY: rows((15, 12, 9))}
    assert sampler.get_bbox(np.array(SHAPE), force_fg=True, class_locations=places)[0] == [9, 6, 3]


def test_one_of_two_samples_is_oversampled() -> None:
    assert [loader().get_do_oversample(index) for index in range(2)] == [False, True]
