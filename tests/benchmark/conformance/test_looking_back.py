"""The check of methods that look back: their own queries lead a pool to its loop."""

import itertools

import numpy as np
import pytest

from benchmark.conformance.checks import (
    BUDGET,
    CONTRACT,
    FIRST,
    HELD,
    INTERRUPTED,
    LABELS,
    ORDER,
    PROCESS,
    REPEATED,
    WORKERS,
    Judge,
    elsewhere,
)
from benchmark.conformance.pools import PLAIN, POOLS
from benchmark.conformance.volume import judge_volume
from nnactive.methods import BUILTIN, QueryMethod

LAST = [spec for spec in POOLS if spec.title == "pool in its last loop"]
SEEN: dict[int, tuple] = {}


class Counts(QueryMethod):
    """Counts its queries by loop, and checks what it finds."""

    def score(self, prediction):
        return 1 - prediction.mean.amax(0)

    def query(self, pool, n):
        before = pool.state or {"calls": np.zeros(5, dtype=np.int64), "loops": []}
        SEEN[pool.loop] = (pool.state or before, pool.labelled)
        chosen = super().query(pool, n)
        before["calls"][pool.loop] += 1
        pool.save({"calls": before["calls"], "loops": [*before["loops"], pool.loop]})
        return chosen


class Change(QueryMethod):
    """Where the mean prediction changed since the loop before."""

    needs = frozenset({"mean", "history"})

    def candidates(self, pool, case):
        now = pool.predict(case).mean
        before = pool.history[max(0, pool.loop - 2)].predict(case).mean
        assert (pool.loop == 1) == bool((now == before).all())
        assert bool((pool.history[-1].predict(case).mean == now).all())
        score = (now - before).abs().sum(0)
        free, limit, rng = pool.labelled_in(case), self.limit(pool), pool.rng("noise", case)
        return self.best_of_image(score, pool, case, free, limit, rng)


class OtherState(Counts):
    """The same patches, another state each time."""

    numbers = itertools.count()

    def query(self, pool, n):
        chosen = super().query(pool, n)
        pool.save(next(self.numbers))
        return chosen


class StateOfWorkers(Counts):
    def query(self, pool, n):
        chosen = super().query(pool, n)
        pool.save(pool._sources.workers)
        return chosen


class SavesInMap(Counts):
    def candidates(self, pool, case):
        pool.save(case)
        return super().candidates(pool, case)


def failed(judge):
    return {v.check: v.detail for v in judge.verdicts() if v.state == "FAILED"}


@pytest.mark.parametrize("kind", [Counts, Change])
def test_a_sound_method_that_looks_back_passes(kind) -> None:
    judge = Judge(kind)
    verdicts = [*judge.verdicts(), elsewhere(judge.answers, Judge(kind).answers, comparable=True)]
    assert [v.check for v in verdicts if v.state != "ok"] == [LABELS]


def test_a_pool_in_its_last_loop_has_the_methods_own_queries_and_state() -> None:
    SEEN.clear()
    Judge(Counts, LAST)
    before, labelled = SEEN[4]
    assert before["loops"] == [1, 2, 3]
    assert before["calls"].tolist() == [0, 1, 1, 1, 0]
    loops = [patch.loop for patch in labelled]
    assert loops == [0] * 2 * PLAIN.classes + [1] * PLAIN.n + [2] * PLAIN.n + [3] * PLAIN.n
    assert SEEN[1][1] == labelled[: 2 * PLAIN.classes]
    assert SEEN[1][0]["loops"] == []


def test_another_state_in_a_second_run_fails() -> None:
    found = failed(Judge(OtherState, POOLS[2:3]))
    assert set(found) == {REPEATED}
    assert "another state is saved in a second run; draw from" in found[REPEATED]


def test_a_state_that_depends_on_the_workers_fails() -> None:
    assert set(failed(Judge(StateOfWorkers, POOLS[2:3]))) == {WORKERS}


def test_another_state_in_another_process_fails() -> None:
    first, second = Judge(OtherState, POOLS[2:3]), Judge(OtherState, POOLS[2:3])
    verdict = elsewhere(first.answers, second.answers, comparable=True)
    assert (verdict.check, verdict.state) == (PROCESS, "FAILED")
    assert ": another state in another process; " in verdict.detail


def test_saving_inside_map_is_refused() -> None:
    detail = failed(Judge(SavesInMap, POOLS[2:3]))[CONTRACT]
    assert "pool.save() can't be called in pool.map's function; return the value" in detail


def test_a_query_in_an_earlier_loop_that_breaks_the_contract_fails() -> None:
    class Once(Counts):
        def query(self, pool, n):
            if pool.loop == 2:
                raise ValueError("twice")
            return super().query(pool, n)

    assert "ValueError: twice" in failed(Judge(Once, LAST))[CONTRACT]


def test_rows_that_no_query_reached_say_so() -> None:
    class Corner(QueryMethod):
        needs = frozenset()

        def query(self, pool, n):
            from nnactive.methods import BUILTIN

            return BUILTIN["random"]().query(pool, n)

    class Broken(QueryMethod):
        def query(self, pool, n):
            return []

    verdicts = {v.check: v for v in Judge(Corner, POOLS[2:3]).verdicts()}
    reasons = {check: v.detail for check, v in verdicts.items() if v.state == "not reached"}
    assert reasons == {
        LABELS: "no query asks for labels",
        HELD: "no query asks for predictions",
        ORDER: "no query calls pool.map",
        WORKERS: "no query calls pool.map",
        INTERRUPTED: "no query calls pool.map",
    }
    assert verdicts[REPEATED].state == "ok"
    broken = list(Judge(Broken, POOLS[2:3]).verdicts())
    assert {v.check for v in broken if v.state == "ok"} == {CONTRACT}
    assert {v.check for v in broken if v.state == "FAILED"} == {BUDGET}
    assert {v.state for v in broken[len(FIRST) :]} == {"not judged"}
    assert {v.detail for v in broken[len(FIRST) :]} == {"no query gives valid patches"}


def test_the_volume_of_a_method_that_looks_back_is_of_its_second_loop() -> None:
    SEEN.clear()
    assert judge_volume(Counts, PLAIN).state == "ok"
    assert SEEN[2][0]["loops"] == [1]
    assert judge_volume(Change, PLAIN).state == "ok"


@pytest.mark.slow
def test_random_places_find_room_in_the_second_loop_of_the_volume() -> None:
    class Saves(BUILTIN["random"]):  # type: ignore[misc]
        def query(self, pool, n):
            pool.save(pool.loop)
            return super().query(pool, n)

    for _ in range(3):
        assert judge_volume(Saves).state == "ok"
