"""FG-Eff: how fast Dice approaches full data per labelled foreground voxel."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, overload

import numpy as np

from leaderboard.labelling.estimate import Work
from leaderboard.metrics.metric import PAPERS_INTERVAL, Estimate, FitMetric, Published
from leaderboard.metrics.reference import NOT_COUNTED, Reference, Start
from leaderboard.metrics.runs import Runs
from leaderboard.undefined import Undefined, UndefinedMetricError, required

EXACT = {"ftol": 1e-12, "xtol": 1e-12}
"""Tolerances of the search; the variance is taken at the last step but one."""
CONVERGED = (1, 2, 3, 4)
"""What MINPACK answers then."""
NOTHING_LEFT = 1e-6
"""Of the gap to full data; if no later point leaves more, any larger gamma fits as well."""
FIT_ERROR = "the fit's standard error"
FIT_INTERVAL = (
    "below it the 95 % interval over seeds (Student's t on the standard error with seeds as "
    "clusters); over several settings, the mean over them and its interval"
)
FIT_VARIANCE = "the fit's variance, as published"
Against = Literal["foreground", "effort"] | Work


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
    return _fit(t.tobytes(), y.tobytes(), y0 - y_full, y_full)


@lru_cache(maxsize=8)
def _fit(shares: bytes, dice: bytes, height: float, y_full: float) -> FgEff:
    """As ``fit_fg_eff``, remembered: a column and a curve show the same fit.

    As ``scipy.optimize.curve_fit``, step by step, without its preparations: they take longer than
    the search, and a large board has tens of thousands of fits.
    """
    from scipy.optimize import leastsq

    t, y = np.frombuffer(shares), np.frombuffer(dice)

    @lru_cache(maxsize=2)
    def decay(gamma: float) -> np.ndarray:
        return np.asarray(np.exp(-gamma * t))

    def residuals(gamma: np.ndarray) -> np.ndarray:
        return np.asarray(height * decay(float(gamma[0])) + y_full - y)

    def slope(gamma: np.ndarray) -> np.ndarray:
        return np.asarray(-height * t * decay(float(gamma[0])))[:, np.newaxis]

    with np.errstate(over="ignore", invalid="ignore"):
        (gamma,), covariance, found, _, status = leastsq(
            residuals, [1.0], Dfun=slope, full_output=True, **EXACT
        )
    if status not in CONVERGED:
        raise UndefinedMetricError("the exponential fit did not converge")
    variance = np.inf
    if covariance is not None:
        variance = covariance[0, 0] * (np.sum(found["fvec"] ** 2) / (t.size - 1))
    with np.errstate(over="ignore"):
        left = np.exp(-gamma * t[t > 0]).max()
    if not (np.isfinite(gamma) and np.isfinite(variance)) or left < NOTHING_LEFT:
        raise UndefinedMetricError("Dice reaches full data immediately: no finite gamma fits best")
    return FgEff(float(gamma), float(np.sqrt(variance)), float(variance))


@dataclass(frozen=True)
class Efficiency(Estimate):
    """An FG-Eff fit with the point that it starts from."""

    t0: float
    """The setting's labelled fraction in loop 0, in [0, 1]."""
    y0: float
    """The setting's Mean Dice in loop 0, in [0, 1]."""


def efficiency(runs: Runs, reference: Reference, against: Against = "foreground") -> Efficiency:
    """FG-Eff over all seeds and loops, against foreground voxels or another measure of effort.

    Raises:
        UndefinedMetricError: No full-data Dice, no loop 0, work that was not counted, or no fit.
    """
    shares = required(_against(runs, against))
    full, start = required(reference.full), required(reference.start)
    t0, y0 = required(_against(start, against)), required(start.dice)
    fit = fit_fg_eff(shares.ravel(), runs.dice.ravel(), t0, y0, full)
    error = seed_error(shares - t0, runs.dice, fit.gamma, y0, full)
    return Efficiency(fit.gamma, fit.standard_error, error, t0, y0)


@overload
def _against(of: Runs, against: Against) -> np.ndarray | Undefined: ...
@overload
def _against(of: Start, against: Against) -> float | Undefined: ...
def _against(of: Runs | Start, against: Against) -> np.ndarray | float | Undefined:
    """The labelled fractions of one kind."""
    if against == "foreground":
        return of.foreground
    if against == "effort":
        return of.effort
    return of.work.get(against, NOT_COUNTED)


def seed_error(
    shares: np.ndarray, dice: np.ndarray, gamma: float, y0: float, y_full: float
) -> float:
    """Standard error of a fitted gamma over seeds, the loops of a seed taken together.

    ``shares`` (t - t0) and ``dice`` have the shape ``(seeds, loops)``. The sandwich estimator with
    seeds as clusters, ``sqrt(n / (n - 1) sum_s (sum_l g r)^2) / sum g^2`` with the residuals r and
    the slope g of the curve by gamma: a seed that learns faster than the others does so in all its
    loops, which the fit's own standard error takes for independent. NaN with one seed. Source:
    protocol section 6, ours; Liang and Zeger 1986, doi:10.1093/biomet/73.1.13.

    >>> t = np.array([[0.01, 0.02], [0.01, 0.02]])
    >>> dice = 0.9 - 0.4 * np.exp(-np.array([[29.0], [31.0]]) * t)
    >>> round(seed_error(t, dice, 30.0, 0.5, 0.9), 2)  # of the fits' 29 and 31
    1.0
    """
    seeds = len(dice)
    if seeds < 2:  # noqa: PLR2004
        return float("nan")
    left = np.exp(-gamma * shares)
    residuals = dice - (y0 - y_full) * left - y_full
    slopes = (y_full - y0) * shares * left
    by_seed = (slopes * residuals).sum(axis=1)
    return float(np.sqrt(seeds / (seeds - 1) * (by_seed**2).sum()) / (slopes**2).sum())


FG_EFF = FitMetric(
    name="fg_eff",
    title="FG-Eff",
    unit="",
    help="Foreground efficiency: the decay rate gamma with which mean Dice approaches full-data "
    f"Dice per labelled fraction of the pool's foreground; {FIT_INTERVAL} (protocol section 6).",
    higher_is_better=True,
    order=40,
    fit=efficiency,
    spread=FIT_ERROR,
    headline=True,
    published=Published(
        printed=True,
        help=f"Foreground efficiency as published; below it \N{PLUS-MINUS SIGN} {FIT_VARIANCE}, "
        f"{PAPERS_INTERVAL} (ours, protocol section 6).",
        spread=FIT_VARIANCE,
    ),
)
FG_EFF_EFFORT = FitMetric(
    name="fg_eff_effort",
    title="FG-Eff (effort)",
    unit="",
    help="As FG-Eff, per labelled fraction of the pool's boundary voxels; "
    f"{FIT_INTERVAL} (protocol section 6, ours).",
    higher_is_better=True,
    order=50,
    fit=lambda runs, reference: efficiency(runs, reference, "effort"),
    spread=FIT_ERROR,
)
