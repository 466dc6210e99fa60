"""Parts of the study judged honestly: by methods that had no say in their choice."""

from dataclasses import dataclass
from itertools import combinations

import numpy as np

from leaderboard.core.agreement import pairs
from leaderboard.core.averages import Average
from leaderboard.core.parts import Progress, by_pair, nobody, parts, predict, simulate
from leaderboard.core.study import StudyArrays
from nnactive.streams import stream


@dataclass(frozen=True)
class Judgement:
    """Tau with the true ranking over pairs with at least one of the methods left out."""

    size: int
    """Settings in a part."""
    seeds: int
    left_out: int
    """Methods, in every way."""
    chosen: float
    """Of the part that is best for the other methods: the mean."""
    random: float
    """Of a part of that size drawn at random: the mean."""


def judge(
    study: StudyArrays,
    average: Average,
    size: int,
    seeds: int,
    left_out: int,
    *,
    draws: int,
    progress: Progress = nobody,
) -> Judgement:
    """Leave methods out, choose the best part for the others, and see how it ranks those left out.

    What isn't looked at can't be fitted: with few methods and many parts, some part predicts these
    methods' ranking by luck.
    """
    every = parts(len(study.settings), size)
    count = len(study.methods)
    rng = stream("core", "judge", average.name, size, seeds, left_out)
    whole = simulate(study, average, seeds, draws, rng)
    anywhere = by_pair(whole, every)
    first, second = pairs(count)
    ways = list(combinations(range(count), left_out))
    chosen, random = [], []
    for done, out in enumerate(ways, 1):
        known = predict(simulate(study.without(out), average, seeds, draws, rng), every)
        best = max(known, key=lambda each: each.tau).part
        unseen = np.isin(first, out) | np.isin(second, out)
        chosen.append(by_pair(whole, [best])[unseen].mean())
        random.append(anywhere[unseen].mean())
        progress(done, len(ways))
    return Judgement(
        size,
        seeds,
        left_out,
        float(np.mean(chosen)),
        float(np.mean(random)),
    )
