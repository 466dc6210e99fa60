"""How well a ranking repeats, and whether it separates the methods at all."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from leaderboard.assemble.ranking.significance import ALPHA, Scores
from leaderboard.formatting import fixed
from leaderboard.metrics.method_spread import MethodSpread, method_spread
from leaderboard.metrics.repeatability import repeat_with_other_seeds, repeat_with_other_settings
from leaderboard.metrics.seed_noise import SeedNoise, noise_by_seed, noise_from_stds
from leaderboard.model import Repeat
from leaderboard.undefined import Undefined, attempt, required
from nnactive.streams import stream

NEGLIGIBLE = 0.25
"""Percentage points of Dice: where methods have a smaller standard deviation, most pairs of them
are within half a point, and no choice should rest on that."""
OF_DICE = "percentage points of Dice"
BARELY = "These results barely separate the methods:"
UNKNOWN = Undefined("no method is ranked")
TWO = 2


@dataclass(frozen=True)
class Outlook:
    """How a ranking would change if its study were repeated."""

    seeds: Repeat | Undefined = UNKNOWN
    """Repeated in the same settings, with as many new seeds."""
    settings: Repeat | Undefined = UNKNOWN
    """Repeated in as many new settings as well."""
    spread: MethodSpread | Undefined = UNKNOWN
    """Of the methods, in the ranking's column."""
    in_dice: MethodSpread | Undefined = UNKNOWN
    """Of the methods, in percentage points of Dice."""
    methods: int = 0
    unit: str = ""
    """Of ``spread``, as readers see it."""
    winner: bool = False
    """Whether one method is significantly better than all others."""

    def why_nothing(self) -> str:
        """Why the results can't separate the methods, as a sentence; empty: they can."""
        spread, dice = self.spread, self.in_dice
        if not isinstance(spread, Undefined) and spread.p_value > ALPHA:
            places = 2 if round(spread.p_value, 2) > ALPHA else 3
            those = f"the {'two' if self.methods == TWO else self.methods} methods"
            return (
                f"These results can't separate {those}: they differ by no more than chance "
                f"(F test over seeds, p = {spread.p_value:.{places}f})."
            )
        if not (isinstance(spread, Undefined) or self.winner or spread.between > spread.seed):
            return (
                f"{BARELY} {_compared(spread, self.unit)}, no larger than that between seeds of "
                f"one method ({fixed(spread.seed, 2)})."
            )
        if not isinstance(dice, Undefined) and dice.between < NEGLIGIBLE:
            return (
                f"{BARELY} {_compared(dice, OF_DICE)} (between seeds of one method: "
                f"{fixed(dice.seed, 2)})."
            )
        return ""

    def lacking(self) -> dict[str, str]:
        """Why the repeatability is unknown, by what is lacking."""
        if isinstance(self.seeds, Undefined) and self.methods > 1:
            return {"agreement with a repeat": self.seeds.reason}
        return {}

    def sentence(self) -> str:
        """How well the ranking would repeat; empty: unknown."""
        if isinstance(self.seeds, Undefined):
            return ""
        text = (
            "Repeated with new seeds, this study is expected to reproduce the ranking with a "
            f"Kendall's tau of {fixed(self.seeds.tau, 2)} "
            f"(5 % quantile: {fixed(self.seeds.low, 2)})"
        )
        if not isinstance(self.settings, Undefined):
            expected, low = (fixed(each, 2) for each in (self.settings.tau, self.settings.low))
            text += f"; with new settings as well, {expected} ({low})"
        return f"{text}."


def _compared(spread: MethodSpread, unit: str) -> str:
    return f"the standard deviation between methods is {fixed(spread.between, 2)} {unit}"


def outlook(
    scores: Scores, in_dice: Scores | None, names: Sequence[str | int], unit: str = ""
) -> Outlook:
    """How a ranking would change if its study were repeated.

    Args:
        scores: of the ranked methods.
        in_dice: likewise in a column in percentage points of Dice; None: there is none.
        names: of the ranking, for its random stream.
        unit: of the scores, as a column's.
    """
    if not scores.methods:
        return Outlook()
    means = scores.means.mean(axis=0)
    noise = attempt(lambda: seed_noise(scores))
    single = len(scores.means) == 1
    return Outlook(
        seeds=attempt(
            lambda: repeat_with_other_seeds(
                means, required(noise), stream("repeat", "seeds", *names)
            )
        ),
        settings=Undefined("a single setting")
        if single
        else attempt(
            lambda: repeat_with_other_settings(scores.means, stream("repeat", "settings", *names))
        ),
        spread=attempt(lambda: method_spread(means, required(noise))),
        in_dice=UNKNOWN if in_dice is None else attempt(lambda: _spread(in_dice)),
        methods=len(scores.methods),
        unit="percentage points" if unit == "%" else unit,
    )


def seed_noise(scores: Scores) -> SeedNoise:
    """From single seeds where they are known, otherwise from standard deviations.

    Raises:
        UndefinedMetricError: One seed in a setting, or no spread is known.
    """
    if not isinstance(scores.by_seed, Undefined):
        return noise_by_seed(scores.by_seed)
    return noise_from_stds(scores.stds.tolist(), scores.seeds.min(axis=1).astype(int).tolist())


def _spread(scores: Scores) -> MethodSpread:
    return method_spread(np.asarray(scores.means.mean(axis=0)), seed_noise(scores))
