"""Taken queries among a run's jobs, in what it costs, in the chain of seals and in bundles."""

from pathlib import Path

import pytest
from toy import make_track

from benchmark import layout
from benchmark.bundles.write import write_bundle
from benchmark.chain.breaks import CHANGED, find_breaks
from benchmark.consistency.loops import of_choice
from benchmark.forecast.graph import Entered, study
from benchmark.jobs import experiment_jobs
from benchmark.layout import Experiment
from benchmark.results import ExperimentResult, LoopResult
from benchmark.steps import QUERY, TAKE, Per
from benchmark.tracks import Track
from benchmark.workflow.graph import graph
from benchmark.workflow.plan import Plan
from benchmark.workflow.rules import described
from nnactive.errors import UserError
from nnactive.io.files import write_model
from nnactive.io.queries import ChosenIn, PatchRecord, Query, save_query
from nnactive.io.seals import seal
from nnactive.settings import Setting, TakenQueries

EXPERIMENT = Experiment("s", "bald", 1)
OWN = make_track().settings[0]
SETTING = OWN.model_copy(update={"queries": TakenQueries(track="first")})
DATA = Path("/d/phantom")


def track(setting: Setting = SETTING) -> Track:
    own = make_track(methods=("bald",))
    return own.model_copy(update={"name": "second", "settings": (setting,)})


def plan(setting: Setting) -> Plan:
    return Plan(
        datasets={"phantom": str(DATA)},
        settings=(setting,),
        experiments=(EXPERIMENT,),
        generated=(),
        cores=2,
        train_threads=1,
        gpus=("0",),
    )


def test_no_loop_waits_for_the_training_of_another(tmp_path) -> None:
    """Even of a method that queries with networks."""
    told = described(plan(SETTING), graph(tmp_path, plan(SETTING)))
    names = [job for job in told["jobs"] if job.startswith("take/")]
    assert names == [f"take/s/bald/seed_1/loop_00{loop}.json" for loop in (1, 2)]
    for name in names:
        assert told["jobs"][name]["after"] == ["start/s/start/seed_1/loop_000.json"]
    (rule,) = [rule for rule in told["rules"] if rule["name"] == "take"]
    assert rule["gpu"] == 0
    assert not any(job.startswith("query/") for job in told["jobs"])
    last = told["jobs"]["train_fold/s/bald/seed_1/loop_002/fold_0.pth"]["after"]
    assert not any(job.startswith("train_fold/") for job in last)


@pytest.mark.parametrize(("setting", "step"), [(OWN, QUERY), (SETTING, TAKE)], ids=["own", "taken"])
def test_a_loop_is_queried_or_taken(setting, step) -> None:
    later = [
        job for job in experiment_jobs(DATA, setting, EXPERIMENT) if job.step.per is Per.LATER_LOOP
    ]
    assert [job.step for job in later] == [step, step]
    assert [job.output for job in later] == [layout.query_file(EXPERIMENT, n) for n in (1, 2)]
    forecast = study(track(setting), [Entered("bald")])
    assert sum(node.job.step is step for node in forecast.nodes) == 2


def choose(root: Path, case: str = "a") -> Path:
    file = root / layout.query_file(EXPERIMENT, 1)
    patch = PatchRecord(case=case, start=(0, 0, 0), size=(4, 4, 4))
    save_query(
        file,
        Query(dataset="phantom", setting="s", method="bald", seed=1, loop=1, patches=(patch,)),
    )
    return file


def test_what_was_taken_is_made_again_if_its_source_changes_not_if_it_goes(
    tmp_path, monkeypatch
) -> None:
    own = tmp_path / "second"
    own.mkdir()
    monkeypatch.chdir(own)
    source = choose(Path("../first"))
    read = seal(source, source, {})
    there = layout.query_files_elsewhere("first", EXPERIMENT, 1)[1]
    taken = choose(Path())
    seal(taken, taken, {str(there): read.digest})
    jobs = [job for job in experiment_jobs(DATA, SETTING, EXPERIMENT) if job.output == taken]
    assert find_breaks(Path(), jobs) == []
    source = choose(Path("../first"), "b")
    seal(source, source, {})
    (found,) = find_breaks(Path(), jobs)
    assert (found.origin, found.why) == (there, CHANGED)
    source.unlink()
    assert find_breaks(Path(), jobs) == []


def with_choices(setting: Setting, *chosen: str | None) -> ExperimentResult:
    loops = tuple(
        LoopResult.model_construct(
            loop=number, chosen_in=ChosenIn(track=name, digest="0") if name else None
        )
        for number, name in enumerate(chosen)
    )
    return ExperimentResult.model_construct(setting=setting, loops=loops)


@pytest.mark.parametrize(
    ("setting", "chosen", "problem"),
    [
        (OWN, (None, None, None), None),
        (SETTING, (None, "first", "first"), None),
        (SETTING, (None, "first", None), "loop 2: its patches were chosen by the method, not in"),
        (SETTING, (None, "other", "first"), "loop 1: its patches were chosen in track 'other'"),
        (OWN, (None, "first", None), "loop 1: its patches were chosen in track 'first', not by"),
        (SETTING, ("first", "first", "first"), "loop 0: its patches were chosen in track 'first'"),
    ],
    ids=["own", "taken", "claims its own", "another track", "claims another", "start"],
)
def test_a_result_says_where_its_patches_were_chosen(setting, chosen, problem) -> None:
    problems = list(of_choice(with_choices(setting, *chosen)))
    assert [text[: len(problem or "")] for text in problems] == ([problem] if problem else [])


def test_results_on_taken_queries_are_no_submission(tmp_path) -> None:
    write_model(tmp_path / layout.track_file(), track())
    with pytest.raises(UserError, match="can't be submitted; bundle the method's results"):
        write_bundle(tmp_path, track(), "bald", tmp_path / "x.zip")
