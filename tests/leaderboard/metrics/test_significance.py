"""Friedman and Nemenyi against the worked example of Demsar 2006, table 6 and section 3.2.2."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scikit_posthocs import posthoc_nemenyi_friedman

from leaderboard.metrics import friedman, nemenyi
from leaderboard.undefined import UndefinedMetricError

# AUC of C4.5, C4.5+m, C4.5+cf and C4.5+m+cf. Voting prints .975 twice, ranked 2 and 3.
DEMSAR = np.array(
    [
        [0.763, 0.768, 0.771, 0.798],
        [0.599, 0.591, 0.590, 0.569],
        [0.954, 0.971, 0.968, 0.967],
        [0.628, 0.661, 0.654, 0.657],
        [0.882, 0.888, 0.886, 0.898],
        [0.936, 0.931, 0.916, 0.931],
        [0.661, 0.668, 0.609, 0.685],
        [0.583, 0.583, 0.563, 0.625],
        [0.775, 0.838, 0.866, 0.875],
        [1.000, 1.000, 1.000, 1.000],
        [0.940, 0.962, 0.965, 0.962],
        [0.619, 0.666, 0.614, 0.669],
        [0.972, 0.981, 0.9751, 0.975],
        [0.957, 0.978, 0.946, 0.970],
    ]
)
# Demsar 2006, table 5 (a): two-tailed q at .05 for k = 2 ... 10.
CRITICAL = (1.960, 2.343, 2.569, 2.728, 2.850, 2.949, 3.031, 3.102, 3.164)


def test_friedman_is_demsars_example():
    result = friedman(DEMSAR)
    # He prints 9.28 without the correction for ties: three pairs and one group of four,
    # 3 * (2^3 - 2) + (4^3 - 4) = 78 of 14 * 4 * (16 - 1) = 840.
    assert result.statistic * (1 - 78 / 840) == pytest.approx(9.28, abs=0.005)
    # Upper tail of chi-square with 3 degrees of freedom in closed form.
    x = result.statistic
    tail = math.erfc(math.sqrt(x / 2)) + math.sqrt(2 * x / math.pi) * math.exp(-x / 2)
    assert result.p_value == pytest.approx(tail)


def test_nemenyi_is_demsars_example():
    test = nemenyi(DEMSAR)
    assert test.mean_ranks == pytest.approx([3.143, 2.000, 2.893, 1.964], abs=5e-4)
    assert test.difference == pytest.approx(1.25, abs=0.005)
    assert test.groups == ((3, 1, 2, 0),)
    weaker = nemenyi(DEMSAR, alpha=0.1)
    assert weaker.difference == pytest.approx(1.12, abs=0.005)
    assert weaker.groups == ((3, 1, 2), (2, 0))


@pytest.mark.parametrize("k", range(3, 11))
def test_the_critical_difference_follows_demsars_table(k):
    scores = np.random.default_rng(k).normal(size=(12, k))
    expected = CRITICAL[k - 2] * math.sqrt(k * (k + 1) / (6 * 12))
    assert nemenyi(scores).difference == pytest.approx(expected, rel=5e-4)


def test_pairs_in_a_group_are_those_that_the_post_hoc_p_values_do_not_tell_apart():
    scores = np.random.default_rng(8).normal(np.arange(6), 1.5, size=(20, 6))
    test = nemenyi(scores)
    together = np.zeros((6, 6), dtype=bool)
    for group in test.groups:
        together[np.ix_(group, group)] = True
    np.fill_diagonal(together, val=True)
    p_values = posthoc_nemenyi_friedman(scores).to_numpy()
    assert together.tolist() == (p_values >= 0.05).tolist()
    assert len(test.groups) > 1


@settings(deadline=None)
@given(st.permutations(range(4)))
def test_the_order_of_methods_and_settings_changes_nothing(order):
    moved, test = nemenyi(DEMSAR[::-1, order]), nemenyi(DEMSAR)
    assert moved.mean_ranks == pytest.approx(test.mean_ranks[list(order)])
    assert [[order[i] for i in group] for group in moved.groups] == [list(g) for g in test.groups]
    assert friedman(DEMSAR[::-1, order]).statistic == pytest.approx(friedman(DEMSAR).statistic)


def test_a_duplicate_shares_its_originals_rank_and_groups():
    test = nemenyi(np.column_stack([DEMSAR, DEMSAR[:, 1]]))
    assert test.mean_ranks[4] == test.mean_ranks[1]
    assert all((4 in group) == (1 in group) for group in test.groups)


@pytest.mark.parametrize("test", [friedman, nemenyi])
@pytest.mark.parametrize(
    ("scores", "reason"),
    [
        (np.ones((1, 3)), "at least 2 settings"),
        (np.ones((5, 2)), "at least 3 methods"),
        (np.array([[1, 2, 3], [1, np.nan, 3]]), "lacks a setting"),
    ],
)
def test_they_refuse(test, scores, reason):
    with pytest.raises(UndefinedMetricError, match=reason):
        test(scores)


def test_friedman_refuses_ties_alone():
    with pytest.raises(UndefinedMetricError, match="tied in every setting"):
        friedman(np.ones((4, 3)))
