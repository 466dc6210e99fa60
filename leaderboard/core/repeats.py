"""How far an average over settings ranks as it would again, and what it rests on."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from leaderboard.core.agreement import tau
from leaderboard.core.averages import MEAN_AUBC, MEAN_RANK, Average
from leaderboard.core.study import StudyArrays
from leaderboard.metrics.repeatability import LOW
from nnactive.streams import stream


@dataclass(frozen=True)
class Repeat:
    """What is known of an average over settings; Kendall's taus throughout."""

    average: Average
    itself: float
    """Between two runs of the whole study with seeds of their own: the mean."""
    itself_low: float
    """Likewise, the 5 % quantile."""
    setting_out: float
    """Between the printed ranking and the one without a setting: the worst of them."""
    new_dataset: float
    """Between a dataset's ranking and that of all others: the mean over datasets."""
    shares: dict[str, float]
    """Share of each dataset in the variance of the methods' averages; 1 in all."""
    by_aubc: float
    """Between the printed ranking and that by mean AUBC."""
    by_rank: float
    """Between the printed ranking and that by mean rank."""


def repeats(study: StudyArrays, averages: Sequence[Average], count: int) -> list[Repeat]:
    """What is known of each average, from the same ``count`` simulated pairs of studies."""
    rng = stream("core", "averages")
    truths = study.truths(count, rng)
    twice = [study.measured(truths, study.seeds, rng) for _ in range(2)]
    return [_repeat(study, average, twice) for average in averages]


def start_errors(study: StudyArrays, average: Average, error: float, count: int) -> np.ndarray:
    """Tau of the printed ranking with ``count`` ones whose estimated gaps to full data are wrong.

    ``error`` is the standard deviation of their logarithm, in every setting by itself.
    """
    rng = stream("core", "start errors")
    printed = average.of(study.aubc, study)
    gaps = (study.full - study.start) * np.exp(
        error * rng.standard_normal((count, len(study.settings)))
    )
    wrong = [replace(study, start=study.full - gap) for gap in gaps]
    return np.array([tau(printed, average.of(study.aubc, each)) for each in wrong])


def _repeat(study: StudyArrays, average: Average, twice: Sequence[np.ndarray]) -> Repeat:
    again = tau(*(average.of(each, study) for each in twice))
    scaled = average.scale(study.aubc, study)
    whole = scaled.mean(axis=0)
    there = np.array(study.datasets)
    datasets = list(dict.fromkeys(study.datasets))
    places = range(len(study.settings))
    without = {name: scaled[there != name].mean(axis=0) for name in datasets}
    alone = {name: scaled[there == name].mean(axis=0) for name in datasets}
    return Repeat(
        average,
        itself=float(again.mean()),
        itself_low=float(np.quantile(again, LOW)),
        setting_out=min(
            float(tau(whole, np.delete(scaled, place, axis=0).mean(axis=0))) for place in places
        ),
        new_dataset=float(np.mean([tau(alone[name], without[name]) for name in datasets])),
        shares=_shares(scaled, there, datasets),
        by_aubc=float(tau(whole, MEAN_AUBC.of(study.aubc, study))),
        by_rank=float(tau(whole, MEAN_RANK.of(study.aubc, study))),
    )


def _shares(scaled: np.ndarray, there: np.ndarray, datasets: Sequence[str]) -> dict[str, float]:
    """By dataset: the covariance of its part of the methods' averages with the whole."""
    whole = scaled.sum(axis=0)
    whole = whole - whole.mean()
    return {
        name: float(scaled[there == name].sum(axis=0) @ whole / (whole @ whole))
        for name in datasets
    }
