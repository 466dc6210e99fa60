"""`random_strided` and `stochastic_batches` against their definitions."""

import numpy as np
import pytest

from nnactive.errors import MethodError
from nnactive.geometry import Patch
from nnactive.methods.batches import StochasticBatches
from nnactive.methods.random import Random, RandomStrided
from nnactive.methods.run_method import run_method

SHAPES = {"b": (12, 8, 8), "a": (12, 8, 8), "c": (4, 4, 4)}


def test_strided_patches_lie_on_one_grid_an_image_and_spread_over_the_images(make_pool):
    method = RandomStrided()
    pool = make_pool(method, shapes=SHAPES)
    chosen = run_method(method, pool, 4)
    counts = {case: sum(p.case == case for p in chosen) for case in SHAPES}
    assert sorted(counts.values()) == [1, 1, 2]
    assert counts["c"] == 1
    for case in SHAPES:
        starts = np.array([p.start for p in chosen if p.case == case])
        assert not ((starts - starts[0]) % 4).any()


def test_strided_patches_avoid_labelled_ones_and_report_a_shortage(make_pool):
    method = RandomStrided()
    labelled = [Patch("a", (2, 2, 2), (4, 4, 4))]
    pool = make_pool(method, shapes={"a": (8, 8, 8), "b": (4, 4, 4)}, labelled=labelled)
    assert [p.case for p in run_method(method, pool, 1)] in (["a"], ["b"])
    with pytest.raises(
        MethodError, match=r"random_strided: the grids have \d free tiles, 50 patch"
    ):
        run_method(method, pool, 50)


def test_the_batch_with_the_highest_mean_entropy_wins(make_pool):
    method = StochasticBatches(batches=6)
    pool = make_pool(method)

    # Each batch is what `random` draws from streams of the batch's number.
    class Numbered:
        """Stand-in for the pool whose streams carry a number."""

        def __init__(self, number):
            self.number = number

        def __getattr__(self, name):
            return getattr(pool, name)

        def rng(self, purpose, case="", stratum=""):
            return pool.rng(purpose, case, str(self.number))

    def mean_entropy(batch):
        values = []
        for patch in batch:
            p = pool.predict(patch.case).mean.numpy().astype(float)[(slice(None), *patch.slices)]
            values.append(-(p * np.log(p)).sum(axis=0).mean())
        return np.mean(values)

    drawn = [Random().query(Numbered(number), 5) for number in range(6)]
    best = max(drawn, key=mean_entropy)
    assert sorted(run_method(method, pool, 5)) == sorted(best)
    assert len({round(mean_entropy(batch), 6) for batch in drawn}) == 6


def test_a_batch_that_cannot_be_placed_is_an_error(make_pool):
    method = StochasticBatches(batches=3)
    with pytest.raises(MethodError, match="no batch of 60 patches can be placed"):
        run_method(method, make_pool(method, shapes={"a": (8, 8, 8)}), 60)
