"""FG-Eff: how fast Dice approaches full data per labelled foreground voxel."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import OptimizeWarning, curve_fit

from leaderboard.metrics.refusal import NoAnswerError

EXACT = {"ftol": 1e-12, "xtol": 1e-12}
"""Tolerances of the search; the variance is read off at its last step but one."""
NOTHING_LEFT = 1e-6
"""Of the way to full data; if no more is left at any later point, gamma could be anything above."""


@dataclass(frozen=True)
class FgEff:
    """The fitted decay; per unit of share, so without a unit."""

    gamma: float
    standard_error: float
    variance: float
    """Square of the standard error; what the papers print after +-."""


def fit_fg_eff(
    shares: Sequence[float] | np.ndarray,
    dice: Sequence[float] | np.ndarray,
    t0: float,
    y0: float,
    y_full: float,
) -> FgEff:
    """Gamma of ``y(t) = (y0 - y_full) exp(-gamma (t - t0)) + y_full``, one least-squares fit.

    ``shares`` and ``dice`` hold every seed and loop of one method: t, the labelled share of the
    pool's foreground voxels (or of its boundary voxels), and Mean Dice, both in [0, 1]. ``t0`` and
    ``y0`` are the means over seeds of loop 0. The search starts at gamma = 1. Source: protocol
    section 6, [P1 D.4].

    >>> t = np.array([0.0, 0.01, 0.02, 0.04])
    >>> fit = fit_fg_eff(t, 0.9 - 0.4 * np.exp(-30 * t), t0=0.0, y0=0.5, y_full=0.9)
    >>> round(fit.gamma, 6)
    30.0

    Raises:
        NoAnswerError: Fewer than two points, no t above t0, full data no better than
            the starting budget, or Dice that reaches full data at once.
    """
    t, y = np.asarray(shares, dtype=np.float64) - t0, np.asarray(dice, dtype=np.float64)
    if t.size < 2:  # noqa: PLR2004
        raise NoAnswerError("a fit needs at least 2 points")
    if not (np.isfinite(t).all() and np.isfinite(y).all()):
        raise NoAnswerError("a seed lacks a loop")
    if not y_full > y0:
        raise NoAnswerError("full-data training is no better than the starting budget")
    if not (t > 0).any():
        raise NoAnswerError("the labelled share does not grow over the loops")
    return _fit(t, y, y0 - y_full, y_full)


def _fit(t: np.ndarray, y: np.ndarray, height: float, y_full: float) -> FgEff:
    def decay(t: np.ndarray, gamma: float) -> np.ndarray:
        return np.asarray(height * np.exp(-gamma * t) + y_full)

    def slope(t: np.ndarray, gamma: float) -> np.ndarray:
        return np.asarray(-height * t * np.exp(-gamma * t))[:, np.newaxis]

    try:
        with warnings.catch_warnings(), np.errstate(over="ignore", invalid="ignore"):
            warnings.simplefilter("ignore", OptimizeWarning)
            (gamma,), ((variance,),) = curve_fit(decay, t, y, p0=[1.0], jac=slope, **EXACT)
    except (RuntimeError, ValueError) as error:
        raise NoAnswerError("the fit of the decay finds no optimum") from error
    with np.errstate(over="ignore"):
        left = np.exp(-gamma * t[t > 0]).max()
    if not (np.isfinite(gamma) and np.isfinite(variance)) or left < NOTHING_LEFT:
        raise NoAnswerError("Dice reaches full data at once: no finite gamma fits best")
    return FgEff(float(gamma), float(np.sqrt(variance)), float(variance))
