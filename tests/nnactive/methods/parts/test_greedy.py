"""Greedy choice without conflicts."""

from itertools import combinations

import numpy as np
import pytest

from nnactive.errors import MethodError
from nnactive.geometry import Patch
from nnactive.methods import greedy, overlapping

SIZE = (4, 4, 4)
PATCHES = [
    Patch("a", (0, 0, 0), SIZE),
    Patch("a", (3, 3, 3), SIZE),
    Patch("a", (4, 0, 0), SIZE),
    Patch("b", (0, 0, 0), SIZE),
    Patch("a", (0, 0, 0), SIZE),
]


def test_the_best_come_first_and_the_first_of_equals() -> None:
    gains = np.array([1.0, 3, 3, -np.inf, 2])
    assert greedy(gains, 5) == [1, 2, 4, 0, 3]
    assert greedy(gains, 0) == []
    assert gains.tolist() == [1, 3, 3, -np.inf, 2]


def test_gains_are_asked_for_again_after_each_choice() -> None:
    seen: list[list[int]] = []

    def gain(chosen):
        seen.append(list(chosen))
        return np.array([5, 4, 1]) - 4 * len(chosen) * np.array([0, 1, 0])

    assert greedy(gain, 3) == [0, 2, 1]
    assert seen == [[], [0], [0, 2]]


def test_overlap_is_that_of_the_patches() -> None:
    conflicts = overlapping(PATCHES)
    for one, other in combinations(range(len(PATCHES)), 2):
        expected = PATCHES[one].overlaps(PATCHES[other])
        assert (other in conflicts(one)) == (one in conflicts(other)) == expected


def test_chosen_patches_never_overlap() -> None:
    chosen = greedy(np.array([2, 5, 1, 0, 3]), 2, overlapping(PATCHES))
    assert chosen == [1, 3]
    assert greedy(np.array([2, 0, 1, 0, 3]), 3, overlapping(PATCHES)) == [4, 2, 3]


def test_too_few_and_gains_that_are_none_are_refused() -> None:
    with pytest.raises(MethodError, match=r"2 of 3 places could be chosen, the others of 5"):
        greedy(np.array([2, 5, 1, 0, 3]), 3, overlapping(PATCHES))
    with pytest.raises(MethodError, match="0 of 1"):
        greedy(np.empty(0), 1)
    with pytest.raises(MethodError, match="NaN"):
        greedy(np.array([1, np.nan]), 1)
    with pytest.raises(MethodError, match=r"shape \(3,\), expected \(2,\)"):
        greedy(lambda chosen: np.zeros(2 + len(chosen)), 2)
