"""Averages over settings that a study may be ranked by; each is a mean of figures on its scale."""

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from leaderboard.core.study import StudyArrays

RANDOM = "random"
"""The baseline that every track has."""
CLOSEST = 0.05
"""Percentage points below full data that a logarithm of what is left goes down to."""

Scale = Callable[[np.ndarray, StudyArrays], np.ndarray]
"""From AUBC ``(..., S, K)`` in percent to the figures that are averaged over S."""


@dataclass(frozen=True)
class Average:
    """An average over settings: the mean of what ``scale`` makes of AUBC. Higher is better."""

    name: str
    title: str
    scale: Scale
    alone: bool
    """Whether a method's figure stays the same whoever else is compared."""

    def of(self, aubc: np.ndarray, study: StudyArrays) -> np.ndarray:
        """The methods' averages, ``(..., K)``."""
        return np.asarray(self.scale(aubc, study).mean(axis=-2))


def _gap(study: StudyArrays) -> np.ndarray:
    return np.asarray((study.full - study.start)[:, None])


def _score(aubc: np.ndarray, study: StudyArrays) -> np.ndarray:
    return np.asarray(100 * (aubc - study.start[:, None]) / _gap(study))


def _ranks(aubc: np.ndarray, _: StudyArrays) -> np.ndarray:
    """The negative rank, of AUBC rounded as the board rounds it."""
    from scipy.stats import rankdata

    return np.asarray(-rankdata(-np.round(aubc, 2), axis=-1, method="min"))


def _over_random(aubc: np.ndarray, study: StudyArrays) -> np.ndarray:
    base = aubc[..., [study.methods.index(RANDOM)]]
    return np.asarray(100 * (aubc - base) / (study.full[:, None] - base))


def _z(aubc: np.ndarray, _: StudyArrays) -> np.ndarray:
    centred = aubc - aubc.mean(axis=-1, keepdims=True)
    return np.asarray(centred / aubc.std(axis=-1, ddof=1, keepdims=True))


def _in_noise(aubc: np.ndarray, study: StudyArrays) -> np.ndarray:
    return np.asarray(aubc / study.noise[:, None])


def _log_left(aubc: np.ndarray, study: StudyArrays) -> np.ndarray:
    return np.asarray(-np.log(np.maximum(study.full[:, None] - aubc, CLOSEST)))


def _logit(aubc: np.ndarray, _: StudyArrays) -> np.ndarray:
    return np.asarray(np.log(aubc / (100 - aubc)))


def _precise(aubc: np.ndarray, study: StudyArrays) -> np.ndarray:
    return np.asarray(_score(aubc, study) * _weights(study, 0.0))


def _random_effects(aubc: np.ndarray, study: StudyArrays) -> np.ndarray:
    return np.asarray(_score(aubc, study) * _weights(study, setting_effect(study) ** 2))


def _weights(study: StudyArrays, between: float) -> np.ndarray:
    """One over the variance of a setting's score, mean 1, ``(S, 1)``."""
    error = (100 * study.noise[:, None] / _gap(study)) ** 2 / study.seeds
    weights = 1 / (between + error)
    return np.asarray(weights / weights.mean())


def setting_effect(study: StudyArrays) -> float:
    """How far a method does better or worse in a setting than it does elsewhere, seeds aside.

    Standard deviation of the interaction of method and setting, in points of score, by the method
    of moments.
    """
    scores = _score(study.aubc, study)
    rest = scores - scores.mean(axis=0) - scores.mean(axis=1, keepdims=True) + scores.mean()
    settings, methods = rest.shape
    error = float(((100 * study.noise / _gap(study)[:, 0]) ** 2 / study.seeds).mean())
    found = float((rest**2).sum()) / ((settings - 1) * (methods - 1)) - error
    return math.sqrt(max(found, 0.0))


MEAN_AUBC = Average("mean_aubc", "mean AUBC", lambda aubc, _: aubc, alone=True)
SCORE = Average("score", "score", _score, alone=True)
MEAN_RANK = Average("mean_rank", "mean rank", _ranks, alone=False)
AVERAGES = (
    SCORE,
    MEAN_AUBC,
    MEAN_RANK,
    Average("precise_score", "score, weighted by the seeds' precision", _precise, alone=True),
    Average("random_effects", "score, random-effects model", _random_effects, alone=True),
    Average("over_random", "share of Random's gap closed", _over_random, alone=True),
    Average("z", "z-score over methods", _z, alone=False),
    Average("in_noise", "AUBC over the spread of seeds", _in_noise, alone=True),
    Average("logit", "logit of AUBC", _logit, alone=True),
    Average("log_left", "logarithm of the gap to full data", _log_left, alone=True),
)
"""All that were tried."""
