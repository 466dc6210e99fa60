"""Time and memory of the query engine on volumes of real size; ``make bench`` runs it.

Scores are smooth noise made for the purpose, so that patches differ as they do with real ones.
"""

import numpy as np
import pytest
import torch
from scipy.ndimage import zoom
from speed.memory import peak_above
from speed.obvious import obvious_patches

from nnactive.methods import BUILTIN, QueryMethod, best_patches
from nnactive.pool.info import PoolInfo
from nnactive.pool.sources import Sources
from nnactive.pool.view import PoolView
from nnactive.query.prediction import fold

ONE = (1, 1, 1)
AUTHORS = ((96, 256, 256), (32, 74, 74))
SMALL_PATCHES = ((128, 256, 256), (16, 16, 16))
VOLUME = 4
"""Bytes of a voxel of one float32 volume."""


def smooth_score(shape, seed=0):
    """Score ``(Z, Y, X)`` in [0, 1) with hills about 16 voxels wide."""
    coarse = np.random.default_rng(seed).random([n // 16 + 2 for n in shape], dtype=np.float32)
    fine = zoom(coarse, [n / c for n, c in zip(shape, coarse.shape, strict=True)], order=1)
    return np.ascontiguousarray(fine.astype(np.float32))


def smooth_member(shape, classes, seed):
    """Softmax probabilities ``(C, Z, Y, X)`` of one made-up member."""
    member = torch.empty((classes, *shape))
    for value in range(classes):
        hills = smooth_score(shape, seed * classes + value)
        torch.exp(torch.from_numpy(hills).mul_(6), out=member[value])
    return member.div_(member.sum(dim=0))


def record(benchmark, case, limit, function, rounds=3):
    """Time ``function`` and note its peak memory, with what the case must reach."""
    benchmark.extra_info.update(case=case, must_reach=limit)
    benchmark.extra_info["gib"] = peak_above(function) / 2**30
    benchmark.pedantic(function, rounds=rounds, warmup_rounds=0)
    return benchmark.stats.stats.min


@pytest.mark.parametrize(
    ("stride", "limit"), [(1, "0.34 s, 0.3 GiB"), (8, "0.15 s")], ids=["stride_1", "stride_8"]
)
def test_authors_volume(benchmark, stride, limit):
    shape, size = AUTHORS
    score = smooth_score(shape)
    found = []

    def run():
        found[:] = best_patches("a", score, size, (stride,) * 3, [], 20)

    case = f"96 x 256 x 256, patch 32 x 74 x 74, stride {stride}, 20 candidates"
    seconds = record(benchmark, case, limit, run, rounds=5)
    assert found
    assert seconds < {1: 0.34, 8: 0.15}[stride]
    assert benchmark.extra_info["gib"] < 0.3


@pytest.mark.parametrize("stride", [1, 8], ids=["stride_1", "stride_8"])
def test_authors_volume_the_obvious_way(benchmark, stride):
    shape, size = AUTHORS
    score = smooth_score(shape)
    found = []

    def run():
        found[:] = obvious_patches(score, size, (stride,) * 3, 20)

    case = f"the same at stride {stride} by scipy.signal.convolve, a full sort, a linear scan"
    benchmark.extra_info.update(case=case, must_reach="-")
    benchmark.extra_info["gib"] = None
    benchmark.pedantic(run, rounds=1)
    ours = best_patches("a", score, size, (stride,) * 3, [], 20)
    # Its convolution is in single precision, so near ties may swap.
    there = [score[tuple(slice(a, a + p) for a, p in zip(s, size, strict=True))] for s in found]
    means = [float(box.mean(dtype=np.float64)) for box in there]
    np.testing.assert_allclose(means, [c.score for c in ours], rtol=1e-3)


def pool_of_one(shape, size, stride, classes, members, method, k=20):
    """A pool of one image, with a given ensemble."""

    def predict(case, needs):
        return fold(case, lambda: iter(members()), needs)

    info = PoolInfo(
        shapes={"a": shape},
        spacing=(1.0, 1.0, 1.0),
        patch_size=size,
        stride=stride,
        candidates=k,
        loop=2,
        queries=4,
        n_classes=classes,
        labelled=(),
    )
    sources = Sources(
        images=lambda _: np.zeros((1, *shape), dtype=np.float32),
        partial_labels=lambda _: np.zeros(shape, dtype=np.int16),
        predictor=predict,
        needs=method.needs,
        names=("speed", method.name, 1, 2),
    )
    return PoolView(info, sources)


def test_kits_like_bald(benchmark):
    shape, classes = (256, 512, 512), 4
    two = [smooth_member(shape, classes, seed) for seed in range(2)]
    members = [two[0], two[1], two[0], two[1], two[0]]
    method = BUILTIN["bald"]()
    pool = pool_of_one(shape, (64, 64, 64), ONE, classes, lambda: members, method)
    found = []

    def run():
        found[:] = method.candidates(pool, "a")

    case = "256 x 512 x 512, patch 64 x 64 x 64, stride 1, C = 4, 5 members, bald"
    volumes = 2 * classes + 4
    limit = f"60 s, {volumes} volumes = {volumes * VOLUME * np.prod(shape) / 2**30:.2f} GiB"
    assert record(benchmark, case, limit, run, rounds=1) < 60
    assert len(found) == 20
    assert benchmark.extra_info["gib"] * 2**30 < volumes * VOLUME * np.prod(shape)


@pytest.mark.parametrize("stride", [(4, 6, 6), ONE], ids=["its_stride", "stride_1"])
def test_toothfairy2_like_clasp_pe(benchmark, stride):
    shape, classes = (169, 344, 371), 43
    plane = smooth_member((1, *shape[1:]), classes, 0)

    def members():
        for number in range(5):
            member = torch.empty((classes, *shape))
            for z in range(shape[0]):
                member[:, z] = plane[:, 0].roll((3 * z, 5 * number), dims=(1, 2))
            yield member
            del member

    method: QueryMethod = BUILTIN["clasp_pe"]()
    pool = pool_of_one(shape, (33, 34, 35), stride, classes, members, method, k=50)
    found = []

    def run():
        found[:] = method.candidates(pool, "a")

    name = " x ".join(str(s) for s in stride)
    case = f"169 x 344 x 371, C = 43, 5 members, clasp_pe (43 strata), stride {name}"
    benchmark.extra_info.update(case=case, must_reach="120 s, 12 GiB")
    gib = []
    benchmark.pedantic(lambda: gib.append(peak_above(run) / 2**30), rounds=1)
    benchmark.extra_info["gib"] = gib[0]
    assert {candidate.stratum for candidate in found} == set(range(43))
    assert benchmark.stats.stats.min < 120
    assert gib[0] < 12


def test_many_small_patches(benchmark):
    shape, size = SMALL_PATCHES
    score = smooth_score(shape)

    def run(k):
        return best_patches("a", score, size, ONE, [], k)

    case = "128 x 256 x 256, patch 16 x 16 x 16, stride 1, {} candidates"
    few = min(_seconds(lambda: run(20)) for _ in range(3))
    many = record(benchmark, case.format(800), f"3 x {few:.2f} s (20 candidates)", lambda: run(800))
    assert many < 3 * few


@pytest.mark.parametrize("k", [20, 100, 400, 800])
@pytest.mark.parametrize("factor", [1, 2, 4, 8])
def test_growth(benchmark, factor, k):
    shape = (64 * factor, 128, 256)
    score = smooth_score(shape)
    benchmark.extra_info.update(growth={"voxels": int(np.prod(shape)), "candidates": k})
    benchmark.pedantic(
        lambda: best_patches("a", score, (12, 12, 12), ONE, [], k), rounds=3, warmup_rounds=0
    )


def test_time_is_linear_in_voxels():
    def seconds(factor):
        score = smooth_score((64 * factor, 128, 256))
        patches = (12, 12, 12)
        return min(_seconds(lambda: best_patches("a", score, patches, ONE, [], 20)) for _ in "123")

    assert seconds(8) < 1.5 * 8 * seconds(1)


def _seconds(function):
    from time import perf_counter

    begin = perf_counter()
    function()
    return perf_counter() - begin
