"""A small entry in memory, whose Dice and patches tests may change; its steps are stand-ins."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from toy import make_request, make_track, prepared_info, write_prepared

from benchmark.bundles.reproduce.reported import Reported
from benchmark.bundles.reproduce.train import Place
from benchmark.layout import Experiment
from benchmark.provenance import environment
from benchmark.results import (
    Counts,
    DatasetRecord,
    ExperimentResult,
    LoopResult,
    patch_columns,
)
from nnactive.io.costs import Cost
from nnactive.io.queries import PatchRecord, Query

BOXLESS = Path(__file__).with_name("boxless_steps.py")
STEPS = 20
"""Labelled patches after each loop in these tests are 20, 40, 60."""


def counts(dice: float) -> Counts:
    """Counts of one class and one case with a given Dice, from 0 to 1."""
    hits = round(dice * 10_000)
    return Counts(
        true_positives=((hits,),),
        false_positives=((10_000 - hits,),),
        false_negatives=((10_000 - hits,),),
    )


def query(method: str, seed: int, loop: int, state: str | None = None) -> Query:
    """The patches that the stand-in steps choose."""
    return Query(
        dataset="phantom",
        setting="s",
        method=method if loop else "start",
        seed=seed,
        loop=loop,
        patches=(PatchRecord(case="a", start=(0, 0, 4 * loop), size=(4, 4, 4)),),
        state=state,
    )


def result(
    track, spec, seed: int, queries: Sequence[Query], dice: Sequence[float]
) -> ExperimentResult:
    cost = Cost(seconds=3, peak_memory_gib=1, device="cpu")
    keys = ("annotate", "train_fold_0", "train_fold_1", "evaluate")
    return ExperimentResult(
        status="complete",
        track=track.name,
        comparable=False,
        setting=track.settings[0],
        method=spec.record,
        seed=seed,
        dataset=DatasetRecord(
            name="phantom",
            checksum=prepared_info().checksum,
            split_kind="rule",
            classes=("body",),
            pool_cases=1,
            pool_foreground=(29,),
            test_cases=("t",),
        ),
        loops=tuple(
            LoopResult(
                loop=loop,
                patches=patch_columns(each.patches),
                labelled_patches=STEPS * (loop + 1),
                labelled_voxels=64,
                labelled_foreground=(1,),
                counts=counts(value),
                costs={**dict.fromkeys(keys, cost), "query" if loop else "start": cost},
            )
            for loop, (each, value) in enumerate(zip(queries, dice, strict=True))
        ),
        environment=environment(),
    )


@pytest.fixture
def entry(tmp_path: Path) -> Callable[..., Reported]:
    """Makes an entry: its Dice by seed and loop, and its method."""
    write_prepared(tmp_path / "data")

    def make(dice: dict[int, Sequence[float]], method: str = "random") -> Reported:
        loops = len(next(iter(dice.values())))
        track = make_track(loops=loops, seeds=tuple(dice), methods=(method,))
        ((spec, _),) = make_request(tmp_path, track).methods
        queries = {
            Experiment("s", method, seed): tuple(query(method, seed, loop) for loop in range(loops))
            for seed in dice
        }
        results = {
            each: result(track, spec, each.seed, queries[each], dice[each.seed]) for each in queries
        }
        return Reported("bundle", track, spec, results, queries, digest="d" * 64)

    return make


@pytest.fixture
def place(tmp_path: Path, monkeypatch) -> Place:
    """Where the stand-in steps work."""
    import shlex
    import sys

    monkeypatch.setenv("STAND_IN_CALLS", str(tmp_path / "calls.txt"))
    return Place(
        data=tmp_path / "data",
        runs=tmp_path / "runs" / ".replays",
        cores=2,
        step_command=f"{shlex.quote(sys.executable)} {shlex.quote(str(BOXLESS))}",
    )


@pytest.fixture
def changed() -> Callable[..., Reported]:
    """An entry with another patch in one loop, in its query and in its result."""

    def change(reported: Reported, loop: int, start: tuple[int, int, int]) -> Reported:
        def other(queries: tuple[Query, ...]) -> tuple[Query, ...]:
            patch = queries[loop].patches[0].model_copy(update={"start": start})
            new = queries[loop].model_copy(update={"patches": (patch,)})
            return (*queries[:loop], new, *queries[loop + 1 :])

        queries = {each: other(found) for each, found in reported.queries.items()}
        results = {}
        for each, found in reported.results.items():
            loops = list(found.loops)
            columns = patch_columns(queries[each][loop].patches)
            loops[loop] = loops[loop].model_copy(update={"patches": columns})
            results[each] = found.model_copy(update={"loops": tuple(loops)})
        return replace(reported, queries=queries, results=results)

    return change
