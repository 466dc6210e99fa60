import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.optimize import curve_fit, minimize_scalar

from leaderboard.metrics import fit_fg_eff
from leaderboard.undefined import UndefinedMetricError

SHARES = (0.002, 0.004, 0.007, 0.010, 0.015, 0.003, 0.005, 0.008, 0.012, 0.017)
DICE = (0.50, 0.61, 0.70, 0.76, 0.81, 0.52, 0.60, 0.72, 0.77, 0.83)
T0, Y0, FULL = 0.0025, 0.51, 0.91


def squares(gamma, shares, dice, t0, y0, full):
    """Sum of squares of the decay, written out anew."""
    return math.fsum(
        (full + (y0 - full) * math.exp(-gamma * (t - t0)) - y) ** 2
        for t, y in zip(shares, dice, strict=True)
    )


def test_the_fit_is_the_least_sum_of_squares_and_its_variance_the_textbooks():
    fit = fit_fg_eff(SHARES, DICE, T0, Y0, FULL)
    args = (SHARES, DICE, T0, Y0, FULL)
    best = minimize_scalar(squares, bracket=(50, 150), args=args, tol=1e-12)
    assert fit.gamma == pytest.approx(best.x, rel=1e-6)
    # One parameter: s^2 / sum (dy/dgamma)^2, s^2 = SSE / (n - 1)
    slopes = [-(t - T0) * (Y0 - FULL) * math.exp(-fit.gamma * (t - T0)) for t in SHARES]
    variance = squares(fit.gamma, *args) / (len(DICE) - 1) / math.fsum(s * s for s in slopes)
    assert fit.variance == pytest.approx(variance, rel=1e-6)
    assert fit.standard_error == pytest.approx(math.sqrt(variance), rel=1e-6)


@settings(max_examples=50, deadline=None)
@given(st.floats(1, 5000), st.floats(0.3, 0.6), st.floats(0.65, 0.95))
def test_an_exact_decay_is_found_again(gamma, y0, full):
    t = np.linspace(0, 2 / gamma, 15)
    dice = (y0 - full) * np.exp(-gamma * t) + full
    assert fit_fg_eff(0.001 + t, dice, 0.001, y0, full).gamma == pytest.approx(gamma, rel=1e-5)


@settings(deadline=None)
@given(st.permutations(range(len(DICE))))
def test_the_order_of_seeds_and_loops_changes_nothing(order):
    fit = fit_fg_eff([SHARES[i] for i in order], [DICE[i] for i in order], T0, Y0, FULL)
    assert fit.gamma == pytest.approx(fit_fg_eff(SHARES, DICE, T0, Y0, FULL).gamma, rel=1e-8)


@pytest.mark.parametrize("seed", range(20))
def test_it_is_scipys_curve_fit_to_the_last_bit(seed):
    draw = np.random.default_rng(seed)
    shares = np.sort(draw.uniform(0.001, 0.03, 10))
    decay = lambda t, gamma: (Y0 - FULL) * np.exp(-gamma * t) + FULL  # noqa: E731
    slope = lambda t, gamma: (-(Y0 - FULL) * t * np.exp(-gamma * t))[:, None]  # noqa: E731
    dice = decay(shares - T0, draw.uniform(-20, 200)) + draw.normal(0, 0.02, 10)
    fit = fit_fg_eff(shares, dice, T0, Y0, FULL)
    exact = {"ftol": 1e-12, "xtol": 1e-12}
    found, covariance = curve_fit(decay, shares - T0, dice, p0=[1.0], jac=slope, **exact)
    assert (fit.gamma, fit.variance) == (found[0], covariance[0, 0])


def test_a_method_that_gets_worse_has_a_negative_gamma():
    assert fit_fg_eff((0.0, 0.01, 0.02), (0.5, 0.48, 0.46), 0.0, 0.5, 0.9).gamma < 0


@pytest.mark.parametrize(
    ("shares", "dice", "full", "reason"),
    [
        ((0.1,), (0.5,), 0.9, "at least 2 points"),
        ((0.1, 0.1), (0.5, 0.6), 0.9, "does not grow"),
        ((0.1, 0.2), (0.5, 0.6), 0.5, "no better than the starting budget"),
        ((0.1, math.nan), (0.5, 0.6), 0.9, "lacks a loop"),
        ((0.1, 0.2, 0.3), (0.5, 0.9, 0.9), 0.9, "immediately"),
        ((0.1, 0.2, 0.3), (0.5, 0.95, 0.95), 0.9, "immediately"),
    ],
)
def test_it_refuses(shares, dice, full, reason):
    with pytest.raises(UndefinedMetricError, match=reason):
        fit_fg_eff(shares, dice, 0.1, 0.5, full)
