"""What is called certain succeeds and what is called impossible fails, with the real methods."""

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pools import build_pool

from nnactive.budget import Budget, Room, judge, largest_query, packed_at_random
from nnactive.errors import MethodError
from nnactive.methods import BUILTIN
from nnactive.methods.demand import Demand, demand_of
from nnactive.methods.placement import Case, spread
from nnactive.methods.run_method import run_method
from nnactive.methods.stratified import ClassBalanced33, ClassBalancedPower
from nnactive.streams import stream

METHODS = (
    "random",
    "random_fg66",
    "random_strided",
    "coreset",
    "predictive_entropy",
    "power_bald",
    "softrank_bald",
    "cla_pe_33",
    "clasp_pe",
)
SIDE = st.integers(4, 9)


@st.composite
def situations(draw):
    """A pool, a budget and the candidates of an image, small enough to query in milliseconds."""
    cases = draw(st.integers(1, 4))
    shapes = {f"case_{i}": draw(st.tuples(SIDE, SIDE, SIDE)) for i in range(cases)}
    budget = Budget(
        patch_size=draw(st.tuples(*[st.integers(2, 5)] * 3)),
        stride=draw(st.tuples(*[st.integers(1, 3)] * 3)),
        starting=draw(st.integers(1, 8)),
        query=draw(st.integers(1, 6)),
        loops=draw(st.integers(2, 4)),
    )
    return shapes, budget, draw(st.integers(1, 6)), draw(st.integers(0, 99))


def start(shapes, budget, seed):
    cases = [
        Case(name, shape, budget.patch_size, lambda: None, stream("start", seed, name))
        for name, shape in shapes.items()
    ]
    return spread(cases, [], budget.starting)


def outcome(method, shapes, budget, candidates, seed):
    """Whether all queries of an experiment found their patches, and how each was asked for."""
    labelled = start(shapes, budget, seed)
    demands, complete = [], len(labelled) == budget.starting
    for loop in range(1, budget.loops):
        pool = build_pool(
            method,
            shapes,
            labelled,
            patch_size=budget.patch_size,
            stride=budget.stride,
            candidates=candidates,
            loop=loop,
            queries=budget.loops - 1,
            names=("setting", "method", seed, loop),
        )
        demands.append(demand_of(method, pool.info))
        if complete:
            try:
                labelled += run_method(method, pool, budget.query)
            except MethodError:
                complete = False
    return complete, demands


@pytest.mark.parametrize("name", METHODS)
def test_no_run_of_a_method_contradicts_the_verdict(name):
    told = {"impossible": 0, "certain": 0}

    @settings(max_examples=40, deadline=None, suppress_health_check=list(HealthCheck))
    @given(situations())
    def compare(situation):
        shapes, budget, candidates, seed = situation
        complete, demands = outcome(BUILTIN[name](), shapes, budget, candidates, seed)
        room = Room(tuple(shapes.values()), budget.patch_size, budget.stride)
        verdict = judge(budget, room, demands)
        told["impossible"] += bool(verdict.impossible)
        told["certain"] += verdict.certain
        assert not (verdict.certain and verdict.impossible)
        assert complete or not verdict.certain
        assert not complete or not verdict.impossible, verdict.impossible

    compare()
    assert told["impossible"]  # the pools are small enough to be too small


def of_grid(limit=None, alpha=None, classes=2):
    return Demand(search="grid", limit=limit, alpha=alpha, classes=classes)


ROOM = Room(((16, 20, 20),) * 6, (8, 10, 10), (1, 1, 1))
ASKED = Budget((8, 10, 10), (1, 1, 1), starting=12, query=16, loops=4)
WIDE = Room(((60, 60, 60),) * 20, (4, 4, 4), (1, 1, 1))


def test_more_patches_than_places_are_impossible_for_every_method():
    assert ASKED.total == 60
    verdict = judge(ASKED, ROOM, [])
    assert "hold at most 48" in verdict.impossible
    assert not judge(replace(ASKED, query=12), ROOM, []).impossible
    assert largest_query(ASKED, lambda budget: not judge(budget, ROOM, []).impossible) == 12
    assert largest_query(ASKED, lambda budget: False) is None


def test_random_packing_lies_between_the_bounds_and_is_reproducible():
    packed = packed_at_random(ROOM)
    assert sum(each.certain for each in ROOM.drawn) <= packed < ROOM.most
    assert packed_at_random(ROOM) == packed
    # Tiles that fill the image leave no choice.
    assert packed_at_random(Room(((4, 4, 4),) * 3, (4, 4, 4), (1, 1, 1))) == 3
    assert packed_at_random(Room(((40, 400, 400),) * 9, (4, 10, 10), (1, 1, 1))) is None


def test_a_limit_that_gives_too_few_is_impossible():
    budget = Budget((4, 4, 4), (1, 1, 1), starting=6, query=50, loops=3)
    assert "at most 40 patches, at most 2 each" in judge(budget, WIDE, [of_grid(2)]).impossible
    assert judge(budget, WIDE, [of_grid(3)]).certain
    # The limit of one query counts for it alone.
    assert judge(budget, WIDE, [of_grid(3), of_grid(2)]).impossible
    own = Demand(search="grid", limit=2, binding=False)
    assert judge(budget, WIDE, [own]) == replace(judge(budget, WIDE, [own]), certain=False)
    assert not judge(budget, WIDE, [own]).impossible


def test_strata_are_judged_one_by_one():
    alpha = Decimal("0.66")
    # k = 20 gives a class 4 patches an image and the others 6: 80 and 120 in 20 images.
    budget = Budget((4, 4, 4), (1, 1, 1), starting=6, query=240, loops=2)
    assert judge(budget, WIDE, [of_grid(20, alpha)]).certain
    told = judge(replace(budget, query=250), WIDE, [of_grid(20, alpha)]).impossible
    assert "at most 80 patches of a class" in told
    assert "needs 83" in told
    told = judge(replace(budget, query=400), WIDE, [of_grid(20, Decimal("0.33"), 1)]).impossible
    assert "of no class" in told


def test_queries_on_a_grid_have_its_places_alone():
    room = Room(((16, 20, 20),) * 6, (8, 10, 10), (5, 7, 10))
    budget = replace(ASKED, stride=(5, 7, 10), starting=6, query=7, loops=3)
    assert "at most 12 patches at the stride" in judge(budget, room, [of_grid()]).impossible
    assert not judge(budget, room, [Demand(search="drawn")]).impossible


class Own(BUILTIN["predictive_entropy"]):
    def choose(self, pool, candidates, n):
        return []


class Few(BUILTIN["predictive_entropy"]):
    def limit(self, pool):
        return 1 + pool.loop // 2


class Later(BUILTIN["predictive_entropy"]):
    def limit(self, pool):
        return 20 - len(pool.labelled)


class OfState(BUILTIN["predictive_entropy"]):
    def limit(self, pool):
        return pool.state["limit"]


class OfHistory(BUILTIN["predictive_entropy"]):
    def limit(self, pool):
        return len(pool.history[0].patches)


class Predicts(BUILTIN["predictive_entropy"]):
    def limit(self, pool):
        return int(pool.predict(pool.cases[0]).mean.sum())


class Endless(BUILTIN["predictive_entropy"]):
    def limit(self, pool):
        return float("inf")


class Words(BUILTIN["predictive_entropy"]):
    def limit(self, pool):
        return "many"


class Divides(BUILTIN["predictive_entropy"]):
    def limit(self, pool):
        return 1 // (pool.loop - 1)


class Other(BUILTIN["predictive_entropy"]):
    def candidates(self, pool, case):
        return []


class OwnPlaces(BUILTIN["coreset"]):
    def places(self, pool, case):
        return []


class FewPlaces(BUILTIN["coreset"]):
    def limit(self, pool):
        return 2


@pytest.mark.parametrize(
    ("method", "demand"),
    [
        (BUILTIN["random_fg33"](), Demand(search="drawn")),
        (BUILTIN["stochastic_batches"](), Demand(search="drawn")),
        (BUILTIN["random_strided"](), Demand(search="tiles")),
        (BUILTIN["coreset"](), Demand(search="drawn", limit=5)),
        (BUILTIN["bald"](), of_grid(5, classes=1)),
        (BUILTIN["softrank_bald"](), of_grid(10, classes=1)),
        (ClassBalanced33(), of_grid(5, Decimal("0.33"))),
        (ClassBalancedPower(alpha="0.5"), of_grid(5, Decimal("0.5"))),
        (Few(), of_grid(1, classes=1)),
        (Own(), Demand(search="grid", limit=5, binding=False)),
        (Later(), Demand(search="unknown")),
        (OfState(), Demand(search="unknown")),
        (OfHistory(), Demand(search="unknown")),
        (Predicts(), Demand(search="unknown")),
        (Other(), Demand(search="unknown")),
        (OwnPlaces(), Demand(search="unknown")),
        (FewPlaces(), Demand(search="drawn", limit=2)),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_a_class_says_of_its_search(method, demand):
    assert demand_of(method, build_pool(method).info) == demand


@pytest.mark.parametrize(
    "ask",
    [
        lambda pool: pool.n_members,
        lambda pool: len(pool.stages),
        lambda pool: len(pool.device),
        lambda pool: pool.torch_rng("limit").initial_seed(),
        lambda pool: len(pool.features("a")),
        lambda pool: pool.network(0).__enter__().member,
    ],
    ids=["n_members", "stages", "device", "torch_rng", "features", "network"],
)
def test_a_limit_that_asks_the_network_is_unknown(ask):
    class Asks(Later):
        def limit(self, pool):
            return ask(pool)

    assert demand_of(Asks(), build_pool().info) == Demand(search="unknown")


def test_a_limit_is_a_number_and_may_be_endless():
    info = build_pool().info
    assert demand_of(Endless(), info).limit > 10**9
    assert demand_of(Few(), replace(info, loop=4)).limit == 3
    with pytest.raises(MethodError, match=r"Words: limit: .*str"):
        demand_of(Words(), info)
    with pytest.raises(MethodError, match="Divides: limit: ZeroDivisionError"):
        demand_of(Divides(), info)
