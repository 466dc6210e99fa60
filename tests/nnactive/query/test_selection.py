import math

import numpy as np
import pytest
import torch

from nnactive.errors import MethodError
from nnactive.geometry import Patch
from nnactive.query.selection import Candidate, best_patches, best_places, checked_score, top


def test_greedy_choice_of_a_worked_example():
    # One row, patches of two, on every place: means 4, 5.5, 4, 0, 4, 4.5.
    score = np.array([5, 3, 8, 0, 0, 8, 1]).reshape(1, 1, 7)

    def chosen(k, labelled=(), stride=1):
        found = best_patches("a", score, (4, 1, 2), (1, 1, stride), labelled, k)
        assert all(c.patch.case == "a" and c.patch.size == (1, 1, 2) for c in found)
        return [(c.score, c.patch.start[2]) for c in found]

    assert chosen(9) == [(5.5, 1), (4.5, 5), (0, 3)]
    assert chosen(2) == [(5.5, 1), (4.5, 5)]
    assert chosen(9, stride=2) == [(4, 0), (4, 2), (4, 4)]
    labelled = [Patch("a", (0, 0, 2), (1, 1, 1)), Patch("other", (0, 0, 0), (1, 1, 7))]
    assert chosen(9, labelled) == [(4.5, 5), (4, 0), (0, 3)]


def test_positions_of_minus_infinity_come_last_by_start():
    values = np.array([-np.inf, 2.0, -np.inf, 5.0, -np.inf]).reshape(1, 1, 5)
    found = best_places("a", values, (1, 1, 5), (1, 1, 1), (1, 1, 1), [], 4)
    assert [c.patch.start[2] for c in found] == [3, 1, 0, 2]
    assert [c.score for c in found] == [5.0, 2.0, -math.inf, -math.inf]


@pytest.mark.parametrize(
    ("values", "told"),
    [
        (np.zeros((1, 1, 5)), r"shape \(1, 1, 5\), the grid has \(1, 1, 4\)"),
        (np.array([[[0, np.nan, 0, 0]]]), "NaN or inf"),
        (np.array([[[0, 1, np.inf, 0]]]), "NaN or inf"),
    ],
)
def test_broken_patch_scores_name_the_case(values, told):
    with pytest.raises(MethodError, match=f"case_7: .*{told}"):
        best_places("case_7", values, (1, 1, 5), (1, 1, 2), (1, 1, 1), [], 3)


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
def test_scores_of_several_kinds_are_accepted(score):
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


@pytest.mark.parametrize("score", [math.nan, math.inf])
def test_a_candidates_score_is_a_number(score):
    with pytest.raises(MethodError, match=f"a: a candidate's score is {score}"):
        Candidate(score, Patch("a", (0, 0, 0), (1, 1, 1)))


@pytest.mark.parametrize("values", [None, [[[1.0]]], np.array([[["x"]]])])
def test_patch_scores_are_an_array_of_numbers(values):
    with pytest.raises(MethodError, match=r"a: the patch scores are .*must be an array of real"):
        best_places("a", values, (1, 1, 1), (1, 1, 1), (1, 1, 1), [], 1)


def test_a_bfloat16_score_is_accepted():
    score = torch.arange(8.0).to(torch.bfloat16).reshape(2, 2, 2)
    assert checked_score("a", score, (2, 2, 2)).ravel().tolist() == list(range(8))
