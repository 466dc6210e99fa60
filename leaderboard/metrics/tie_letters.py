"""Tie groups: methods that share a letter cannot be distinguished."""

from collections.abc import Sequence
from itertools import islice
from string import ascii_letters

import numpy as np

from leaderboard.undefined import UndefinedMetricError

MOST_GROUPS = 520
"""More are useless; a relation without any order may have exponentially many."""


def tie_letters(different: np.ndarray, order: Sequence[int]) -> tuple[str, ...]:
    """Compact letter display: methods that share a letter do not differ.

    ``different`` is symmetric, shape ``(k, k)``; ``order`` names all methods, best first. A letter
    stands for a maximal set of methods of which no two differ: a to z, A to Z, then a1 and so on;
    the best method has an ``a``. A duplicate gets the letters of its original. Source:
    protocol section 6, ours; Piepho 2004, doi:10.1198/1061860043515.

    >>> tie_letters(np.array([[0, 0, 1], [0, 0, 0], [1, 0, 0]], dtype=bool), order=[0, 1, 2])
    ('a', 'ab', 'b')

    Raises:
        UndefinedMetricError: More groups than ``MOST_GROUPS``.
    """
    import networkx as nx

    different = np.asarray(different, dtype=bool)
    places = np.asarray(order, dtype=np.int64)
    alike = nx.from_numpy_array(~different[np.ix_(places, places)])
    cliques = list(islice(nx.find_cliques(alike), MOST_GROUPS + 1))
    if len(cliques) > MOST_GROUPS:
        raise UndefinedMetricError(f"more than {MOST_GROUPS} tie groups")
    letters = [""] * len(places)
    for number, clique in enumerate(sorted(sorted(clique) for clique in cliques)):
        for place in clique:
            letters[order[place]] += _letter(number)
    return tuple(letters)


def _letter(number: int) -> str:
    turn, place = divmod(number, len(ascii_letters))
    return ascii_letters[place] + (str(turn) if turn else "")
