from itertools import product

import numpy as np
import pytest

from nnactive.errors import MethodError
from nnactive.geometry import Patch
from nnactive.methods.coreset import Coreset
from nnactive.methods.run_method import run_method


def test_the_view_stays_unchanged_and_labelled_patches_are_centres(make_pool) -> None:
    corners = [(z, y, x) for z, y, x in product((0, 4), repeat=3)]
    shapes = {"a": (8, 8, 8), "b": (8, 8, 8)}
    labelled = [Patch("a", start, (4, 4, 4)) for start in corners[:4]]
    value = {"a": 0.0, "b": 9.0}

    def embed(case, patches):
        return np.array([[value[case] + p.start[2] / 10] for p in patches], dtype=np.float32)

    method = Coreset()
    pool = make_pool(method, shapes=shapes, labelled=labelled, embedder=embed, patch_size=(4, 4, 4))
    chosen = run_method(method, pool, 2)
    # All of case a is as good as labelled; of b the one with the largest x, then the farthest
    # from that one and case a.
    candidates = [p for p in everything(method, pool) if p.case == "b"]
    assert chosen[0] == min(candidates, key=lambda p: (-p.start[2], p))
    assert chosen[1].case == "b"


def everything(method, pool):
    """All candidates: a query for too many fails and says how many there are."""
    with pytest.raises(MethodError) as caught:
        run_method(method, pool, 1000)
    return run_method(method, pool, int(str(caught.value).split()[1]))


def test_candidates_are_limited_per_image_and_their_own_draws(make_pool, labelled_patch) -> None:
    method = Coreset()
    pool = make_pool(method, labelled=[labelled_patch], candidates=3)
    found = everything(method, pool)
    counts = {case: sum(p.case == case for p in found) for case in pool.cases}
    assert counts == {"a": 3, "b": 3, "c": 3, "d": 0}  # the labelled patch leaves no place in d
    fewer = {case: shape for case, shape in pool.shapes.items() if case != "a"}
    rest = everything(
        method, make_pool(method, shapes=fewer, labelled=[labelled_patch], candidates=3)
    )
    assert sorted(rest) == sorted(p for p in found if p.case != "a")


def test_too_few_candidates_are_reported(make_pool) -> None:
    with pytest.raises(MethodError, match=r"^coreset: \d+ candidates for 100 patches"):
        run_method(Coreset(), make_pool(Coreset()), 100)


def test_embeddings_must_be_declared(make_pool) -> None:
    pool = make_pool()
    with pytest.raises(MethodError, match=r"a: pool.embed.*'embedding'"):
        pool.embed("a", [])
    pool = make_pool(Coreset())
    with pytest.raises(MethodError, match=r"a: .*isn't inside"):
        pool.embed("a", [Patch("a", (6, 0, 0), (4, 4, 4))])
    with pytest.raises(MethodError, match=r"a: .*isn't inside"):
        pool.embed("a", [Patch("d", (0, 0, 0), (4, 4, 4))])
