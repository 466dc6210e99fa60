"""Methods that compare places by features."""

from pathlib import Path

import numpy as np
import pytest
import torch
from pools import LABELLED, SHAPES, build_pool

from benchmark.submission.method_string import Method
from benchmark.submission.spec import make
from nnactive.errors import MethodError
from nnactive.geometry import Patch
from nnactive.methods import BUILTIN, FeatureMethod, kmeans_plus_plus, overlapping
from nnactive.methods.run_method import run_method
from nnactive.streams import stream

SIZE = (4, 4, 4)
ALL_LABELLED = [LABELLED, Patch("a", (0, 0, 0), SIZE), Patch("a", (4, 5, 1), SIZE)]
EXAMPLE = Path(__file__).parents[4] / "examples" / "intensity_cover.py"

PINNED = {
    "coreset": "c 0 10 9, b 6 0 7, a 0 4 0, c 0 4 3, a 5 0 6, c 0 11 3, a 4 1 1, b 0 5 0",
    "stochastic_batches,batches=20": (
        "b 4 3 1, c 0 12 9, a 1 7 6, b 3 0 5, c 0 8 4, a 0 3 4, b 7 2 9, c 0 0 12"
    ),
    f"{EXAMPLE}:IntensityCover": (
        "a 4 0 4, c 0 6 0, b 3 4 8, c 0 0 7, c 0 11 0, b 0 0 3, b 4 0 6, b 4 4 0"
    ),
}
"""Case and start of each patch: queries don't change with the parts that they are composed of."""


def noise(case: str) -> np.ndarray:
    return stream("image", case).normal(size=(2, *SHAPES[case])).astype(np.float32)


@pytest.mark.parametrize("name", PINNED, ids=["coreset", "batches", "intensity"])
def test_queries_stay_what_they_were(name: str) -> None:
    method = make(Method.parse(name))[1]
    chosen = run_method(method, build_pool(method, labelled=ALL_LABELLED, images=noise), 8)
    told = ", ".join(f"{p.case} {' '.join(map(str, p.start))}" for p in chosen)
    assert told == PINNED[name]


class ByStart(FeatureMethod):
    """A place's features are its start; records what it is asked for."""

    needs = frozenset()

    def features(self, pool, case, patches):
        return torch.tensor([patch.start for patch in patches], dtype=torch.bfloat16)


class Seeded(ByStart):
    """Chooses by k-means++ seeding."""

    def choose_by(self, features, labelled, patches, pool, n):
        assert len(labelled) == len(pool.labelled)
        return kmeans_plus_plus(features, n, pool.rng("seeding"), overlapping(patches))


def test_by_default_it_covers_the_feature_space(make_pool) -> None:
    corner = Patch("a", (0, 0, 0), SIZE)
    method = ByStart()
    pool = make_pool(method, labelled=[corner], candidates=30)
    chosen = run_method(method, pool, 4)
    every = [place for case in pool.cases for place in method.places(pool, case)]
    assert chosen[0] == max(every, key=lambda p: np.square(p.start).sum())


def test_a_choice_of_ones_own(make_pool, check_patches) -> None:
    pool = make_pool(Seeded(), labelled=[LABELLED])
    chosen = run_method(Seeded(), pool, 6)
    check_patches(chosen, pool, 6)
    assert chosen != run_method(ByStart(), pool, 6)


@pytest.mark.parametrize(
    ("features", "message"),
    [
        (lambda some: np.zeros(len(some)), r"a: the features have shape \(5,\)"),
        (lambda some: np.zeros((len(some) + 1, 2)), r"a: .* one row .* each of 5 patches"),
        (lambda some: np.full((len(some), 2), np.inf), "a: the features are NaN or infinite"),
        (lambda some: np.zeros((len(some), some[0].size[0])), "agree"),
        (lambda some: np.array([["x"]] * len(some)), "a: .* type <U1"),
    ],
    ids=["flat", "count", "infinite", "columns", "words"],
)
def test_features_are_checked(make_pool, features, message) -> None:
    class Broken(ByStart):
        def features(self, pool, case, patches):
            return features(patches)

    # Patches of c are thinner, so that features of their size have fewer columns there.
    with pytest.raises(MethodError, match=f"Broken: .*{message}"):
        run_method(Broken(), make_pool(Broken()), 3)


def test_features_must_be_written(make_pool) -> None:
    with pytest.raises(MethodError, match="a: the class has no features; write them"):
        run_method(FeatureMethod(), make_pool(FeatureMethod()), 3)


def test_an_image_without_places_or_labels_is_not_asked_about(make_pool) -> None:
    class Picky(ByStart):
        def places(self, pool, case):
            return [] if case == "b" else super().places(pool, case)

        def features(self, pool, case, patches):
            assert case != "b"
            return super().features(pool, case, patches)

    assert len(run_method(Picky(), make_pool(Picky()), 3)) == 3
    with pytest.raises(MethodError, match="candidates for 99 patches"):
        run_method(Picky(), make_pool(Picky()), 99)


def test_core_set_is_the_default_choice() -> None:
    assert BUILTIN["coreset"].choose_by is FeatureMethod.choose_by
