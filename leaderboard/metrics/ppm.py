"""PPM: the pairwise penalty matrix, which method beats which significantly, and how often."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np
from scipy.special import stdtr

from leaderboard.metrics.metric import PERCENT, Compared, Published, RelationalMetric
from leaderboard.model import Value
from leaderboard.undefined import UndefinedMetricError, required

Correction = Literal["none", "holm"]


@dataclass(frozen=True)
class Ppm:
    """Fractions in [0, 1]; relational: wins and losses are means over the methods compared."""

    matrix: np.ndarray
    """``[i, j]``: fraction of loops in which i beats j, mean over settings; shape ``(k, k)``."""
    wins: np.ndarray
    """Row sums / (k - 1), shape ``(k,)``."""
    losses: np.ndarray
    """Column sums / (k - 1), shape ``(k,)``."""


def ppm(
    dice: Mapping[str, np.ndarray],
    alpha: float = 0.05,
    correction: Correction = "none",
    first_loop: int = 1,
) -> Ppm:
    """Pairwise penalty matrix of k methods over the settings of ``dice``.

    ``dice`` holds an array ``(k methods, seeds, loops)`` of Mean Dice per setting; the seeds are in
    the same order for all methods. Per setting and loop a two-sided paired t-test over seeds:
    i beats j if p < alpha and its mean is higher. Differences without variance: p = 0
    unless all are 0. ``holm`` corrects within each setting over all its pairs and loops. Loops
    before ``first_loop`` don't count: loop 0 is shared by all methods (the published matrices count
    it). With Holm-Bonferroni another method makes every entry stricter; without it, it changes no
    entry of the others. Source: protocol section 6, [P1 App. D].

    >>> good, poor = [[0.5, 0.7], [0.5, 0.8], [0.6, 0.9]], [[0.5, 0.6], [0.5, 0.7], [0.6, 0.8]]
    >>> ppm({"a setting": np.array([good, poor])}).matrix.tolist()
    [[0.0, 1.0], [0.0, 0.0]]

    Raises:
        UndefinedMetricError: No setting, fewer than two methods or seeds, another number of methods
            in another setting, or a missing loop.
    """
    settings = [
        np.asarray(dice[name], dtype=np.float64)[:, :, first_loop:] for name in sorted(dice)
    ]
    _check(settings)
    matrix = np.mean([_beaten(setting, alpha, correction) for setting in settings], axis=0)
    others = len(matrix) - 1
    return Ppm(matrix, matrix.sum(axis=1) / others, matrix.sum(axis=0) / others)


def _check(settings: list[np.ndarray]) -> None:
    if not settings:
        raise UndefinedMetricError("no setting")
    if len({len(setting) for setting in settings}) > 1:
        raise UndefinedMetricError("not every setting has the same methods")
    if len(settings[0]) < 2:  # noqa: PLR2004
        raise UndefinedMetricError("a comparison needs at least 2 methods")
    if any(setting.shape[1] < 2 for setting in settings):  # noqa: PLR2004
        raise UndefinedMetricError("a test over seeds needs at least 2 seeds")
    if any(setting.shape[2] == 0 or not np.isfinite(setting).all() for setting in settings):
        raise UndefinedMetricError("a loop is missing")


def _beaten(dice: np.ndarray, alpha: float, correction: Correction) -> np.ndarray:
    """Fraction of loops in which i beats j in one setting, ``(k, k)``."""
    return _beaten_once(dice.tobytes(), dice.shape, alpha, correction)


@lru_cache(maxsize=128)
def _beaten_once(
    content: bytes, shape: tuple[int, ...], alpha: float, correction: Correction
) -> np.ndarray:
    """As ``_beaten``: most of a league's tables share their methods and settings."""
    dice = np.frombuffer(content).reshape(shape)
    first, second = np.triu_indices(len(dice), k=1)
    p_values = paired_p_values(dice[first], dice[second])
    significant = holm(p_values, alpha) if correction == "holm" else p_values < alpha
    means = dice.mean(axis=1)
    better = means[first] > means[second]
    shares = np.zeros((len(dice), len(dice)))
    shares[first, second] = (significant & better).mean(axis=1)
    shares[second, first] = (significant & ~better).mean(axis=1)
    shares.flags.writeable = False
    return shares


def paired_p_values(first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Two-sided paired t-tests along axis 1; without variance 0, without any difference 1."""
    differences = np.moveaxis(first - second, 1, 0)  # sums over few seeds are fast along axis 0
    seeds = len(differences)
    mean = differences.sum(axis=0) / seeds
    error = np.sqrt(((differences - mean) ** 2).sum(axis=0) / (seeds - 1) / seeds)
    with np.errstate(divide="ignore", invalid="ignore"):
        p_values = 2 * stdtr(seeds - 1, -np.abs(mean / error))
    constant = (differences == differences[0]).all(axis=0)
    return np.where(constant, np.where(differences[0] == 0, 1.0, 0.0), p_values)


def holm(p_values: np.ndarray, alpha: float) -> np.ndarray:
    """Which hypotheses Holm-Bonferroni rejects, in the shape of ``p_values``.

    The smallest of m p-values is compared with alpha / m, the next with alpha / (m - 1), and so on
    until one is not below. The tests compare it with statsmodels' ``multipletests``, which isn't
    used here: it collects all garbage on each call, which takes a second with thousands of results.

    >>> holm(np.array([0.02, 0.01, 0.06]), alpha=0.05).tolist()
    [True, True, False]
    """
    flat = np.asarray(p_values).ravel()
    order = np.argsort(flat, kind="stable")
    held = flat[order] >= alpha / np.arange(flat.size, 0, -1)
    rejected = np.zeros(flat.size, dtype=bool)
    rejected[order[: np.argmax(held) if held.any() else flat.size]] = True
    return rejected.reshape(p_values.shape)


def _wins(compared: Compared) -> list[Value]:
    return [Value(PERCENT * share) for share in _of(compared).wins.tolist()]


def _losses(compared: Compared) -> list[Value]:
    return [Value(PERCENT * share) for share in _of(compared).losses.tolist()]


@lru_cache(maxsize=1)
def _of(compared: Compared) -> Ppm:
    """Of one table; wins and losses share the tests."""
    dice = {key: required(standing.dice) for key, standing in compared.settings.items()}
    return ppm(dice, first_loop=compared.first_loop)


_HELP = (
    "Percentage of pairwise comparisons, one per other method and loop, that the method {} by a "
    "paired t-test over seeds at 0.05; loop 0, which all methods share, is excluded (protocol "
    "section 6)."
)
PPM_WINS = RelationalMetric(
    name="ppm_wins",
    title="PPM wins",
    unit="%",
    help=_HELP.format("wins"),
    higher_is_better=True,
    order=70,
    among=_wins,
    headline=True,
    published=Published(),
)
PPM_LOSSES = RelationalMetric(
    name="ppm_losses",
    title="PPM losses",
    unit="%",
    help=_HELP.format("loses"),
    higher_is_better=False,
    order=80,
    among=_losses,
    headline=True,
    published=Published(),
)
