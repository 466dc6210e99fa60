"""Pooled t-tests between methods of which only means and standard deviations are known."""

import numpy as np
from scipy.special import stdtr

from leaderboard.undefined import UndefinedMetricError


def pooled_t(means: np.ndarray, stds: np.ndarray, seeds: np.ndarray) -> np.ndarray:
    """Two-sided p-values of all pairs of k methods, shape ``(k, k)``, 1 on the diagonal.

    All arguments have the shape ``(settings, k)``; ``stds`` are sample standard deviations over
    ``seeds``, in the unit of ``means``. Compares means over the settings, which are fixed. As after
    an analysis of variance, the methods of a setting share one variance: a method's own standard
    deviation over four seeds is known too poorly. In a single setting t is the difference divided
    by ``s sqrt(1/n_i + 1/n_j)`` with ``sum (n_i - 1)`` degrees of freedom, over several with
    Welch-Satterthwaite's. The test is unpaired: methods that share seeds are positively correlated,
    so it errs on the side of no difference. Without variance: p = 0, or 1 for equal means. No
    correction for the number of pairs. Source: protocol section 6, ours.

    >>> pooled_t(np.array([[70.0, 70.0, 68.0]]), np.ones((1, 3)), np.full((1, 3), 4))[0].round(3)
    array([1.  , 1.  , 0.02])

    Raises:
        UndefinedMetricError: Fewer than two methods, no setting, or a method without a standard
            deviation over at least two seeds in a setting.
    """
    means, stds, counts = (np.asarray(each, dtype=np.float64) for each in (means, stds, seeds))
    if means.shape[0] < 1 or means.shape[1] < 2:  # noqa: PLR2004
        raise UndefinedMetricError("a comparison needs at least 2 methods")
    if not (np.isfinite(stds).all() and (counts > 1).all()):
        raise UndefinedMetricError("a test needs at least 2 seeds of every method")
    each = (counts - 1).sum(axis=1)
    variances = ((counts - 1) * stds**2).sum(axis=1) / each
    own = (variances[:, None] / counts).sum(axis=0)
    errors = variances * (1 / counts).mean(axis=1)
    total = own[:, None] + own
    differences = np.abs(means.sum(axis=0)[:, None] - means.sum(axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        freedom = errors.sum() ** 2 / (errors**2 / each).sum()
        p_values = 2 * stdtr(freedom, -differences / np.sqrt(total))
    known = np.where(total > 0, p_values, np.where(differences > 0, 0.0, 1.0))
    np.fill_diagonal(known, 1.0)
    return known
