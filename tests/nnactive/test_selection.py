import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from nnactive.errors import MethodError
from nnactive.geometry import Patch
from nnactive.windows import patch_means
from nnactive.selection import (
    Candidate,
    best_patches,
    best_places,
    checked_score,
    top,
)

sizes = st.tuples(*[st.integers(1, 5)] * 3)


@st.composite
def problems(draw):
    """Score, query patch size, stride, labelled patches and k of one small image."""
    shape = draw(st.tuples(*[st.integers(1, 6)] * 3))
    seed = draw(st.integers(0, 2**32 - 1))
    low, high = draw(st.sampled_from([(0, 0), (0, 1), (0, 3), (-2, 2), (0, 10**6)]))
    score = np.random.default_rng(seed).integers(low, high, size=shape, endpoint=True)
    size, stride = draw(sizes), draw(st.tuples(*[st.integers(1, 3)] * 3))
    labelled = []
    for _ in range(draw(st.integers(0, 2))):
        extent = tuple(draw(st.integers(1, n)) for n in shape)
        start = tuple(draw(st.integers(0, n - p)) for n, p in zip(shape, extent, strict=True))
        labelled.append(Patch(draw(st.sampled_from(["a", "a", "other"])), start, extent))
    dtype = draw(st.sampled_from([np.int64, np.float32, np.float64]))
    return score.astype(dtype), size, stride, labelled, draw(st.integers(1, 8))


def reference(score, size, stride, labelled, k):
    """Every place in turn, every voxel in turn, exact fractions of integers."""
    shape = score.shape
    size = [min(p, n) for p, n in zip(size, shape, strict=True)]
    taken = np.zeros(shape, dtype=bool)
    for patch in labelled:
        if patch.case == "a":
            taken[patch.slices] = True
    places = []
    for z in range(0, shape[0] - size[0] + 1, stride[0]):
        for y in range(0, shape[1] - size[1] + 1, stride[1]):
            for x in range(0, shape[2] - size[2] + 1, stride[2]):
                box = [
                    (z + i, y + j, x + k_)
                    for i in range(size[0])
                    for j in range(size[1])
                    for k_ in range(size[2])
                ]
                places.append((sum(int(score[v]) for v in box), (z, y, x), box))
    places.sort(key=lambda place: (-place[0], place[1]))
    chosen = []
    for total, start, box in places:
        if len(chosen) < k and not any(taken[v] for v in box):
            chosen.append((total / len(box), start, tuple(size)))
            for v in box:
                taken[v] = True
    return chosen


@settings(max_examples=600, deadline=None)
@given(problems())
def test_choice_equals_brute_force(problem):
    score, size, stride, labelled, k = problem
    kept = score.copy()
    found = best_patches("a", score, size, stride, labelled, k)
    expected = reference(score, size, stride, labelled, k)
    assert [(c.score, c.patch.start, c.patch.size) for c in found] == expected
    np.testing.assert_array_equal(score, kept)


def test_means_of_a_worked_example():
    score = np.arange(24).reshape(2, 3, 4)
    means = patch_means(score, (2, 2, 3), (1, 1, 1))
    # Rows of 4, slices of 12: the first patch averages 0..2, 4..6, 12..14 and 16..18.
    np.testing.assert_array_equal(means, [[[9, 10], [13, 14]]])
    np.testing.assert_array_equal(patch_means(score, (9, 1, 1), (1, 2, 3))[0, 1], [14, 17])


@given(st.integers(0, 2**32 - 1), sizes)
def test_means_of_small_scores_are_never_negative(seed, size):
    rng = np.random.default_rng(seed)
    score = rng.random((5, 6, 5)) * (rng.random((5, 6, 5)) < 0.2) * 10.0 ** rng.integers(-30, 6)
    means = patch_means(score, size, (1, 1, 1))
    assert means.min() >= 0
    z, y, x = (np.array(means.shape) - 1).tolist()
    box = score[z : z + size[0], y : y + size[1], x : x + size[2]]
    assert means[z, y, x] == pytest.approx(box.mean(), abs=1e-12 * max(score.max(), 1e-30) * 100)


def test_places_of_minus_infinity_come_last_by_start():
    values = np.array([-np.inf, 2.0, -np.inf, 5.0, -np.inf]).reshape(1, 1, 5)
    found = best_places("a", values, (1, 1, 5), (1, 1, 1), (1, 1, 1), [], 4)
    assert [c.patch.start[2] for c in found] == [3, 1, 0, 2]
    assert [c.score for c in found] == [5.0, 2.0, -math.inf, -math.inf]


def test_top_breaks_ties_by_case_then_start():
    def candidate(score, case, x):
        return Candidate(score, Patch(case, (0, 0, x), (1, 1, 1)))

    several = [
        candidate(1.0, "b", 0),
        candidate(1.0, "a", 10),
        candidate(-math.inf, "a", 0),
        candidate(1.0, "a", 9),
        candidate(2.0, "z", 0),
    ]
    expected = [("z", 0), ("a", 9), ("a", 10), ("b", 0), ("a", 0)]
    for order in (several, several[::-1]):
        assert [(p.case, p.start[2]) for p in top(order, 5)] == expected
    assert len(top(several, 3)) == 3


@pytest.mark.parametrize(
    "score",
    [torch.ones(2, 3, 4), torch.ones(2, 3, 4, requires_grad=True), np.ones((2, 3, 4), bool)],
)
def test_scores_of_several_kinds_are_taken(score):
    np.testing.assert_array_equal(checked_score("a", score, (2, 3, 4)), np.ones((2, 3, 4)))


@pytest.mark.parametrize(
    ("score", "told"),
    [
        (np.ones((2, 3)), r"shape \(2, 3\), the image has \(2, 3, 4\)"),
        (np.full((2, 3, 4), np.nan), "NaN or infinite in 24 voxels"),
        (np.where(np.arange(24) == 5, np.inf, 0).reshape(2, 3, 4), "infinite in 1 voxels"),
        (np.ones((2, 3, 4), complex), "real numbers"),
        (None, "real numbers"),
        ("text", "real numbers"),
    ],
)
def test_broken_scores_name_the_case(score, told):
    with pytest.raises(MethodError, match=f"case_7: .*{told}"):
        checked_score("case_7", score, (2, 3, 4))
