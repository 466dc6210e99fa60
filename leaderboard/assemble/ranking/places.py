"""Ranks of the methods of a table, with their intervals and tie groups."""

from collections.abc import Collection
from dataclasses import dataclass, replace

from leaderboard.assemble.ranking.significance import Scores, Significance, significance
from leaderboard.metrics import mean, ranks
from leaderboard.model import Row
from leaderboard.undefined import Undefined


@dataclass(frozen=True)
class Place:
    """A method's place in a table."""

    rank: int
    low: int | None = None
    high: int | None = None
    reason: str | None = None
    """Why there is no interval."""
    ties: str = ""
    leading: bool = False
    """Whether it is as good as the best method that could be used in practice."""

    def of(self, row: Row) -> Row:
        """The row of the method, with its place."""
        return replace(
            row,
            rank=self.rank,
            rank_low=self.low,
            rank_high=self.high,
            rank_reason=self.reason,
            ties=self.ties,
            leading=self.leading,
        )


def places(scores: Scores, oracles: Collection[str] = ()) -> tuple[dict[str, Place], Significance]:
    """Places of the ranked methods of a table, and the test behind their letters.

    Ranks follow the mean scores over settings.

    Args:
        scores: of the ranked methods; without any, there are no places.
        oracles: keys of methods that use ground truth: which methods lead doesn't depend on them,
            unless all ranked methods do.
    """
    if not scores.methods:
        return {}, Significance(reason="no method is ranked")
    found = ranks([mean(each) for each in scores.means.T.tolist()])
    order = sorted(range(len(found)), key=lambda i: (found[i], scores.methods[i]))
    test = significance(scores, order)
    best = next((i for i in order if scores.methods[i] not in oracles), order[0])
    leading = test.leading(scores.methods[best])
    placed = {}
    for i, (key, rank) in enumerate(zip(scores.methods, found, strict=True)):
        place = Place(
            rank, ties=test.letters.get(key, ""), leading=rank <= found[best] or key in leading
        )
        intervals = test.intervals
        placed[key] = (
            replace(place, reason=intervals.reason)
            if isinstance(intervals, Undefined)
            else replace(place, low=int(intervals.rank_low[i]), high=int(intervals.rank_high[i]))
        )
    return placed, test
