"""Which of the ranked methods differ significantly, by the test that their figures allow."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from leaderboard.formatting import counted
from leaderboard.metrics import nemenyi, rank_intervals, tie_letters
from leaderboard.metrics.pooled_t import pooled_t
from leaderboard.metrics.ppm import holm
from leaderboard.metrics.rank_intervals import RankIntervals
from leaderboard.metrics.ranks import compared
from leaderboard.undefined import Undefined, attempt, required

ALPHA = 0.05
UNRANKED = Undefined("no method is ranked")
ENOUGH_SETTINGS = 10
"""With fewer, the Nemenyi test has little power."""


@dataclass(frozen=True)
class Scores:
    """What is known of the k ranked methods of a table, in the same order everywhere."""

    methods: tuple[str, ...]
    """Keys, sorted."""
    means: np.ndarray
    """Over seeds, in the column's unit, shape ``(settings, k)``."""
    stds: np.ndarray
    """Over seeds, likewise; NaN where unknown."""
    seeds: np.ndarray
    """Number of seeds, likewise."""
    by_seed: tuple[np.ndarray, ...] | Undefined
    """For each setting, shape ``(k, seeds)``: seeds in the same order for all methods."""


@dataclass(frozen=True)
class Significance:
    """The pairs of methods that differ, and by which test."""

    letters: Mapping[str, str] = field(default_factory=dict)
    """By method: those that share one can't be told apart; empty with ``reason``."""
    test: str = ""
    """``Nemenyi test over 24 settings, 0.05``; empty: no test is possible."""
    short: str = ""
    """``Nemenyi``."""
    reason: str = ""
    """Why there are no letters."""
    power: str = ""
    """Why the test finds little or nothing; empty: no reason to think so."""
    powerless: bool = False
    """Whether it could find no difference at all, whatever the figures."""
    unpaired: bool = False
    """Whether it compares means over seeds, but not seed by seed."""
    mean_ranks: Mapping[str, float] = field(default_factory=dict)
    """By method, where the test compares them."""
    intervals: RankIntervals | Undefined = UNRANKED
    """Of the ranks, where single seeds are known."""
    over_settings: "Significance | None" = None
    """What a test over settings finds instead; None: too few settings, or it is the test."""

    def apart(self, one: str, other: str) -> bool:
        """Whether two methods differ."""
        return self._split[one].isdisjoint(self._split[other])

    def ahead(self, one: str, other: str) -> bool:
        """Whether the first has a significantly better mean rank, whatever the mean scores say."""
        ranks = self.mean_ranks
        return bool(ranks) and self.apart(one, other) and ranks[one] < ranks[other]

    def leading(self, best: str) -> frozenset[str]:
        """Those that aren't significantly worse than the best one; without a test, it alone."""
        alike = (key for key in self.letters if not self.apart(best, key) or self.ahead(key, best))
        return frozenset({best, *alike})

    @cached_property
    def _split(self) -> Mapping[str, frozenset[str]]:
        """The letters of each method: among hundreds, some have hundreds."""
        return {key: frozenset(split(letters)) for key, letters in self.letters.items()}


def split(letters: str) -> list[str]:
    """The letters of a method.

    >>> split("aZb1")
    ['a', 'Z', 'b1']
    """
    return re.findall(r"[A-Za-z][0-9]*", letters)


def significance(scores: Scores, order: Sequence[int]) -> Significance:
    """The tests of all pairs of methods.

    Single seeds, if there are enough: the paired t-tests that also give the rank intervals.
    Otherwise t-tests from means and standard deviations, with the variance pooled over the methods
    and Holm's correction over all pairs, as a reader of a printed table would compute them. All of
    these compare the means that the ranks follow. Without any spread over seeds: Nemenyi's test of
    mean ranks over the settings, which is stated beside the others where there are enough settings.

    Args:
        scores: of the ranked methods.
        order: places of the methods in ``scores``, best first.
    """
    intervals = attempt(lambda: rank_intervals(required(scores.by_seed)))
    if not isinstance(intervals, Undefined):
        found: Significance | Undefined = _paired(scores, intervals, order)
    else:
        found = attempt(lambda: _pooled(scores, order))
    if isinstance(found, Undefined):
        found = attempt(lambda: _nemenyi(scores, order))
    elif len(scores.means) >= ENOUGH_SETTINGS:
        by_rank = attempt(lambda: _nemenyi(scores, order))
        other = None if isinstance(by_rank, Undefined) else by_rank
        found = replace(found, over_settings=other)
    if isinstance(found, Undefined):
        found = Significance(reason=intervals.reason if isinstance(intervals, Undefined) else "")
    return replace(found, intervals=intervals)


def _paired(scores: Scores, intervals: RankIntervals, order: Sequence[int]) -> Significance:
    settings = len(scores.means)
    over = f"seeds in {settings} settings" if settings > 1 else "seeds"
    return Significance(
        letters=_letters(scores, intervals.different, order),
        test=f"paired t-tests over {over}, {ALPHA}",
        short="paired t-tests",
        intervals=intervals,
    )


def _nemenyi(scores: Scores, order: Sequence[int]) -> Significance:
    found = nemenyi(compared(scores.means), ALPHA)
    settings, k = scores.means.shape
    apart = np.abs(found.mean_ranks[:, None] - found.mean_ranks) > found.difference
    over = counted(settings, "setting")
    powerless = found.difference >= k - 1
    power = f"Only {over}: the Nemenyi test has little power."
    if powerless:
        power = f"With only {over}, the Nemenyi test can't separate any two of {k} methods."
    return Significance(
        letters=_letters(scores, apart, order),
        test=f"Nemenyi test over {over}, {ALPHA}",
        short="Nemenyi",
        power=power if settings < ENOUGH_SETTINGS else "",
        powerless=powerless,
        mean_ranks=dict(zip(scores.methods, found.mean_ranks.tolist(), strict=True)),
    )


def _pooled(scores: Scores, order: Sequence[int]) -> Significance:
    p_values = pooled_t(scores.means, scores.stds, scores.seeds)
    first, second = np.triu_indices(len(p_values), k=1)
    apart = np.zeros(p_values.shape, dtype=bool)
    apart[first, second] = holm(p_values[first, second], ALPHA)
    printed = isinstance(scores.by_seed, Undefined)
    source = " from the printed means and standard deviations" if printed else " over seeds"
    corrected = ", Holm-corrected" if len(first) > 1 else ""
    return Significance(
        letters=_letters(scores, apart | apart.T, order),
        test=f"t-tests with pooled variance{source}{corrected}, {ALPHA}",
        short=f"t-test{corrected}",
        unpaired=True,
    )


def _letters(scores: Scores, different: np.ndarray, order: Sequence[int]) -> dict[str, str]:
    return dict(zip(scores.methods, tie_letters(different, order), strict=True))
