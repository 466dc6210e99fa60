"""How far two rankings of the same methods agree."""

from collections.abc import Mapping, Sequence
from itertools import combinations

from leaderboard.assemble.ranking.significance import split
from leaderboard.formatting import counted, joined, shown
from leaderboard.metrics import kendall
from leaderboard.model import Concordance, Row
from leaderboard.undefined import Undefined, attempt

FEWEST = 3
"""Methods that two rankings must share."""
NAMED = 3
"""Pairs that are named, before the others are counted."""
LEAST = 0.001
"""Smaller p-values are told as smaller than it."""


def concordance(usual: Sequence[Row], other: Sequence[Row]) -> Concordance:
    """Kendall's tau-b between the ranks of two rankings, and the pairs that change places.

    A pair swaps if its methods differ significantly in both rankings, by the tests that give their
    letters, and in opposite directions. Source: protocol section 6 (tau-b); swaps are ours.

    Args:
        usual: rows of the ranking to compare with.
        other: rows of the other one.
    """
    first = {row.entrant: row for row in usual if row.rank is not None}
    second = {row.entrant: row for row in other if row.rank is not None}
    shared = sorted((key for key in first if key in second), key=lambda key: _rank(first[key]))
    if len(shared) < FEWEST:
        return Concordance(
            None,
            None,
            len(shared),
            reason=f"needs at least {FEWEST} methods that both rankings have",
        )
    ranks = [[_rank(rows[key]) for key in shared] for rows in (first, second)]
    changed = [
        pair
        for pair in combinations(shared, 2)
        if _rank(first[pair[0]]) < _rank(first[pair[1]])
        and _rank(second[pair[0]]) > _rank(second[pair[1]])
    ]
    swaps = tuple(
        (a, b) for a, b in changed if _apart(first[a], first[b]) and _apart(second[a], second[b])
    )
    found = attempt(lambda: kendall(*ranks))
    if isinstance(found, Undefined):
        return Concordance(None, None, len(shared), len(changed), swaps, found.reason)
    return Concordance(found.tau, found.p_value, len(shared), len(changed), swaps)


def told(found: Concordance, title: str, names: Mapping[str, str]) -> str:
    """The agreement as a sentence.

    Args:
        found: with the usual ranking.
        title: of the column that the usual ranking follows.
        names: of the methods, by key.
    """
    if found.tau is None or found.p_value is None:
        return f"Its agreement with the ranking by {title} is unknown: {found.reason}."
    pairs = found.methods * (found.methods - 1) // 2
    one = found.changed == 1
    change = (
        f"{found.changed} of {counted(pairs, 'pair')} of methods {'is' if one else 'are'} swapped"
    )
    if not found.changed:
        change = "no pair of methods is swapped"
    elif found.swaps:
        those = "" if one else f"{len(found.swaps)} of them "
        change += f", {those}significantly: {swapped(found, names)}"
    else:
        change += ", but not significantly" if one else ", none of them significantly"
    return (
        f"Agreement with the ranking by {title}: Kendall's tau {shown(found.tau, '')} "
        f"({p_text(found.p_value)}); "
        f"{change}."
    )


def swapped(found: Concordance, names: Mapping[str, str]) -> str:
    """The pairs that swap: ``A and B; C and D; 2 more``."""
    pairs = [joined([names[a], names[b]]) for a, b in found.swaps[:NAMED]]
    more = len(found.swaps) - len(pairs)
    return "; ".join([*pairs, *([f"{more} more"] if more else [])])


def p_text(value: float) -> str:
    """``p = 0.012``.

    >>> p_text(0.0123), p_text(0.00001)
    ('p = 0.012', 'p < 0.001')
    """
    return f"p < {LEAST}" if value < LEAST else f"p = {value:.2g}"


def _rank(row: Row) -> int:
    return row.rank or 0


def _apart(one: Row, other: Row) -> bool:
    """Whether two methods differ significantly; without letters, none do."""
    letters = {*split(one.ties)}
    return bool(letters) and letters.isdisjoint(split(other.ties))
