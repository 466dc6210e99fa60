"""How far two rankings agree; the rows are made up."""

import pytest
from scipy.stats import kendalltau

from leaderboard.assemble.views.concordance import concordance, told
from leaderboard.model import Row

NAMES = {name: name.upper() for name in "abcde"}


def rows(*places, letters=None):
    return [
        Row(name, "complete", rank, {}, ties=letter)
        for name, rank, letter in zip("abcde", places, letters or "abcde", strict=True)
    ]


def test_tau_is_that_of_the_ranks():
    found = concordance(rows(1, 2, 3, 4, 5), rows(2, 1, 3, 5, 4))
    expected = kendalltau([1, 2, 3, 4, 5], [2, 1, 3, 5, 4])
    assert found.tau == pytest.approx(expected.statistic)
    assert found.p_value == pytest.approx(expected.pvalue)
    assert (found.methods, found.changed) == (5, 2)


def test_pairs_swap_only_if_both_rankings_tell_them_apart():
    usual = rows(1, 2, 3, 4, 5, letters=["a", "b", "c", "d", "d"])
    other = rows(2, 1, 3, 5, 4, letters=["ab", "a", "c", "d", "e"])
    assert concordance(usual, other).swaps == ()
    found = concordance(usual, rows(2, 1, 3, 5, 4))
    assert found.swaps == (("a", "b"),)
    assert told(found, "Score", NAMES) == (
        "Agreement with the ranking by Score: Kendall's tau 0.60 (p = 0.23); 2 of 10 pairs of "
        "methods are swapped, 1 of them significantly: A and B."
    )


def test_a_single_pair_is_told_in_the_singular():
    swap = concordance(rows(1, 2, 3, 4, 5), rows(2, 1, 3, 4, 5))
    assert told(swap, "AUBC", NAMES).endswith(
        "; 1 of 10 pairs of methods is swapped, significantly: A and B."
    )
    none = concordance(rows(1, 2, 3, 4, 5), rows(2, 1, 3, 4, 5, letters=[""] * 5))
    assert told(none, "AUBC", NAMES).endswith(
        "; 1 of 10 pairs of methods is swapped, but not significantly."
    )


def test_without_letters_nothing_is_significant():
    found = concordance(rows(1, 2, 3, 4, 5), rows(5, 4, 3, 2, 1, letters=[""] * 5))
    assert (found.tau, found.changed, found.swaps) == (pytest.approx(-1), 10, ())
    assert "none of them significantly" in told(found, "AUBC", NAMES)


def test_equal_rankings_change_nothing():
    found = concordance(rows(1, 2, 3, 4, 5), rows(1, 2, 3, 4, 5))
    assert "no pair of methods is swapped" in told(found, "AUBC", NAMES)


@pytest.mark.parametrize(
    ("other", "reason"),
    [((1, 2, None, None, None), "at least 3 methods"), ((1, 1, 1, 1, 1), "all values are equal")],
    ids=["few", "tied"],
)
def test_what_has_no_tau_says_why(other, reason):
    found = concordance(rows(1, 2, 3, 4, 5), rows(*other))
    assert found.tau is None
    assert reason in found.reason
    assert reason in told(found, "AUBC", NAMES)


def test_many_swaps_are_counted():
    found = concordance(rows(1, 2, 3, 4, 5), rows(5, 4, 3, 2, 1))
    assert told(found, "AUBC", NAMES).endswith("A and B; A and C; A and D; 7 more.")
