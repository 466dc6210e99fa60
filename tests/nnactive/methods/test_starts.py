from dataclasses import replace

import numpy as np
import pytest

from nnactive.errors import MethodError
from nnactive.geometry import Patch
from nnactive.methods import STARTS, StartMethod
from nnactive.methods.run_method import run_method
from nnactive.methods.starts.pool import VISIBLE, ImagesOnlyError, StartPool
from nnactive.methods.starts.typiclust import NEIGHBOURS, SMALL, appearance, typical
from nnactive.pool.view import PoolView

BLIND = ("random_start", "typiclust")
"""Those that look at images alone."""


@pytest.fixture
def start_pool(make_pool):
    def build(**changes):
        rng = np.random.default_rng(3)
        pool = make_pool(loop=0)
        images = {
            case: rng.normal(size=(2, *shape)).astype("f4") for case, shape in pool.shapes.items()
        }
        return StartPool(make_pool(loop=0, images=images.__getitem__, **changes))

    return build


@pytest.mark.parametrize("name", BLIND)
@pytest.mark.parametrize("n", [1, 7, 12])
def test_exactly_n_patches_that_do_not_overlap(start_pool, check_patches, name, n) -> None:
    pool = start_pool()
    check_patches(run_method(STARTS[name](), pool, n), pool, n)


@pytest.mark.parametrize("name", BLIND)
def test_draws_are_the_experiments_own(start_pool, name) -> None:
    method = STARTS[name]()
    first, again = (run_method(method, start_pool(), 6) for _ in range(2))
    other = run_method(method, start_pool(names=("setting", "method", 2, 0)), 6)
    assert first == again
    assert first != other


def test_everything_but_images_and_sizes_is_refused_in_one_line(start_pool, make_pool) -> None:
    pool = start_pool()
    assert (pool.labelled, pool.loop, pool.n_classes) == ((), 0, 3)
    assert pool.image("a").shape == (2, 9, 12, 10)
    public = {name for name in dir(PoolView) if not name.startswith("_")}
    hidden = public - VISIBLE
    assert {"predict", "embed", "labels_in", "oracle"} <= hidden
    for name in hidden:
        with pytest.raises(ImagesOnlyError, match=rf"^pool\.{name} does not exist") as caught:
            getattr(pool, name)
        assert "\n" not in str(caught.value)

    class Later(PoolView):
        """A pool that learnt something new."""

        hidden = "labels"

    with pytest.raises(ImagesOnlyError, match=r"pool\.hidden"):
        StartPool(Later(make_pool().info, make_pool()._sources)).hidden  # noqa: B018


def test_the_protocols_start_needs_a_pool_that_makes_it(start_pool, make_pool) -> None:
    method = STARTS["foreground33"]()
    with pytest.raises(MethodError, match=r"foreground33: the protocol's .* uses labels"):
        run_method(method, start_pool(), 1)
    patch = Patch("a", (0, 0, 0), (4, 4, 4))
    assert run_method(method, StartPool(make_pool(), lambda n: [patch] * n), 1) == [patch]


class Short(StartMethod):
    def start(self, pool, n):
        return [Patch("a", (0, 0, 0), (4, 4, 4))]


class Unwritten(StartMethod):
    pass


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        (Short, r"Short: start returned too few patches: 1 instead of 2"),
        (Unwritten, r"Unwritten: the class has no start; write one"),
    ],
)
def test_a_start_is_checked_as_a_query_is(start_pool, kind, message) -> None:
    with pytest.raises(MethodError, match=message):
        run_method(kind(), start_pool(), 2)


def test_a_full_pool_is_an_error(start_pool) -> None:
    for name in BLIND:
        with pytest.raises(MethodError, match=f"{name}: .* fewer patches"):
            run_method(STARTS[name](), start_pool(), 500)


def test_typiclust_chooses_from_each_of_two_kinds_of_patches(make_pool) -> None:
    shapes = dict.fromkeys("abcdefgh", (8, 8, 8))
    base = make_pool(shapes=shapes)
    rng = np.random.default_rng(1)
    # Three images of eight are much brighter than the others.
    images = {
        case: (rng.normal(size=(1, 8, 8, 8)) + 50 * (case in "fgh")).astype("f4") for case in shapes
    }
    sources = replace(base._sources, images=images.__getitem__)
    pool = StartPool(PoolView(base.info, sources))
    chosen = run_method(STARTS["typiclust"](), pool, 2)
    assert sorted(patch.case in "fgh" for patch in chosen) == [False, True]


def test_the_most_typical_comes_first_and_all_come_once() -> None:
    rng = np.random.default_rng(0)
    features = rng.normal(size=(60, 3))
    clusters = np.repeat([4, 1, 7], [40, SMALL, 15])
    order = list(typical(features, clusters))
    assert sorted(order) == list(range(60))

    def least_mean_distance(rows):
        count = min(NEIGHBOURS, len(rows) // 2)
        distances = np.linalg.norm(features[rows][:, None] - features[rows][None], axis=2)
        return rows[int(np.sort(distances, axis=1)[:, 1 : count + 1].mean(axis=1).argmin())]

    large, middle = list(range(40)), list(range(45, 60))
    first, second = least_mean_distance(large), least_mean_distance(middle)
    large.remove(first)
    assert order[:3] == [first, second, least_mean_distance(large)]
    # The small cluster waits until nothing else is left.
    assert set(order[-SMALL:]) == set(range(40, 45))


def test_a_patchs_appearance_is_its_quantiles_and_those_of_its_slope() -> None:
    ramp = np.arange(5.0)[None, None, None, :].repeat(4, axis=2)
    found = appearance(ramp, (3.0, 1.0, 0.5))
    assert found == pytest.approx([0, 1, 2, 3, 4, 2, 2, 2, 2, 2], abs=0.3)
