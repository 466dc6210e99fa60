"""How far a repeat of a study would agree with its ranking."""

import numpy as np
from scipy.special import gammainc, gammaincinv

from leaderboard.metrics.ranks import ranks
from leaderboard.metrics.seed_noise import SeedNoise
from leaderboard.model import Repeat
from leaderboard.undefined import UndefinedMetricError

FEWEST_METHODS = 3
FEWEST_SETTINGS = 5
"""With fewer, how settings vary is anybody's guess."""
DRAWS = 2000
FEWEST_DRAWS = 250
MOST_COMPARED = 4_000_000
"""Pairs of methods in all draws, beyond which there are fewer draws: many pairs vary less."""
LOW = 0.05
"""The quantile given beside a mean tau."""


def repeat_with_other_seeds(
    means: np.ndarray, noise: SeedNoise, rng: np.random.Generator
) -> Repeat:
    """The same methods in the same settings, with as many other seeds.

    ``means`` are the k methods' scores, means over seeds and settings. See ``_repeat``.

    Raises:
        UndefinedMetricError: Fewer than three methods, or all share one rank.
    """
    draws = rng.standard_normal((_draws(len(means)), len(means))) * np.sqrt(noise.variance)
    return _repeat(means, draws, noise.variance, noise.freedom, rng)


def repeat_with_other_settings(scores: np.ndarray, rng: np.random.Generator) -> Repeat:
    """The same methods in as many other settings, such as these are.

    ``scores`` has the shape ``(settings, k)``, means over seeds. How a method's advantage varies
    between settings is taken from these, the noise of their seeds included: a repeat's deviations
    are normal with the deviations' covariance. See ``_repeat``.

    Raises:
        UndefinedMetricError: Fewer than five settings or three methods, no deviation at all, or all
            methods share one rank.
    """
    settings, k = scores.shape
    if settings < FEWEST_SETTINGS:
        raise UndefinedMetricError(f"fewer than {FEWEST_SETTINGS} settings")
    centred = scores - scores.mean(axis=1, keepdims=True)
    deviations = (centred - centred.mean(axis=0)) / np.sqrt(settings * (settings - 1))
    draws = rng.standard_normal((_draws(k), settings)) @ deviations
    # Centring over methods takes 1/k of an independent variance away.
    variance = float((deviations**2).sum()) / max(1, k - 1)
    if not variance > 0:
        raise UndefinedMetricError("methods differ alike in all settings")
    return _repeat(scores.mean(axis=0), draws, variance, settings - 1, rng)


def _draws(methods: int) -> int:
    pairs = max(1, methods * (methods - 1) // 2)
    return int(np.clip(MOST_COMPARED // pairs, FEWEST_DRAWS, DRAWS))


def _repeat(
    means: np.ndarray, noise: np.ndarray, variance: float, freedom: float, rng: np.random.Generator
) -> Repeat:
    """Agreement of the ranking by ``means`` with rankings of repeats.

    What repeats vary about are the methods' true scores, not ``means``: these lie further apart,
    since their noise adds to their spread, and repeats drawn about them would agree too well. True
    scores are taken as normal about a common mean. Given ``means`` x and noise of variance v, they
    are normal about m + B (x - m) with the variance B v, and a repeat's scores with (1 + B) v. The
    ratio A = 1 - B of v to the total variance is drawn from its posterior under the prior 1/A, a
    gamma distribution with shape (k - 1) / 2 and rate sum (x - m)^2 / 2v, cut off at 1; v from its
    own, v f / chi^2_f. Source: protocol section 6, ours; Christiansen and Morris 1997,
    doi:10.1080/01621459.1997.10474025.

    Args:
        means: shape ``(k,)``.
        noise: of repeats, drawn with ``variance``, shape ``(draws, k)``.
        variance: of one method's noise.
        freedom: degrees of freedom with which it was estimated.
        rng: for the variances.
    """
    k = len(means)
    if k < FEWEST_METHODS:
        raise UndefinedMetricError(f"fewer than {FEWEST_METHODS} methods")
    factors = freedom / rng.chisquare(freedom, len(noise))
    centred = means - means.mean()
    rates = float((centred**2).sum()) / (2 * variance * factors)
    shape = (k - 1) / 2
    shares = rng.random(len(noise)) * gammainc(shape, rates)
    with np.errstate(divide="ignore", invalid="ignore"):
        kept = 1 - np.clip(np.nan_to_num(gammaincinv(shape, shares) / rates, nan=1.0), 0, 1)
    scores = kept[:, np.newaxis] * centred + np.sqrt(factors * (1 + kept))[:, np.newaxis] * noise
    taus = _taus(np.array(ranks(means.tolist())), scores)
    return Repeat(float(taus.mean()), float(np.quantile(taus, LOW)))


def _taus(places: np.ndarray, scores: np.ndarray) -> np.ndarray:
    """Kendall's tau-b of a ranking, which may have ties, with each row of scores, which has none.

    ``places`` are ranks, shape ``(k,)``, ``scores`` ``(draws, k)``; the result has ``(draws,)``.
    """
    order = np.argsort(places, kind="stable")
    placed, ordered = places[order], np.ascontiguousarray(scores.T[order])
    # The first method that is ranked lower than each.
    below = np.searchsorted(placed, placed, side="right")
    pairs, k = int((len(placed) - below).sum()), len(placed)
    if not pairs:
        raise UndefinedMetricError("all methods share one rank")
    agreeing = np.zeros(len(scores), dtype=np.int64)
    for own, first in zip(ordered, below, strict=True):
        agreeing += np.count_nonzero(own > ordered[first:], axis=0)
    return np.asarray((2 * agreeing - pairs) / np.sqrt(pairs * (k * (k - 1) / 2)))
