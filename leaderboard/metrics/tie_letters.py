"""Tie groups: methods that share a letter cannot be distinguished."""

from collections.abc import Sequence
from string import ascii_letters

import numpy as np


def tie_letters(different: np.ndarray, order: Sequence[int]) -> tuple[str, ...]:
    """Compact letter display: two methods share a letter exactly if they do not differ.

    ``different`` is symmetric, shape ``(k, k)``; ``order`` names all methods, best first. A letter
    stands for a largest set of methods of which no two differ: a to z, A to Z, then a1 and so on;
    the best method has an ``a``. Of all such sets, only those are named that some pair needs, so
    their number stays below k^2 whatever differs. A duplicate gets the letters of its original.
    Source: protocol section 6, ours; Piepho 2004, doi:10.1198/1061860043515.

    >>> tie_letters(np.array([[0, 0, 1], [0, 0, 0], [1, 0, 0]], dtype=bool), order=[0, 1, 2])
    ('a', 'ab', 'b')
    """
    places = np.asarray(order, dtype=np.int64)
    alike = ~np.asarray(different, dtype=bool)[np.ix_(places, places)]
    own: list[list[str]] = [[] for _ in places]
    for number, members in enumerate(sorted(_groups(_masks(alike)))):
        letter = _letter(number)
        for place in members:
            own[order[place]].append(letter)
    return tuple(map("".join, own))


def _masks(alike: np.ndarray) -> list[int]:
    """By method the others that are alike, as a number with a bit for each, the first one's lowest.

    Most of the work is on single methods, for which whole numbers are ten times faster than arrays.
    """
    packed = np.packbits(alike, axis=1, bitorder="little")
    return [int.from_bytes(row.tobytes(), "little") & ~(1 << i) for i, row in enumerate(packed)]


def _groups(alike: Sequence[int]) -> list[list[int]]:
    """Largest sets of methods that are alike, until every pair that is alike has one."""
    groups: list[list[int]] = []
    # Pairs without a group, by their first method; each method makes one with itself.
    missing = [1 << first | others >> first << first for first, others in enumerate(alike)]
    for first in range(len(alike)):
        while missing[first]:
            group = _extended(alike, 1 << first | missing[first] & -missing[first])
            members = _places(group)
            for place in members:
                missing[place] &= ~group
            groups.append(members)
    return groups


def _extended(alike: Sequence[int], group: int) -> int:
    """The group with all that is alike to it and to one another, the best first."""
    fits = -1
    for place in _places(group):
        fits &= alike[place]
    while fits:
        best = fits & -fits
        group |= best
        fits &= alike[best.bit_length() - 1]
    return group


def _places(group: int) -> list[int]:
    found = []
    while group:
        lowest = group & -group
        found.append(lowest.bit_length() - 1)
        group ^= lowest
    return found


def _letter(number: int) -> str:
    turn, place = divmod(number, len(ascii_letters))
    return ascii_letters[place] + (str(turn) if turn else "")
