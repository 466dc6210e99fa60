"""Metrics of one entrant in one setting, whether it was measured or printed."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from leaderboard.assemble.references import Reference
from leaderboard.assemble.scores import Measured, Printed
from leaderboard.metrics import (
    Curve,
    FgEff,
    NoAnswerError,
    aubc,
    final_dice,
    fit_fg_eff,
    primary_score,
)

Metric = Literal["aubc", "final_dice", "fg_eff"]
METRICS: tuple[Metric, ...] = ("aubc", "final_dice", "fg_eff")
"""That the papers print of every method and setting."""
PERCENT = 100


@dataclass(frozen=True)
class Efficiency:
    """An FG-Eff fit with the point that it starts from."""

    fit: FgEff
    t0: float
    """The setting's loop-0 share, in [0, 1]."""
    y0: float
    """The setting's loop-0 Mean Dice, in [0, 1]."""


def curves(entry: Measured) -> tuple[Curve, ...]:
    """Learning curves, one a seed."""
    return tuple(Curve(entry.budgets, tuple(row)) for row in entry.dice.tolist())


def aubcs(entry: Measured, span: Sequence[int] | None = None) -> np.ndarray:
    """AUBC in percent, shape ``(seeds,)``; ``span`` as in ``metrics.aubc``."""
    return PERCENT * np.array([aubc(curve, span) for curve in curves(entry)])


def final_dices(entry: Measured) -> np.ndarray:
    """Final Dice in percent, shape ``(seeds,)``."""
    return PERCENT * np.array([final_dice(curve) for curve in curves(entry)])


def primary_scores(entry: Measured, reference: Reference) -> np.ndarray:
    """Primary scores, shape ``(seeds,)``; y0 is the setting's, not the entrant's own.

    So no score depends on who else has entered a setting with baselines, nor on an entrant's own
    training of loop 0.

    Raises:
        NoAnswerError: No full-data Dice, or one no better than loop 0.
    """
    full, start = reference.known_full, reference.known_start.dice
    return np.array([primary_score(aubc(curve), start, full) for curve in curves(entry)])


def efficiency(
    entry: Measured,
    reference: Reference,
    against: Literal["foreground", "effort"] = "foreground",
) -> Efficiency:
    """FG-Eff over all seeds and loops, against foreground voxels or annotation effort.

    Raises:
        NoAnswerError: No full-data Dice, no loop 0, no count of the effort, or no fit.
    """
    full, start = reference.known_full, reference.known_start
    shares = entry.foreground if against == "foreground" else entry.effort
    if shares is None:
        raise NoAnswerError("the boundary voxels were not counted")
    t0, y0 = getattr(start, against), start.dice
    if np.isnan([t0, y0]).any():
        raise NoAnswerError("loop 0 of the baselines was not counted")
    return Efficiency(fit_fg_eff(shares.ravel(), entry.dice.ravel(), t0, y0, full), t0, y0)


def mean_of(entry: Measured | Printed, metric: Metric, reference: Reference) -> float:
    """Mean over seeds (percent), or the fitted gamma of ``fg_eff``.

    Raises:
        NoAnswerError: It was not printed, or the metric has no answer.
    """
    if isinstance(entry, Printed):
        if metric not in entry.means:
            raise NoAnswerError("the papers don't print it")
        return entry.means[metric]
    if metric == "fg_eff":
        return efficiency(entry, reference).fit.gamma
    return float((aubcs(entry) if metric == "aubc" else final_dices(entry)).mean())
