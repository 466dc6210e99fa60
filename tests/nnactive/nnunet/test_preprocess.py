import numpy as np
import pytest
from scipy import ndimage

from nnactive.nnunet.preprocess import intensities, normalise, resample, shape_after_crop
from nnactive.streams import stream

IDENTITY = (0, 1, 2)
ONE = (1.0, 1.0, 1.0)


def volume(shape):
    return stream("tests", "preprocess", shape).normal(100, 20, shape)


def zoomed(array, shape, order):
    """SciPy's own interpolation of voxel areas, kept within the range of ``array``."""
    factors = [n / m for n, m in zip(shape, array.shape, strict=True)]
    result = ndimage.zoom(array, factors, order=order, mode="nearest", grid_mode=True)
    return result.clip(array.min(), array.max())


def test_nothing_to_resample_changes_nothing():
    image = volume((1, 7, 9, 11)).astype(np.float32)
    label = (image[0] > 110).astype(np.int16)
    resampled, segmentation = resample(image, label, ONE, ONE, IDENTITY)
    np.testing.assert_array_equal(resampled, image)
    np.testing.assert_array_equal(segmentation, label)
    assert (resampled.dtype, segmentation.dtype) == (np.float32, np.int16)


def test_images_are_interpolated_by_cubic_splines():
    image = volume((1, 12, 15, 10))
    label = np.zeros(image.shape[1:], np.int16)
    resampled, segmentation = resample(image, label, (1.5, 1.0, 2.0), ONE, IDENTITY)
    assert resampled.shape == (1, 18, 15, 20)
    assert segmentation.shape == (18, 15, 20)
    np.testing.assert_allclose(resampled[0], zoomed(image[0], (18, 15, 20), 3), atol=1e-3)


def test_across_thick_slices_the_nearest_one_is_taken():
    image = volume((1, 4, 12, 12))
    label = np.zeros(image.shape[1:], np.int16)
    resampled, _ = resample(image, label, (4.0, 1.0, 1.0), (2.0, 0.5, 0.5), IDENTITY)
    assert resampled.shape == (1, 8, 24, 24)
    in_plane = np.stack([zoomed(plane, (24, 24), 3) for plane in image[0]])
    np.testing.assert_allclose(resampled[0], in_plane.repeat(2, axis=0), atol=1e-3)


def test_each_class_is_interpolated_linearly_and_the_majority_wins():
    image = volume((1, 8, 8, 8))
    label = np.zeros((8, 8, 8), np.int16)
    label[2:6, 2:6, 2:6] = 1
    label[5:, 5:, 5:] = 2
    _, segmentation = resample(image, label, (2.0, 2.0, 2.0), ONE, IDENTITY)
    scores = np.stack([zoomed((label == c).astype(float), (16, 16, 16), 1) for c in range(3)])
    sure = np.sort(scores, axis=0)[-1] > 0.51
    assert sure.mean() > 0.9
    np.testing.assert_array_equal(segmentation[sure], scores.argmax(axis=0)[sure])


def test_cropped_to_the_non_zero_box_and_outside_is_background():
    image = np.zeros((2, 10, 10, 10))
    image[0, 2:8, 3:6, 4] = 5.0
    image[1, 4, 4, 2:9] = 7.0
    label = np.zeros((10, 10, 10), np.int16)
    label[2, 3, 2] = 1
    label[0, 0, 0] = 2
    resampled, segmentation = resample(image, label, ONE, ONE, IDENTITY)
    assert resampled.shape == (2, 6, 3, 7)
    assert shape_after_crop(image) == (6, 3, 7)
    np.testing.assert_array_equal(resampled, image[:, 2:8, 3:6, 2:9])
    np.testing.assert_array_equal(segmentation, label[2:8, 3:6, 2:9])
    assert segmentation.min() == 0


def test_the_transposition_moves_axes_and_spacing_together():
    image = volume((1, 6, 8, 10))
    label = (image[0] > 110).astype(np.int16)
    resampled, segmentation = resample(image, label, (1.0, 2.0, 3.0), (3.0, 1.0, 2.0), (2, 0, 1))
    np.testing.assert_allclose(resampled[0], image[0].transpose(2, 0, 1), rtol=1e-6)
    np.testing.assert_array_equal(segmentation, label.transpose(2, 0, 1))


def test_arguments_are_left_alone():
    image, label = volume((1, 6, 6, 6)), np.zeros((6, 6, 6), np.int16)
    image[0, 0] = 0
    before = image.copy(), label.copy()
    resample(image, label, ONE, (2.0, 2.0, 2.0), IDENTITY)
    np.testing.assert_array_equal(image, before[0])
    np.testing.assert_array_equal(label, before[1])


def plans(scheme, *, mask=False, **statistics):
    configuration = {"normalization_schemes": [scheme], "use_mask_for_norm": [mask]}
    return {
        "configurations": {"3d_fullres": configuration},
        "foreground_intensity_properties_per_channel": {"0": statistics},
    }


def test_zscore_uses_the_case_itself():
    image = volume((1, 5, 6, 7)).astype(np.float32)
    expected = (image - image.mean()) / image.std()
    np.testing.assert_allclose(normalise(image, plans("ZScoreNormalization")), expected, atol=1e-5)


def test_ct_is_clipped_and_scaled_by_the_pool():
    image = np.array([-1000, 0, 50, 2000], np.float32).reshape(1, 1, 2, 2)
    before = image.copy()
    pool = plans("CTNormalization", mean=40, std=20, percentile_00_5=-100, percentile_99_5=300)
    np.testing.assert_allclose(normalise(image, pool).ravel(), [-7, -2, 0.5, 13])
    np.testing.assert_array_equal(image, before)


def test_a_mask_is_not_expected():
    with pytest.raises(AssertionError, match="mask"):
        normalise(np.ones((1, 2, 2, 2), np.float32), plans("ZScoreNormalization", mask=True))


@pytest.mark.parametrize(
    "scheme",
    ["ZScoreNormalization", "CTNormalization", "RescaleTo01Normalization", "NoNormalization"],
)
def test_intensities_can_be_computed_back(scheme):
    image = volume((2, 6, 7, 8)).astype(np.float32)
    image[1] *= 3
    statistics = {"mean": 90.0, "std": 30.0, "percentile_00_5": -1e9, "percentile_99_5": 1e9}
    configuration = {"normalization_schemes": [scheme] * 2, "use_mask_for_norm": [False] * 2}
    plans = {
        "configurations": {"3d_fullres": configuration},
        "foreground_intensity_properties_per_channel": {"0": statistics, "1": statistics},
    }
    scale, offset = intensities(image, plans)
    back = np.stack(
        [a * c + b for a, b, c in zip(scale, offset, normalise(image, plans), strict=True)]
    )
    np.testing.assert_allclose(back, image, rtol=1e-4, atol=1e-2)
