import subprocess
import sys
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pools import SHAPES, make_members
from scipy.ndimage import binary_erosion

from nnactive.errors import MethodError
from nnactive.geometry import Patch
from nnactive.methods import BUILTIN, QueryMethod
from nnactive.methods.placement import draw_kind, foreground_voxels
from nnactive.methods.run_method import run_method
from nnactive.streams import stream

FEWER = {"stochastic_batches": {"batches": 5}}
ALL = pytest.mark.parametrize(
    "method", [kind(**FEWER.get(name, {})) for name, kind in BUILTIN.items()], ids=list(BUILTIN)
)
PROTOCOL = {
    "random",
    "random_fg33",
    "random_fg66",
    "predictive_entropy",
    "expected_entropy",
    "bald",
    "power_bald",
    "power_pe",
    "softrank_bald",
    "cla_pe_33",
    "cla_pe_66",
    "clap_pe",
    "clasp_pe",
}
BEYOND_THE_PAPERS = {"stochastic_batches", "random_strided", "coreset"}


def test_built_in_methods_have_their_protocol_names():
    assert set(BUILTIN) - BEYOND_THE_PAPERS == PROTOCOL
    oracles = {name for name, kind in BUILTIN.items() if kind.oracle}
    assert oracles == {"random_fg33", "random_fg66"}


def test_methods_declare_what_they_use():
    both = {"mean", "expected_entropy"}
    needs = {"bald": both, "power_bald": both, "softrank_bald": both}
    needs |= {"expected_entropy": {"expected_entropy"}}
    needs |= {name: set() for name in ("random", "random_fg33", "random_fg66")}
    for name in PROTOCOL:
        assert BUILTIN[name].needs == needs.get(name, {"mean"}), name


@ALL
def test_docstring_says_where_it_comes_from(method):
    address = method.reference.partition("https://")[2]
    assert address
    assert f"https://{address}" in type(method).__doc__
    assert method.reference.partition(",")[0] in " ".join(type(method).__doc__.split())


def test_parameters_have_the_protocols_defaults():
    defaults = {
        "power_bald": {"beta": 1},
        "power_pe": {"beta": 1},
        "softrank_bald": {"beta": 1},
        "cla_pe_33": {"alpha": Decimal("0.33")},
        "cla_pe_66": {"alpha": Decimal("0.66")},
        "clap_pe": {"alpha": Decimal("0.66"), "beta": 1},
        "clasp_pe": {"alpha": Decimal("0.66"), "beta_0": 1, "beta_max": 100},
    }
    for name in PROTOCOL:
        assert BUILTIN[name]().parameters.model_dump() == defaults.get(name, {}), name


def test_parameters_are_taken_from_text():
    assert BUILTIN["power_bald"](beta="inf").parameters.beta == float("inf")
    assert BUILTIN["power_bald"](beta="5").parameters.beta == 5
    # A float's shortest text, not its binary value.
    for alpha in ("0.29", 0.29):
        assert BUILTIN["cla_pe_66"](alpha=alpha).parameters.alpha == Decimal("0.29")


@pytest.mark.parametrize(
    ("name", "parameters", "told"),
    [
        ("power_bald", {"beta": 0}, "beta"),
        ("power_bald", {"beta": "nan"}, "beta"),
        ("power_pe", {"beta": "much"}, "beta"),
        ("softrank_bald", {"beta": -1}, "beta"),
        ("power_bald", {"betta": 5}, "betta.*its parameters: beta$"),
        ("bald", {"beta": 5}, "beta.*its parameters: none$"),
        ("cla_pe_66", {"alpha": 1}, "alpha"),
        ("cla_pe_33", {"alpha": 0}, "alpha"),
        ("clap_pe", {"beta": 0}, "beta.*its parameters: .*alpha"),
        ("clasp_pe", {"beta_max": "inf"}, "beta_max"),
    ],
)
def test_broken_parameters_are_one_line(name, parameters, told):
    with pytest.raises(MethodError, match=f"^{name}: .*{told}") as caught:
        BUILTIN[name](**parameters)
    assert "\n" not in str(caught.value)


def test_a_class_is_named_after_itself_unless_it_sets_a_name():
    class Mine(BUILTIN["bald"]):
        """Inherits the score, but neither name nor reference."""

    assert Mine.name == "Mine"
    assert Mine.reference == ""


def test_methods_are_listed_without_torch():
    modules = "nnactive.methods, nnactive.methods.run_method"
    code = f"import {modules}, sys; sys.exit('torch' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True)


@ALL
def test_query_is_exact_and_free_of_overlap(method, make_pool, check_patches, labelled_patch):
    pool = make_pool(method, labelled=[labelled_patch], candidates=12)
    check_patches(run_method(method, pool, 9), pool, 9)


@ALL
def test_a_full_pool_gives_too_few(method, make_pool):
    shapes = {"a": (4, 4, 8), "b": (3, 4, 4)}
    pool = make_pool(method, shapes=shapes, labelled=[Patch("a", (0, 0, 0), (4, 4, 4))])
    assert len(method.query(pool, 1)) == 1
    with pytest.raises(MethodError, match=rf"^{method.name}: .*query fewer patches") as caught:
        run_method(method, pool, 3)
    assert "\n" not in str(caught.value)


def test_random_takes_the_cases_in_turn(make_pool):
    method = BUILTIN["random"]()
    chosen = run_method(method, make_pool(method), 12)
    first = [patch.case for patch in chosen[:4]]
    assert sorted(first) == ["a", "b", "c", "d"]
    assert [patch.case for patch in chosen] == first * 3
    orders = {
        tuple(p.case for p in run_method(method, make_pool(method, names=(seed,)), 4))
        for seed in range(20)
    }
    assert len(orders) > 8


def test_random_positions_are_uniform(make_pool):
    method = BUILTIN["random"]()
    starts = [
        run_method(method, make_pool(method, shapes={"a": (6, 4, 4)}, names=(seed,)), 1)[0].start[0]
        for seed in range(900)
    ]
    assert np.bincount(starts).tolist() == pytest.approx([300, 300, 300], abs=75)


def fraction_at_foreground(method, make_pool):
    shapes = {f"case_{i}": (24, 24, 24) for i in range(6)}
    label = np.zeros((24, 24, 24), dtype=np.int16)
    label[10:13, 10:13, 10:13] = 2
    hits = 0
    for seed in range(40):
        changes = {"oracle_labels": lambda _: label} if method.oracle else {}
        pool = make_pool(method, shapes=shapes, names=(seed,), **changes)
        hits += sum(bool(label[p.slices].any()) for p in run_method(method, pool, 6))
    return hits / 240


def test_foreground_is_hit_by_two_thirds(make_pool):
    # A random patch hits with (6/21)**3 = 0.023, so 2/3 + 0.023/3 = 0.674 of the others do.
    assert fraction_at_foreground(BUILTIN["random_fg66"](), make_pool) == pytest.approx(
        0.674, abs=0.1
    )
    assert fraction_at_foreground(BUILTIN["random"](), make_pool) < 0.08


def test_case_without_foreground_is_skipped(make_pool, check_patches):
    method = BUILTIN["random_fg66"]()
    pool = make_pool(method, oracle_labels=lambda case: np.zeros(SHAPES[case], np.int16))
    check_patches(run_method(method, pool, 8), pool, 8)


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
        run_method(Empty(), make_pool(), 1)


@pytest.mark.parametrize("name", ["random", "bald", "softrank_bald", "random_fg66"])
def test_a_budget_without_room_names_method_cause_and_fix(name, make_pool):
    method = BUILTIN[name]()
    with pytest.raises(MethodError, match=rf"^{name}: \d+ .*; query fewer patches"):
        run_method(method, make_pool(method), 5000)


def test_a_score_too_large_to_be_summed_is_refused(make_pool):
    class Huge(QueryMethod):
        def score(self, prediction):
            return np.full(prediction.mean.shape[1:], 1e308)

    with pytest.raises(MethodError, match="Huge: a: the score is too large to sum"):
        run_method(Huge(), make_pool(Huge()), 1)


def test_members_alone_are_predicted_once(make_pool):
    passes = []

    class Vote(QueryMethod):
        needs = frozenset({"members"})

        def score(self, prediction):
            return sum(member[1] for member in prediction.members())

    def members(case, shape):
        passes.append(case)
        return make_members(case, shape)

    run_method(Vote(), make_pool(Vote(), members=members), 3)
    assert sorted(passes) == ["a", "b", "c", "d"]


def test_best_of_image_needs_but_the_score(make_pool):
    method, corner = BUILTIN["power_bald"](), Patch("a", (0, 0, 0), (4, 4, 4))
    pool = make_pool(method, labelled=[corner])
    found = method.best_of_image(method.score(pool.predict("a")), pool, "a")
    assert found == method.candidates(pool, "a")
    assert len(found) == pool.candidates
    assert not any(candidate.patch.overlaps(corner) for candidate in found)
