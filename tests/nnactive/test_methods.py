import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.ndimage import binary_erosion
from scipy.stats import entropy as scipy_entropy

from nnactive.conduct import conduct
from nnactive.errors import MethodError
from nnactive.geometry import Patch
from nnactive.methods import BUILTIN, QueryMethod
from nnactive.methods.placement import draw_kind, foreground_voxels
from nnactive.streams import stream

ALL = pytest.mark.parametrize("method", [kind() for kind in BUILTIN.values()], ids=list(BUILTIN))
SHAPES = {"a": (9, 12, 10), "b": (12, 9, 14), "c": (3, 16, 16), "d": (10, 10, 10)}


def test_built_in_methods_have_their_protocol_names():
    assert set(BUILTIN) == {"random", "random_fg66", "predictive_entropy", "bald"}
    assert {name for name, kind in BUILTIN.items() if kind.oracle} == {"random_fg66"}
    assert BUILTIN["random"].needs == BUILTIN["random_fg66"].needs == frozenset()


def test_a_class_has_its_own_name_unless_it_sets_one():
    class Mine(BUILTIN["bald"]):
        """Inherits a score, not a name."""

    assert Mine.name == "Mine"


def test_methods_are_listed_without_torch():
    code = "import nnactive.methods, nnactive.conduct, sys; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@ALL
def test_query_is_exact_and_free_of_overlap(method, make_pool, check_patches, labelled_patch):
    pool = make_pool(method, labelled=[labelled_patch])
    check_patches(conduct(method, pool, 9), pool, 9)


@ALL
def test_workers_and_order_of_cases_change_nothing(method, make_pool, labelled_patch):
    reverse = dict(reversed(SHAPES.items()))
    answers = [
        conduct(method, make_pool(method, labelled=[labelled_patch], **changes), 8)
        for changes in ({}, {}, {"workers": 2}, {"shapes": reverse, "workers": 3})
    ]
    assert answers.count(answers[0]) == len(answers)


@pytest.mark.parametrize("name", ["random", "random_fg66"])
@pytest.mark.parametrize("part", range(4))
def test_random_methods_differ_between_experiments(name, part, make_pool):
    method = BUILTIN[name]()
    names = ["setting", "method", 1, 1]
    one = conduct(method, make_pool(method, names=tuple(names)), 6)
    names[part] = "other"
    assert one != conduct(method, make_pool(method, names=tuple(names)), 6)


def reference_scores(name, members):
    mean = members.mean(axis=0)
    expected = scipy_entropy(members, axis=1).mean(axis=0)
    entropy = scipy_entropy(mean, axis=0)
    return entropy if name == "predictive_entropy" else np.maximum(entropy - expected, 0)


@pytest.mark.parametrize("name", ["predictive_entropy", "bald"])
@pytest.mark.parametrize(("stride", "k"), [((1, 1, 1), 3), ((2, 3, 1), 5), ((4, 4, 4), 50)])
def test_uncertainty_methods_equal_brute_force(name, stride, k, make_pool, labelled_patch):
    method = BUILTIN[name]()
    pool = make_pool(method, labelled=[labelled_patch], stride=stride, candidates=k)
    everywhere = []
    for case, shape in SHAPES.items():
        members = np.stack([m.numpy() for m in pool.predict(case).members()]).astype(np.float64)
        score = reference_scores(name, members)
        size = tuple(min(4, n) for n in shape)
        places = [
            Patch(case, (z, y, x), size)
            for z in range(0, shape[0] - size[0] + 1, stride[0])
            for y in range(0, shape[1] - size[1] + 1, stride[1])
            for x in range(0, shape[2] - size[2] + 1, stride[2])
        ]
        kept = []
        for patch in sorted(places, key=lambda p: -score[p.slices].mean()):
            if len(kept) < k and not any(map(patch.overlaps, [*kept, labelled_patch])):
                kept.append(patch)
        everywhere += [(score[p.slices].mean(), p) for p in kept]
    best = [patch for _, patch in sorted(everywhere, key=lambda pair: -pair[0])]
    assert conduct(method, pool, 9) == best[:9]


def test_random_goes_round_the_cases(make_pool):
    method = BUILTIN["random"]()
    chosen = conduct(method, make_pool(method), 12)
    first = [patch.case for patch in chosen[:4]]
    assert sorted(first) == ["a", "b", "c", "d"]
    assert [patch.case for patch in chosen] == first * 3
    orders = {
        tuple(p.case for p in conduct(method, make_pool(method, names=(seed,)), 4))
        for seed in range(20)
    }
    assert len(orders) > 8


def test_random_places_are_uniform(make_pool):
    method = BUILTIN["random"]()
    starts = [
        conduct(method, make_pool(method, shapes={"a": (6, 4, 4)}, names=(seed,)), 1)[0].start[0]
        for seed in range(900)
    ]
    assert np.bincount(starts).tolist() == pytest.approx([300, 300, 300], abs=75)


@ALL
def test_full_pool_ends_with_too_few(method, make_pool):
    shapes = {"a": (4, 4, 8), "b": (3, 4, 4)}
    pool = make_pool(method, shapes=shapes, labelled=[Patch("a", (0, 0, 0), (4, 4, 4))])
    assert len(conduct(method, pool, 2)) == 2
    with pytest.raises(MethodError, match="too few patches: 2 instead of 3"):
        conduct(method, pool, 3)


def fraction_at_foreground(method, make_pool):
    shapes = {f"case_{i}": (24, 24, 24) for i in range(6)}
    label = np.zeros((24, 24, 24), dtype=np.int16)
    label[10:13, 10:13, 10:13] = 2
    hits = 0
    for seed in range(40):
        changes = {"oracle_labels": lambda _: label} if method.oracle else {}
        pool = make_pool(method, shapes=shapes, names=(seed,), **changes)
        hits += sum(bool(label[p.slices].any()) for p in conduct(method, pool, 6))
    return hits / 240


def test_foreground_is_hit_by_two_thirds(make_pool):
    # A random patch hits with (6/21)**3 = 0.023, so 2/3 + 0.023/3 = 0.674 of the others do.
    assert fraction_at_foreground(BUILTIN["random_fg66"](), make_pool) == pytest.approx(
        0.674, abs=0.1
    )
    assert fraction_at_foreground(BUILTIN["random"](), make_pool) < 0.08


def test_case_without_foreground_is_passed_over(make_pool, check_patches):
    method = BUILTIN["random_fg66"]()
    pool = make_pool(method, oracle_labels=lambda case: np.zeros(SHAPES[case], np.int16))
    check_patches(conduct(method, pool, 8), pool, 8)


def test_kinds_come_in_their_shares():
    rng = stream("kinds")
    for share, expected in (((1, 3), (3, 3, 3)), ((2, 3), (6, 1.5, 1.5)), ((1, 1), (9, 0, 0))):
        kinds = [draw_kind(share, rng) for _ in range(4500)]
        counts = [kinds.count(kind) / 500 for kind in ("random", "class", "border")]
        assert counts == pytest.approx(expected, abs=0.4)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32 - 1), st.tuples(*[st.integers(1, 5)] * 3))
def test_foreground_voxels_are_those_of_one_class_or_its_border(seed, shape):
    label = np.random.default_rng(seed).choice([0, 1, 1, 3], size=shape)
    whole = {c: set(map(tuple, np.argwhere(label == c).tolist())) for c in (1, 3)}
    border = {
        c: set(map(tuple, np.argwhere((label == c) & ~binary_erosion(label == c)).tolist()))
        for c in (1, 3)
    }
    for kind, expected in (("class", whole), ("border", border)):
        drawn = set(map(tuple, foreground_voxels(label, kind, stream(seed, kind)).tolist()))
        assert drawn in [voxels for voxels in expected.values() if voxels] or not (
            drawn or any(whole.values())
        )


def test_classes_are_drawn_equally_whatever_their_size():
    label = np.zeros((6, 6, 6), dtype=np.int16)
    label[:5], label[5, 5, 5] = 1, 4
    rng = stream("classes")
    small = sum(len(foreground_voxels(label, "class", rng)) == 1 for _ in range(1000))
    assert small == pytest.approx(500, abs=60)


def test_score_or_query_has_to_be_written(make_pool):
    class Empty(QueryMethod):
        """Neither."""

    with pytest.raises(MethodError, match=r"Empty: a: .*neither score nor query"):
        conduct(Empty(), make_pool(), 1)
