"""How well parts of the study predict its ranking: some settings, some seeds."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from leaderboard.core.agreement import differences
from leaderboard.core.averages import Average
from leaderboard.core.study import StudyArrays
from leaderboard.metrics.repeatability import LOW

CHUNK = 512
"""Parts that are looked at together."""
Part = tuple[int, ...]
"""Places of its settings, ascending."""
Progress = Callable[[int, int], None]
"""Called with the number of parts that are done, and of all."""


def nobody(done: int, total: int) -> None:
    """Report to nobody."""


@dataclass(frozen=True)
class Prediction:
    """Kendall's tau of a part's ranking with the ranking by the true means over all settings."""

    part: Part
    tau: float
    """Expected: the mean over simulated studies."""
    low: float
    """The 5 % quantile over them."""


@dataclass(frozen=True, eq=False)
class Simulated:
    """Simulated studies, as pairs of methods differ in them."""

    truth: np.ndarray
    """Sign of the difference over all settings, ``(draws, pairs)``."""
    measured: np.ndarray
    """Differences in each setting, measured with some seeds, ``(S, draws, pairs)``."""


def parts(settings: int, size: int) -> list[Part]:
    """All parts with so many of the settings."""
    return list(combinations(range(settings), size))


def simulate(
    study: StudyArrays, average: Average, seeds: int, draws: int, rng: np.random.Generator
) -> Simulated:
    """Simulated studies with ``seeds`` seeds.

    The true ranking is over all settings, by what the printed means leave open; a part is measured
    with seeds of its own.
    """
    truths = study.truths(draws, rng)
    found = differences(average.scale(study.measured(truths, seeds, rng), study))
    return Simulated(
        np.sign(differences(average.of(truths, study))).astype(np.float32),
        np.ascontiguousarray(found.transpose(1, 0, 2), dtype=np.float32),
    )


def taus(simulated: Simulated, chosen: Sequence[Part]) -> np.ndarray:
    """Tau of each part in each study, ``(parts, draws)``."""
    found = _signs(simulated, chosen)
    return np.asarray(np.einsum("pdc,dc->pd", found, simulated.truth) / found.shape[-1])


def by_pair(simulated: Simulated, chosen: Sequence[Part]) -> np.ndarray:
    """Agreement on each pair of methods, ``(pairs,)``: the mean over parts and studies.

    Its mean over some pairs is the tau expected on them.
    """
    total = np.zeros(simulated.truth.shape[1])
    for first in range(0, len(chosen), CHUNK):
        found = _signs(simulated, chosen[first : first + CHUNK])
        total += np.einsum("pdc,dc->c", found, simulated.truth)
    return total / (len(chosen) * len(simulated.truth))


def _signs(simulated: Simulated, chosen: Sequence[Part]) -> np.ndarray:
    """Signs of the differences over each part, ``(parts, draws, pairs)``."""
    settings, draws, count = simulated.measured.shape
    within = np.zeros((len(chosen), settings), dtype=np.float32)
    for row, part in enumerate(chosen):
        within[row, list(part)] = 1
    sums = within @ simulated.measured.reshape(settings, -1)
    return np.asarray(np.sign(sums, out=sums).reshape(len(chosen), draws, count))


def predict(
    simulated: Simulated, chosen: Sequence[Part], progress: Progress = nobody
) -> list[Prediction]:
    """What each part predicts."""
    found: list[Prediction] = []
    for first in range(0, len(chosen), CHUNK):
        some = chosen[first : first + CHUNK]
        agreement = taus(simulated, some)
        lows = np.quantile(agreement, LOW, axis=1)
        rows = zip(some, agreement.mean(axis=1).tolist(), lows.tolist(), strict=True)
        found += [Prediction(part, mean, low) for part, mean, low in rows]
        progress(len(found), len(chosen))
    return found
