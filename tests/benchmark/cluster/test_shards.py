"""A track cut into shards: which there are, and which waits for which."""

import time

import pytest
from toy import make_track

from benchmark.cluster.shards import CUTS, Kind, Shard, shards
from benchmark.cluster.work import part
from benchmark.layout import Experiment
from benchmark.tracks import load_track

METHODS = ("random", "bald", "typiclust+random")


def cut(kind: Kind, **changes) -> dict[str, Shard]:
    track = make_track(loops=3, seeds=(1, 2))
    return shards(track, METHODS, kind, **changes)


def test_experiments_wait_for_the_loop_0_of_their_start() -> None:
    found = cut(Kind.EXPERIMENT)
    starts = [slug for slug, shard in found.items() if shard.kind is Kind.START]
    assert starts == [
        "start.s.start.seed_1",
        "start.s.typiclust+start.seed_1",
        "start.s.start.seed_2",
        "start.s.typiclust+start.seed_2",
    ]
    assert list(found)[: len(starts)] == starts
    assert found["s.bald.seed_2"].needs == "start.s.start.seed_2"
    assert found["s.typiclust+random.seed_1"].needs == "start.s.typiclust+start.seed_1"
    assert len(found) == len(starts) + len(METHODS) * 2


def test_a_loop_waits_for_the_one_before_and_the_last_makes_the_result() -> None:
    found = cut(Kind.LOOP)
    first, last = found["s.bald.seed_1.loop_001"], found["s.bald.seed_1.loop_002"]
    assert (first.needs, last.needs) == ("start.s.start.seed_1", "s.bald.seed_1.loop_001")
    assert (first.last, last.last) == (False, True)


def test_a_component_is_all_of_a_setting_and_seed_and_waits_for_nothing() -> None:
    found = cut(Kind.COMPONENT)
    assert list(found) == ["s.all.seed_1", "s.all.seed_2"]
    assert found["s.all.seed_1"].experiments == tuple(Experiment("s", m, 1) for m in METHODS)
    assert {shard.needs for shard in found.values()} == {None}


@pytest.mark.parametrize("kind", CUTS)
def test_every_experiment_has_one_shard_that_makes_its_result(kind: Kind) -> None:
    made = [e for shard in cut(kind).values() if shard.last for e in shard.experiments]
    assert sorted(made) == sorted(Experiment("s", m, s) for m in METHODS for s in (1, 2))


@pytest.mark.parametrize("kind", CUTS)
def test_each_comes_after_what_it_needs_and_is_known_by_its_slug(kind: Kind) -> None:
    found = cut(kind)
    order = list(found)
    for slug, shard in found.items():
        assert slug == shard.slug
        assert shard.needs is None or order.index(shard.needs) < order.index(slug)


def test_only_one_shard_generates_a_dataset() -> None:
    found = cut(Kind.EXPERIMENT, generated=("phantom",))
    assert found["start.s.start.seed_1"].needs is None
    others = [s for s in found.values() if s.kind is Kind.START][1:]
    assert {shard.needs for shard in others} == {"start.s.start.seed_1"}
    assert found["s.bald.seed_2"].needs == "start.s.start.seed_2"


@pytest.mark.parametrize("setting", ["Größe 50%", "a/b", "-x", "x" * 200])
def test_a_slug_names_files_and_jobs_whatever_the_setting_is_called(setting: str) -> None:
    shard = Shard(Kind.EXPERIMENT, setting, ("random",), 1)
    other = Shard(Kind.EXPERIMENT, setting + "?", ("random",), 1)
    assert shard.slug != other.slug
    assert shard.slug.isascii()
    assert not set(shard.slug) & set(" /%\"'{}$")
    assert not shard.slug.startswith(("-", "."))
    assert len(shard.slug) < 150


def test_a_part_is_what_the_shard_makes() -> None:
    start, experiment = (cut(Kind.EXPERIMENT)[s] for s in ("start.s.start.seed_1", "s.bald.seed_1"))
    assert part(start, "x").first_loops == (Experiment("s", "start", 1),)
    assert part(start, "x").experiments == ()
    assert part(experiment, "y").experiments == (Experiment("s", "bald", 1),)
    assert (part(experiment, "y").last_loop, part(experiment, "y").writer) == (None, "y")
    loops = cut(Kind.LOOP)
    assert part(loops["s.bald.seed_1.loop_001"], "z").last_loop == 1
    assert part(loops["s.bald.seed_1.loop_002"], "z").last_loop is None


def test_a_setting_has_no_shard_of_a_method_that_it_leaves_out() -> None:
    track = make_track(loops=3, seeds=(1,)).model_copy(update={"left_out": {"s": ("bald",)}})
    for kind in CUTS:
        found = shards(track, METHODS, kind)
        methods = {method for shard in found.values() for method in shard.methods}
        assert "bald" not in methods
        assert "random" in methods
    # A start that only such methods have isn't made either.
    nothing = track.model_copy(update={"left_out": {"s": METHODS}})
    assert [shards(nothing, METHODS, kind) for kind in CUTS] == [{}, {}, {}]


def test_the_full_study_is_960_shards_and_cut_at_once() -> None:
    track = load_track("full")
    methods = tuple(f"m{number}" for number in range(9))
    began = time.process_time()
    found = shards(track, methods, Kind.EXPERIMENT)
    assert time.process_time() - began < 1
    assert len(found) == 96 + 864
