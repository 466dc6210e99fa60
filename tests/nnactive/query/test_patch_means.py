import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from nnactive.query.patch_means import patch_means

triples = st.tuples(*[st.integers(1, 5)] * 3)


def test_means_of_a_worked_example():
    score = np.arange(24).reshape(2, 3, 4)
    means = patch_means(score, (2, 2, 3), (1, 1, 1))
    # Rows of 4, slices of 12: the first patch averages 0..2, 4..6, 12..14 and 16..18.
    np.testing.assert_array_equal(means, [[[9, 10], [13, 14]]])
    assert means.dtype == np.float64
    np.testing.assert_array_equal(patch_means(score, (9, 1, 1), (1, 2, 3))[0, 1], [14, 17])


@settings(deadline=None)
@given(st.integers(0, 2**32 - 1), triples, triples)
def test_means_of_small_scores_are_never_negative(seed, size, stride):
    rng = np.random.default_rng(seed)
    score = rng.random((5, 6, 5)) * (rng.random((5, 6, 5)) < 0.2) * 10.0 ** rng.integers(-30, 6)
    means = patch_means(score, size, stride)
    assert means.min() >= 0
    for index in np.ndindex(*means.shape):
        box = score[
            tuple(slice(i * s, i * s + p) for i, s, p in zip(index, stride, size, strict=True))
        ]
        assert means[index] == pytest.approx(box.mean(), abs=1e-14 * score.sum())
        assert box.any() or means[index] == 0


def test_large_whole_numbers_are_summed_exactly():
    score = np.random.default_rng(1).integers(0, 10**9, size=(20, 9, 30))
    means = patch_means(score, (7, 9, 11), (1, 1, 1))
    for z, _, x in np.ndindex(*means.shape):
        assert means[z, 0, x] == int(score[z : z + 7, :, x : x + 11].sum()) / (7 * 9 * 11)


@pytest.mark.parametrize(
    "layout", [np.asfortranarray, lambda a: a[::-1][::-1], np.ascontiguousarray]
)
@pytest.mark.parametrize("dtype", [np.uint8, np.int32, np.float32, bool])
def test_layout_and_type_of_the_score_dont_matter_and_it_stays_unchanged(layout, dtype):
    plain = np.random.default_rng(2).integers(0, 2, size=(6, 7, 8)).astype(dtype)
    score = layout(plain)
    expected = patch_means(plain.astype(np.float64), (2, 3, 4), (2, 1, 3))
    np.testing.assert_array_equal(patch_means(score, (2, 3, 4), (2, 1, 3)), expected)
    np.testing.assert_array_equal(score, plain)
