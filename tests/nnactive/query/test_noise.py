import math

import numpy as np
import pytest
import reference

from nnactive.methods import BUILTIN
from nnactive.query.noise import beta_at, power, softrank
from nnactive.streams import stream

MEANS = np.array([[[0.5, 0.0], [2.0, 1.0]]])


@pytest.mark.parametrize("beta", [0.5, 1, 40])
def test_power_adds_a_draw_to_each_logarithm(beta):
    drawn = stream("noise").gumbel(0, 1 / beta, size=4)
    expected = [[[math.log(0.5) + drawn[0], -math.inf], [math.log(2) + drawn[2], drawn[3]]]]
    np.testing.assert_allclose(power(MEANS, beta, stream("noise")), expected, rtol=1e-15)
    np.testing.assert_array_equal(MEANS, [[[0.5, 0], [2, 1]]])


def test_power_picks_in_proportion_to_the_mean_to_the_beta():
    rng = stream("share")
    means = np.array([1.0, 2.0, 0.0, 3.0]).reshape(1, 1, 4)
    for beta, weights in ((1, [1, 2, 0, 3]), (2, [1, 4, 0, 9])):
        picks = [int(power(means, beta, rng).argmax()) for _ in range(4000)]
        share = np.bincount(picks, minlength=4) / 4000
        assert share == pytest.approx(np.array(weights) / sum(weights), abs=0.03)


def test_softrank_draws_by_rank():
    drawn = stream("noise").gumbel(0, 1 / 2, size=3)
    expected = [drawn[0], drawn[1] - math.log(2), drawn[2] - math.log(3)]
    np.testing.assert_allclose(softrank(3, 2, stream("noise")), expected, rtol=1e-15)
    assert softrank(0, 2, stream("noise")).shape == (0,)


def test_no_noise_keeps_the_order_and_draws_nothing():
    rng = stream("untouched")
    assert power(MEANS, math.inf, rng) is MEANS
    np.testing.assert_array_equal(np.argsort(-softrank(50, math.inf, rng)), np.arange(50))
    assert rng.random() == stream("untouched").random()


def test_beta_of_the_protocols_five_loops():
    # 100^(t/4): the last query of a five-loop setting uses 100^(3/4); then it stays at 100.
    expected = [1, math.sqrt(10), 10, 10 * math.sqrt(10), 100, 100, 100]
    assert [beta_at(t, 4, 1, 100) for t in range(7)] == pytest.approx(expected, rel=1e-12)


@pytest.mark.parametrize(("first", "last"), [(1, 100), (0.5, 2), (40, 5), (3, 3)])
@pytest.mark.parametrize("total", [1, 2, 5, 9])
def test_beta_goes_from_first_to_last_and_stays(total, first, last):
    betas = [beta_at(t, total, first, last) for t in range(total + 3)]
    assert betas[0] == pytest.approx(first)
    assert betas[total:] == pytest.approx([last] * 3)
    expected = [reference.scheduled_beta(t, total, first, last) for t in range(total + 3)]
    assert betas == pytest.approx(expected, rel=1e-12)


def test_the_first_query_is_made_in_loop_1(make_pool):
    method = BUILTIN["clasp_pe"](beta_0=2, beta_max=32)
    betas = [method.beta(make_pool(method, loop=loop, queries=4)) for loop in range(1, 7)]
    assert betas == pytest.approx([2, 4, 8, 16, 32, 32])
