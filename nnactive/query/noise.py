"""Noise on patch scores, and how its strength changes over an experiment."""

import math

import numpy as np


def power(means: np.ndarray, beta: float, rng: np.random.Generator) -> np.ndarray:
    """Power acquisition: ``ln(mean) + Gumbel(0, 1/beta)``, one draw per position.

    Taking the highest such scores samples without replacement with probabilities proportional to
    ``mean ** beta``: Kirsch et al. 2023, https://openreview.net/forum?id=vcHwQyNBjW.

    Args:
        means: mean score at each grid position, none negative.
        beta: inverse strength of the noise, > 0; with ``inf`` there is none, and ``means`` is
            returned.
        rng: source of the draws, made in C order.

    Returns:
        float64 of the same shape; a mean of 0 gives ``-inf``.
    """
    if math.isinf(beta):
        return means
    with np.errstate(divide="ignore", invalid="ignore"):
        scores: np.ndarray = np.log(means, dtype=np.float64)
    scores += rng.gumbel(0, 1 / beta, size=means.shape)
    return scores


def softrank(count: int, beta: float, rng: np.random.Generator) -> np.ndarray:
    """Soft-rank acquisition: ``-ln r + Gumbel(0, 1/beta)`` for the ranks ``r = 1 .. count``.

    Kirsch et al. 2023, https://openreview.net/forum?id=vcHwQyNBjW. ``beta`` as in `power`;
    with ``inf`` the ranks alone decide.
    """
    scores = -np.log(np.arange(1, count + 1))
    if not math.isinf(beta):
        scores += rng.gumbel(0, 1 / beta, size=count)
    return scores


def beta_at(t: int, total: int, first: float, last: float) -> float:
    """Exponential schedule ``exp((1 - t/T) ln first + (t/T) ln last)``, constant from ``T`` on.

    Args:
        t: index of the query, from 0.
        total: number of queries, ``T``.
        first: ``beta_0``, > 0.
        last: ``beta_max``, > 0.

    Returns:
        beta of query ``t`` (Lüth et al. 2026, https://openreview.net/forum?id=UamXueEaYW; protocol
        section 5).
    """
    share = min(t / total, 1.0)
    return math.exp((1 - share) * math.log(first) + share * math.log(last))
