import math
from itertools import permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import ttest_rel
from statsmodels.stats.multitest import multipletests

from leaderboard.metrics import ppm
from leaderboard.metrics.ppm import holm, paired_p_values
from leaderboard.undefined import UndefinedMetricError


def p_value(first, second):
    """Paired t-test of 2, 3 or 4 seeds by the closed forms of Student's distribution."""
    differences = [a - b for a, b in zip(first, second, strict=True)]
    n = len(differences)
    centre = math.fsum(differences) / n
    variance = math.fsum((d - centre) ** 2 for d in differences) / (n - 1)
    if max(differences) == min(differences):
        return float(differences[0] == 0)
    t = abs(centre) / math.sqrt(variance / n)
    if n == 2:
        return 1 - 2 / math.pi * math.atan(t)
    if n == 3:
        return 1 - t / math.sqrt(2 + t * t)
    x = t / math.sqrt(3)
    return 1 - 2 / math.pi * (math.atan(x) + x / (1 + x * x))


def reference(dice, alpha, correction, first_loop=1):
    """The matrix pair by pair in plain Python."""
    k = len(next(iter(dice.values())))
    total = [[0.0] * k for _ in range(k)]
    for array in dice.values():
        loops = range(first_loop, array.shape[2])
        tests = sorted(
            (p_value(array[i, :, t].tolist(), array[j, :, t].tolist()), i, j, t)
            for i in range(k)
            for j in range(i + 1, k)
            for t in loops
        )
        for number, (p, i, j, t) in enumerate(tests):
            if correction == "holm" and p >= alpha / (len(tests) - number):
                break
            if p >= alpha:
                continue
            a, b = array[i, :, t].mean(), array[j, :, t].mean()
            total[i if a > b else j][j if a > b else i] += 1 / len(loops) / len(dice)
    return np.array(total)


def draw(seed, k=4, seeds=4, loops=5, n_settings=3):
    """Methods that differ by their number, with noise."""
    rng = np.random.default_rng(seed)
    shift = np.linspace(0, 0.04, k)[:, None, None]
    return {
        f"s{s}": rng.normal(0.7, 0.01, size=(k, seeds, loops)) + shift for s in range(n_settings)
    }


def test_by_hand():
    # Differences .1 .1 .2 in loop 1: mean .4/3, std .1/sqrt(3), t = 4; two degrees of freedom give
    # p = 1 - 4/sqrt(18) = .057: not at .05. Loop 2: .10 .12 .11, t = .11/(.01/sqrt(3)) = 19: yes.
    strong = [[0.5, 0.7, 0.80], [0.5, 0.7, 0.82], [0.6, 0.8, 0.81]]
    weak = [[0.5, 0.6, 0.70], [0.5, 0.6, 0.70], [0.6, 0.6, 0.70]]
    dice = {"a": np.array([weak, strong])}
    assert ppm(dice).matrix.tolist() == [[0.0, 0.0], [0.5, 0.0]]
    assert ppm(dice, alpha=0.06).matrix.tolist() == [[0.0, 0.0], [1.0, 0.0]]
    assert ppm(dice, first_loop=0).matrix[1, 0] == pytest.approx(1 / 3)
    # Two tests: the smaller p, .0028, against .025; the other one against .05.
    assert ppm(dice, correction="holm").matrix.tolist() == [[0.0, 0.0], [0.5, 0.0]]
    assert ppm(dice, alpha=0.005, correction="holm").matrix.tolist() == [[0.0, 0.0], [0.0, 0.0]]
    assert ppm(dice, alpha=0.005).matrix.tolist() == [[0.0, 0.0], [0.5, 0.0]]


def test_the_p_values_are_scipys():
    drawn = np.random.default_rng(5).normal(70, 2, size=(2, 200, 4, 5))
    expected = ttest_rel(*drawn, axis=1).pvalue
    assert paired_p_values(*drawn) == pytest.approx(expected, rel=1e-12)


def test_wins_and_losses_are_sums_over_the_others():
    result = ppm(draw(0))
    assert result.matrix.sum() > 0
    assert result.wins == pytest.approx(result.matrix.sum(axis=1) / 3)
    assert result.losses == pytest.approx(result.matrix.sum(axis=0) / 3)


@settings(max_examples=40, deadline=None)
@given(
    st.integers(0, 10**6),
    st.integers(2, 4),
    st.sampled_from([0.05, 0.02]),
    st.sampled_from(["none", "holm"]),
)
def test_it_is_the_matrix_made_pair_by_pair(seed, seeds, alpha, correction):
    dice = draw(seed, seeds=seeds)
    expected = reference(dice, alpha, correction)
    assert ppm(dice, alpha, correction).matrix == pytest.approx(expected)


def test_settings_weigh_the_same_whatever_their_number_of_loops():
    sure = np.array([[[0.5, 0.8], [0.5, 0.81]], [[0.5, 0.6], [0.5, 0.6]]])
    none = np.full((2, 2, 5), 0.5)
    assert ppm({"a": sure, "b": none}).matrix.tolist() == [[0.0, 0.5], [0.0, 0.0]]


def test_differences_without_variance_count_unless_there_are_none():
    better, equal = [[0.5, 0.75], [0.25, 0.5]], [[0.5, 0.5], [0.25, 0.25]]
    matrix = ppm({"a": np.array([better, equal, equal])}).matrix
    assert matrix.tolist() == [[0.0, 1.0, 1.0], [0.0, 0.0, 0.0], [0.0, 0.0, 0.0]]


@pytest.mark.parametrize("order", list(permutations(range(4)))[1::5])
def test_the_order_of_methods_settings_and_seeds_changes_nothing(order):
    dice = draw(3)
    moved = {name: dice[name][list(order)][:, ::-1] for name in reversed(dice)}
    for correction in ("none", "holm"):
        before, after = ppm(dice, correction=correction), ppm(moved, correction=correction)
        assert after.matrix == pytest.approx(before.matrix[np.ix_(order, order)])
        assert after.wins == pytest.approx(before.wins[list(order)])


def test_a_duplicate_changes_no_entry_between_the_others_and_never_beats_its_original():
    dice = draw(4)
    more = {name: np.concatenate([array, array[:1]]) for name, array in dice.items()}
    before, after = ppm(dice).matrix, ppm(more).matrix
    assert after[:4, :4] == pytest.approx(before)
    assert after[4, 1:4] == pytest.approx(before[0, 1:])
    assert after[4, 0] == after[0, 4] == 0


def test_holm_is_stricter_and_an_entrant_more_makes_it_never_milder():
    dice = draw(5, k=5)
    fewer = {name: array[:4] for name, array in dice.items()}
    corrected = ppm(dice, correction="holm").matrix
    assert (corrected <= ppm(dice).matrix).all()
    assert corrected.sum() < ppm(dice).matrix.sum()
    duplicated = {name: np.concatenate([array, array[:1]]) for name, array in fewer.items()}
    after = ppm(duplicated, correction="holm").matrix[:4, :4]
    assert (after <= ppm(fewer, correction="holm").matrix).all()


@pytest.mark.parametrize("stopped", range(8))
def test_holm_is_statsmodels(stopped):
    # A little below alpha / 8, alpha / 7, ... alpha / 1, but for one that stops the ones behind it.
    p_values = 0.95 * 0.05 / np.arange(8, 0, -1)
    p_values[stopped] *= 1.06
    p_values = np.random.default_rng(stopped).permutation(p_values).reshape(4, 2)
    expected = multipletests(p_values.ravel(), alpha=0.05, method="holm")[0]
    assert holm(p_values, alpha=0.05).tolist() == expected.reshape(4, 2).tolist()
    assert expected.sum() == stopped


def test_holm_with_nothing_to_reject_or_everything():
    assert not holm(np.full((2, 3), 0.5), alpha=0.05).any()
    assert holm(np.zeros((2, 3)), alpha=0.05).all()


@pytest.mark.parametrize(
    ("dice", "reason"),
    [
        ({}, "no setting"),
        ({"a": np.ones((2, 1, 3))}, "at least 2 seeds"),
        ({"a": np.ones((1, 2, 3))}, "at least 2 methods"),
        ({"a": np.ones((2, 2, 3)), "b": np.ones((3, 2, 3))}, "same methods"),
        ({"a": np.full((2, 2, 3), np.nan)}, "loop is missing"),
        ({"a": np.ones((2, 2, 1))}, "loop is missing"),
    ],
)
def test_it_refuses(dice, reason):
    with pytest.raises(UndefinedMetricError, match=reason):
        ppm(dice)
