"""The checks of a start method. The broken classes are stand-ins: each fails one on purpose."""

import re
from contextlib import suppress

import numpy as np
import pytest

from benchmark.conformance.checks import (
    BOUNDS,
    BUDGET,
    INTERRUPTED,
    LABELS,
    ORDER,
    OVERLAP,
    REPEATED,
    UNCHANGED,
    WORKERS,
    Judge,
)
from benchmark.conformance.parent import check
from benchmark.conformance.start.worlds import START_POOLS, judged
from benchmark.submission.method_string import Method
from nnactive.errors import MethodError
from nnactive.geometry import Patch
from nnactive.methods import STARTS, StartMethod
from nnactive.methods.random import random_patches


class Sound(StartMethod):
    def start(self, pool, n):
        pool.map(lambda case: float(pool.image(case).mean()))
        return random_patches(pool, n)


class Short(Sound):
    def start(self, pool, n):
        return super().start(pool, n)[1:]


class Outside(Sound):
    def start(self, pool, n):
        first, *others = super().start(pool, n)
        return [Patch(first.case, (99, 0, 0), first.size), *others]


class Overlapping(Sound):
    def start(self, pool, n):
        chosen = super().start(pool, n)
        return [*chosen[:-1], chosen[0]]


class Peeks(Sound):
    """Hides even the refusal."""

    asked = "oracle"

    def start(self, pool, n):
        with suppress(MethodError):
            getattr(pool, self.asked)
        return super().start(pool, n)


class Predicts(Peeks):
    asked = "predict"


class DrawsFromNumpy(Sound):
    def start(self, pool, n):
        chosen = super().start(pool, n)
        np.random.shuffle(chosen)  # noqa: NPY002
        return chosen


class LeavesBehind(Sound):
    def start(self, pool, n):
        found = {}
        pool.map(lambda case: found.update({case: float(pool.image(case).mean())}))
        chosen = random_patches(pool, n)
        return sorted(chosen, key=lambda patch: (found.get(patch.case, 0), patch))


class OneStreamForAll(Sound):
    def start(self, pool, n):
        rng = pool.rng("all")
        drawn = dict(zip(pool.cases, pool.map(lambda _: rng.random()), strict=True))
        return sorted(super().start(pool, n), key=lambda patch: (drawn[patch.case], patch))


BROKEN = {
    Short: (BUDGET, "pool before the start: 5 patches instead of 6"),
    Outside: (BOUNDS, r"the patch at \(99, 0, 0\) leaves"),
    Overlapping: (OVERLAP, "overlaps the chosen patch"),
    Peeks: (LABELS, "asks for pool.oracle, before the start"),
    Predicts: (LABELS, "asks for pool.predict"),
    DrawsFromNumpy: (REPEATED, "another order of the patches in a second run"),
    LeavesBehind: (INTERRUPTED, "pool.map's function must return everything it computes"),
}


def failed(judge: Judge) -> dict[str, str]:
    return {v.check: v.detail for v in judge.verdicts() if v.state == "FAILED"}


@pytest.mark.parametrize("kind", BROKEN, ids=lambda kind: kind.__name__)
def test_each_broken_start_fails_its_check(kind) -> None:
    name, detail = BROKEN[kind]
    found = failed(Judge(lambda: judged(kind()), START_POOLS[:1]))
    assert re.search(detail, found[name])
    assert all("\n" not in text for text in found.values())
    assert set(found) <= {name, UNCHANGED}


def test_a_stream_for_all_cases_depends_on_their_order() -> None:
    found = failed(Judge(lambda: judged(OneStreamForAll()), START_POOLS[:1]))
    assert set(found) >= {ORDER, WORKERS}


@pytest.mark.parametrize("kind", [Sound, *STARTS.values()], ids=lambda kind: kind.__name__)
def test_sound_starts_pass_in_all_worlds(kind) -> None:
    verdicts = list(Judge(lambda: judged(kind()), START_POOLS).verdicts())
    assert [verdict for verdict in verdicts if verdict.state != "ok"] == []


@pytest.mark.slow
@pytest.mark.parametrize("name", [*STARTS, "examples/texture_start.py:TextureStart"])
def test_the_command_knows_a_start_by_its_class(name) -> None:
    rows = check(Method.parse(name), 60, lambda _: None)
    states = {row.check: row.state for row in rows}
    last = "not judged" if name == "foreground33" else "ok"
    assert list(states.values()) == ["ok"] * (len(rows) - 1) + [last]
