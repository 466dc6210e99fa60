"""Calibrated uncertainty: how often voxels are wrong at each confidence, and what follows."""

from typing import Final

import numpy as np

from benchmark.annotation.agreement.counts import STEPS, confidences
from nnactive.io.models import Frozen
from nnactive.quality.calibration import Reliability, expected_error

BINS: Final = 10
RANGE: Final = (0.1, 10.0)
"""Temperatures that are tried."""
NEAR: Final = 1.01
"""How far from a limit a temperature may be fitted that is meant to be at it."""
FEWEST_WRONG: Final = 50
"""Wrong voxels below which no temperature is fitted."""


class Calibrated(Frozen):
    """Confidence against accuracy in patches that were predicted before they were labelled."""

    reliability: Reliability
    error: float
    """Expected calibration error."""
    temperature: float | None
    """Above 1: the ensemble is too sure; divides the logit of a confidence. None: too few wrong
    voxels to tell."""

    @property
    def at_limit(self) -> bool:
        """Whether the temperature is at an end of those that are tried, so that it says little."""
        low, high = RANGE
        fitted = self.temperature
        return fitted is not None and not low * NEAR < fitted < high / NEAR


def calibrate(counts: np.ndarray) -> Calibrated | None:
    """Fit one temperature to voxels that the person has labelled since.

    Args:
        counts: voxels by step of the confidence, wrong and right: ``(256, 2)``.

    Returns:
        None without any voxels.
    """
    if not counts.sum():
        return None
    bins = np.minimum(np.arange(STEPS) * BINS // (STEPS - 1), BINS - 1)
    voxels = counts.sum(axis=1)

    def binned(values: np.ndarray) -> np.ndarray:
        return np.bincount(bins, values, minlength=BINS)

    reliability = Reliability(
        voxels=tuple(int(n) for n in binned(voxels)),
        confidence=tuple(round(float(n), 3) for n in binned(voxels * confidences())),
        correct=tuple(int(n) for n in binned(counts[:, 1])),
    )
    return Calibrated(
        reliability=reliability,
        error=expected_error(reliability) or 0.0,
        temperature=_temperature(counts) if counts[:, 0].sum() >= FEWEST_WRONG else None,
    )


def expected_wrong(steps: np.ndarray, temperature: float) -> float:
    """Share of voxels that is wrong if a temperature fitted in patches holds everywhere.

    Args:
        steps: voxels by step of the confidence, ``(256,)``.
        temperature: of `calibrate`.
    """
    return float(steps @ (1 - _scaled(temperature)) / steps.sum())


def _scaled(temperature: float) -> np.ndarray:
    """The probability of being right at each step of the confidence."""
    # A step stands for the confidences that are rounded to it: none is 0 or 1.
    sure = np.clip(confidences(), 0.25 / STEPS, 1 - 0.25 / STEPS)
    logits = np.log(sure) - np.log1p(-sure)
    found: np.ndarray = 1 / (1 + np.exp(-logits / temperature))
    return found


def _temperature(counts: np.ndarray) -> float:
    """The temperature at which what was right and wrong is most likely."""
    from scipy.optimize import minimize_scalar

    def loss(log: float) -> float:
        right = _scaled(float(np.exp(log)))
        return -float(counts[:, 0] @ np.log1p(-right) + counts[:, 1] @ np.log(right))

    return float(np.exp(minimize_scalar(loss, bounds=np.log(RANGE), method="bounded").x))
