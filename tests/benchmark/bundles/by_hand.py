"""A finished track folder, written by hand: a STAND-IN for a run, made in no time."""

from pathlib import Path
from typing import NamedTuple

from toy import make_track

from benchmark import layout
from benchmark.layout import Experiment
from benchmark.results import (
    Counts,
    DatasetRecord,
    Environment,
    ExperimentResult,
    Failure,
    LoopResult,
    load_result,
    patch_columns,
    save_result,
)
from benchmark.submission.spec import describe, freeze
from benchmark.tracks import Track
from nnactive.io.costs import Cost
from nnactive.io.files import write_model
from nnactive.io.queries import START, PatchRecord, Query, save_query

METHOD = '''"""A method of the tests."""

from nnactive.methods import QueryMethod


class Mine(QueryMethod):
    """Query something."""

    reference = "Doe 2026"

    def query(self, pool, n):
        """Never called: the run is a stand-in."""
        return []
'''
LOOPS = 3
SEEDS = (1, 2)


class Finished(NamedTuple):
    """A track folder in which one method has finished."""

    root: Path
    track: Track
    method: str
    """Method id."""
    source: Path
    """The author's file."""


def run_by_hand(runs: Path, text: str, source: Path | None) -> Finished:
    track = make_track(loops=LOOPS, seeds=SEEDS)
    root = runs / track.name
    spec = describe(text)
    freeze(root, spec, source)
    write_model(root / layout.track_file(), track)
    for setting in track.settings:
        write_model(root / layout.setting_file(setting.name), setting)
        for seed in track.seeds:
            experiment = Experiment(setting.name, spec.record.id, seed)
            result = ExperimentResult(
                status="complete",
                track=track.name,
                comparable=track.comparable,
                setting=setting,
                method=spec.record,
                seed=seed,
                dataset=_dataset(),
                loops=tuple(_loop(root, experiment, loop) for loop in range(LOOPS)),
                environment=_environment(),
                command="nnactive-bench submit METHOD --track toy",
                started="2026-11-20T09:00:00Z",
                finished="2026-11-20T12:00:00Z",
            )
            save_result(root / layout.result_file(experiment), result)
    return Finished(root, track, spec.record.id, source or Path())


def fail(run: Finished, seed: int, loops: int) -> None:
    """Let an experiment have ended with a failure after some loops."""
    file = run.root / layout.result_file(Experiment("s", run.method, seed))
    result = load_result(file)
    failure = Failure(step="query", loop=loops, reason="it broke", kind="crash")
    update = {"status": "failed", "failure": failure, "loops": result.loops[:loops]}
    save_result(file, result.model_copy(update=update))


def _loop(root: Path, experiment: Experiment, loop: int) -> LoopResult:
    patches = (PatchRecord(case="a", start=(0, 0, 4 * loop), size=(4, 4, 4)),)
    query = Query(
        dataset="phantom",
        setting=experiment.setting,
        method=experiment.method if loop else START,
        seed=experiment.seed,
        loop=loop,
        patches=patches,
        isolation="none" if loop else "trusted",
    )
    save_query(root / layout.query_file(experiment, loop), query)
    count = loop + 1
    return LoopResult(
        loop=loop,
        patches=patch_columns(patches),
        labelled_patches=count,
        labelled_voxels=64 * count,
        labelled_foreground=(7 * count,),
        labelled_boundary=(5 * count,),
        counts=Counts(
            true_positives=((20 + 10 * count,),),
            false_positives=((9,),),
            false_negatives=((80 - 10 * count,),),
        ),
        isolation="none" if loop else "trusted",
        costs={"annotate": Cost(seconds=1.0, peak_memory_gib=0.1, device="cpu")},
    )


def _dataset() -> DatasetRecord:
    return DatasetRecord(
        name="phantom",
        checksum="c" * 64,
        split_kind="rule",
        classes=("body",),
        pool_cases=1,
        pool_foreground=(29,),
        pool_boundary=(20,),
        test_cases=("t",),
        pool_shapes={"a": (9, 9, 20)},
    )


def _environment() -> Environment:
    return Environment(
        python="3.11.2",
        packages={"nnunetv2": "2.8.1"},
        commit="1e99253",
        cpu="Some CPU",
        cores=8,
        accelerator=None,
        code="e" * 64,
    )
