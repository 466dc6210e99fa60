"""`patch_score` gets the image's prediction if it asks for it, and only then is it kept."""

import gc
import weakref

import numpy as np
import pytest

from nnactive.methods import BUILTIN, QueryMethod, patch_means
from nnactive.methods.run_method import run_method
from nnactive.methods.stratified import ClassBalanced33
from nnactive.query.prediction import Prediction


class Foreground(QueryMethod):
    """Entropy-free: the mean probability of background, then of what isn't, from the prediction."""

    def score(self, prediction):
        return prediction.mean[0]

    def patch_score(self, means, pool, rng, prediction):
        inverse = 1 - prediction.mean[0].double().numpy()
        assert np.allclose(means, 1 - patch_means(inverse, pool.patch_size, pool.stride), atol=1e-6)
        return patch_means(inverse, pool.patch_size, pool.stride)


class Inverse(QueryMethod):
    """The same without `patch_score`."""

    def score(self, prediction):
        return 1 - prediction.mean[0].double()


def test_the_prediction_of_the_image_is_given(make_pool) -> None:
    expected = run_method(Inverse(), make_pool(Inverse()), 6)
    assert run_method(Foreground(), make_pool(Foreground()), 6) == expected


def test_it_may_be_optional_and_noise_can_be_added_above_it(make_pool) -> None:
    cases: set[str] = set()

    class Noisy(BUILTIN["power_bald"]):
        name = "noisy"

        def patch_score(self, means, pool, rng, prediction=None):
            cases.add(prediction.case)
            return super().patch_score(means, pool, rng)

    chosen = run_method(Noisy(), make_pool(Noisy()), 6)
    assert cases == {"a", "b", "c", "d"}
    plain = BUILTIN["power_bald"]()
    assert chosen == run_method(plain, make_pool(plain), 6)


def test_the_strata_have_it_too(make_pool) -> None:
    seen: list[Prediction] = []

    class Balanced(ClassBalanced33):
        def patch_score(self, means, pool, rng, prediction):
            seen.append(prediction)
            return means

    chosen = run_method(Balanced(), make_pool(Balanced()), 6)
    assert len(seen) == 12  # 4 images, 3 strata
    assert len(set(map(id, seen))) == 4
    assert chosen == run_method(ClassBalanced33(), make_pool(ClassBalanced33()), 6)


@pytest.mark.parametrize("asks", [False, True])
def test_otherwise_its_memory_is_free_before_the_patch_means(make_pool, asks) -> None:
    held: list[weakref.ref[Prediction]] = []
    alive: list[bool] = []

    class Plain(QueryMethod):
        def score(self, prediction):
            held.append(weakref.ref(prediction))
            return prediction.mean[0].clone()

        def patch_score(self, means, pool, rng):
            gc.collect()
            alive.append(held[-1]() is not None)
            return means

    class Asks(Plain):
        def patch_score(self, means, pool, rng, prediction):
            return super().patch_score(means, pool, rng)

    kind = Asks if asks else Plain
    run_method(kind(), make_pool(kind()), 3)
    assert alive == [asks] * 4
