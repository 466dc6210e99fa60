import re
from itertools import combinations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from leaderboard.metrics import tie_letters


@st.composite
def relations(draw, largest=7):
    """A symmetric relation between up to ``largest`` methods, and an order of them."""
    k = draw(st.integers(1, largest))
    different = np.zeros((k, k), dtype=bool)
    for i, j in combinations(range(k), 2):
        different[i, j] = different[j, i] = draw(st.booleans())
    return different, draw(st.permutations(range(k)))


def groups(different):
    """Largest sets without a difference, by trying all sets."""
    k = len(different)
    alike = [
        frozenset(chosen)
        for size in range(1, k + 1)
        for chosen in combinations(range(k), size)
        if not different[np.ix_(chosen, chosen)].any()
    ]
    return {group for group in alike if not any(group < other for other in alike)}


def test_by_hand():
    # 0 differs from 2 and 3, 1 from 3: {0, 1}, {1, 2}, {2, 3}.
    different = np.zeros((4, 4), dtype=bool)
    different[0, 2] = different[0, 3] = different[1, 3] = True
    different |= different.T
    assert tie_letters(different, [0, 1, 2, 3]) == ("a", "ab", "bc", "c")
    assert tie_letters(different, [3, 2, 1, 0]) == ("c", "bc", "ab", "a")
    assert tie_letters(np.zeros((3, 3)), [2, 1, 0]) == ("a", "a", "a")
    assert tie_letters(~np.eye(3, dtype=bool), [1, 2, 0]) == ("c", "a", "b")


@settings(deadline=None)
@given(relations())
def test_a_letter_is_a_largest_set_of_methods_that_do_not_differ(case):
    different, order = case
    letters = tie_letters(different, order)
    used = sorted(set("".join(letters)))
    sets = [frozenset(i for i, own in enumerate(letters) if letter in own) for letter in used]
    assert set(sets) <= groups(different)
    assert len(sets) == len(set(sets))
    assert "a" in letters[order[0]]


@settings(deadline=None)
@given(relations())
def test_methods_share_a_letter_exactly_if_they_do_not_differ(case):
    different, order = case
    letters = tie_letters(different, order)
    for i, j in combinations(range(len(letters)), 2):
        assert bool(set(letters[i]) & set(letters[j])) == (not different[i, j])


@settings(deadline=None)
@given(relations())
def test_a_duplicate_gets_the_letters_of_its_original_and_changes_no_other(case):
    different, order = case
    k = len(different)
    more = np.pad(different, ((0, 1), (0, 1)))
    more[k, :k] = more[:k, k] = different[order[0]]
    place = list(order).index(order[0]) + 1
    letters = tie_letters(more, [*order[:place], k, *order[place:]])
    assert letters[:k] == tie_letters(different, order)
    assert letters[k] == letters[order[0]]


def test_more_groups_than_the_alphabet_has():
    letters = tie_letters(~np.eye(60, dtype=bool), range(60))
    assert len(set(letters)) == 60
    assert (letters[0], letters[26], letters[51], letters[52]) == ("a", "A", "Z", "a1")


def test_a_relation_without_any_order_has_letters():
    # 20 pairs that differ within, not between: 2 ** 20 largest sets, of which few are needed.
    different = np.kron(np.eye(20, dtype=bool), ~np.eye(2, dtype=bool)).astype(bool)
    letters = tie_letters(different, range(40))
    sets = [{*re.findall(r"[a-zA-Z]\d*", own)} for own in letters]
    for i, j in combinations(range(40), 2):
        assert bool(sets[i] & sets[j]) == (not different[i, j])
    assert len(set.union(*sets)) < 40 * 40 / 2


def test_in_an_ordered_relation_all_largest_sets_have_a_letter():
    places = np.array([0.0, 1, 1.5, 2.5, 4, 4.2, 7])
    different = np.abs(places[:, None] - places) > 2
    letters = tie_letters(different, range(7))
    assert letters == ("a", "ab", "ab", "bc", "c", "c", "d")
