"""FG-Eff: how fast Dice approaches full data per labelled foreground voxel."""

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy.optimize import OptimizeWarning, curve_fit

from leaderboard.metrics.metric import OVER_SETTINGS, Estimate, FitMetric, Published
from leaderboard.metrics.reference import Reference
from leaderboard.metrics.runs import Runs
from leaderboard.undefined import UndefinedMetricError, required

EXACT = {"ftol": 1e-12, "xtol": 1e-12}
"""Tolerances of the search; the variance is taken at the last step but one."""
NOTHING_LEFT = 1e-6
"""Of the gap to full data; if no later point leaves more, any larger gamma fits as well."""
FIT_ERROR = "the fit's standard error"
FIT_VARIANCE = "the fit's variance, as published"
Against = Literal["foreground", "effort"]


@dataclass(frozen=True)
class FgEff:
    """The fitted decay per labelled fraction, so without a unit."""

    gamma: float
    standard_error: float
    variance: float
    """Square of the standard error; what the papers give after +-."""


def fit_fg_eff(
    shares: Sequence[float] | np.ndarray,
    dice: Sequence[float] | np.ndarray,
    t0: float,
    y0: float,
    y_full: float,
) -> FgEff:
    """Gamma of ``y(t) = (y0 - y_full) exp(-gamma (t - t0)) + y_full``, one least-squares fit.

    ``shares`` and ``dice`` hold every seed and loop of one method: t, the labelled fraction of the
    pool's foreground voxels (or of its boundary voxels), and Mean Dice, both in [0, 1]. ``t0`` and
    ``y0`` are the means over seeds of loop 0. The search starts at gamma = 1. Source: protocol
    section 6, [P1 D.4].

    >>> t = np.array([0.0, 0.01, 0.02, 0.04])
    >>> fit = fit_fg_eff(t, 0.9 - 0.4 * np.exp(-30 * t), t0=0.0, y0=0.5, y_full=0.9)
    >>> round(fit.gamma, 6)
    30.0

    Raises:
        UndefinedMetricError: Fewer than two points, no t above t0, full data no better than
            the starting budget, or Dice that reaches full data at once.
    """
    t, y = np.asarray(shares, dtype=np.float64) - t0, np.asarray(dice, dtype=np.float64)
    if t.size < 2:  # noqa: PLR2004
        raise UndefinedMetricError("a fit needs at least 2 points")
    if not (np.isfinite(t).all() and np.isfinite(y).all()):
        raise UndefinedMetricError("a seed lacks a loop")
    if not y_full > y0:
        raise UndefinedMetricError("full-data training is no better than the starting budget")
    if not (t > 0).any():
        raise UndefinedMetricError("the labelled fraction does not grow over the loops")
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
        raise UndefinedMetricError("the fit of the decay finds no optimum") from error
    with np.errstate(over="ignore"):
        left = np.exp(-gamma * t[t > 0]).max()
    if not (np.isfinite(gamma) and np.isfinite(variance)) or left < NOTHING_LEFT:
        raise UndefinedMetricError("Dice reaches full data at once: no finite gamma fits best")
    return FgEff(float(gamma), float(np.sqrt(variance)), float(variance))


@dataclass(frozen=True)
class Efficiency(Estimate):
    """An FG-Eff fit with the point that it starts from."""

    t0: float
    """The setting's labelled fraction in loop 0, in [0, 1]."""
    y0: float
    """The setting's Mean Dice in loop 0, in [0, 1]."""


def efficiency(runs: Runs, reference: Reference, against: Against = "foreground") -> Efficiency:
    """FG-Eff over all seeds and loops, against foreground voxels or annotation effort.

    Raises:
        UndefinedMetricError: No full-data Dice, no loop 0, voxels that were not counted, or no fit.
    """
    shares = required(runs.foreground if against == "foreground" else runs.effort)
    full, start = required(reference.full), required(reference.start)
    t0 = required(start.foreground if against == "foreground" else start.effort)
    y0 = required(start.dice)
    fit = fit_fg_eff(shares.ravel(), runs.dice.ravel(), t0, y0, full)
    return Efficiency(fit.gamma, fit.standard_error, t0, y0)


FG_EFF = FitMetric(
    name="fg_eff",
    title="FG-Eff",
    unit="",
    help="Foreground efficiency: the decay rate gamma with which mean Dice approaches full-data "
    "Dice per labelled fraction of the pool's foreground; below it "
    f"\N{PLUS-MINUS SIGN} {FIT_ERROR}, {OVER_SETTINGS} (protocol section 6).",
    higher_is_better=True,
    order=40,
    fit=efficiency,
    spread=FIT_ERROR,
    headline=True,
    published=Published(
        printed=True,
        help=f"Foreground efficiency as published; below it \N{PLUS-MINUS SIGN} {FIT_VARIANCE}, "
        f"{OVER_SETTINGS} (ours, protocol section 6).",
        spread=FIT_VARIANCE,
    ),
)
FG_EFF_EFFORT = FitMetric(
    name="fg_eff_effort",
    title="FG-Eff (effort)",
    unit="",
    help="As FG-Eff, per labelled fraction of the pool's boundary voxels; below it "
    f"\N{PLUS-MINUS SIGN} {FIT_ERROR}, {OVER_SETTINGS} (protocol section 6, ours).",
    higher_is_better=True,
    order=50,
    fit=lambda runs, reference: efficiency(runs, reference, "effort"),
    spread=FIT_ERROR,
)
