"""A run that makes one step's outputs and evaluates nothing, on images that a person labels."""

from pathlib import Path

import pytest
from toy import calls, make_request, make_track, prepared_info

from benchmark import layout
from benchmark.chain.laid import lay
from benchmark.journal.study.overview import overview, read_state
from benchmark.layout import Experiment
from benchmark.tracks import Track
from benchmark.workflow.plan import Part, Plan, jobs
from benchmark.workflow.request import Request, check_datasets
from benchmark.workflow.run import run
from nnactive.errors import UserError
from nnactive.io.files import write_model
from nnactive.io.queries import PatchRecord, Query, load_query

PERSON = Experiment("s", "typiclust+bald", 1)


@pytest.fixture
def request_(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Request:
    monkeypatch.setenv("STAND_IN_CALLS", str(tmp_path / "calls.txt"))
    info = prepared_info().model_copy(
        update={"name": "mine", "labels_in": "../labels", "source": ""}
    )
    write_model(tmp_path / "data" / "mine" / "prepared.json", info)
    return make_request(tmp_path, own_track())


def own_track() -> Track:
    track = make_track(methods=("typiclust",)).model_copy(update={"query": "bald"})
    (setting,) = track.settings
    return track.model_copy(update={"settings": (setting.model_copy(update={"dataset": "mine"}),)})


def plan(request: Request, part: Part) -> Plan:
    return Plan(
        datasets={"mine": str(request.dataset("mine"))},
        settings=request.track.settings,
        experiments=part.experiments,
        loops=part.loops,
        step=part.step,
        generated=(),
        cores=1,
        train_threads=1,
        gpus=(),
    )


@pytest.mark.parametrize(
    ("step", "loop", "taken"),
    [
        ("start", 0, ["start"]),
        ("annotate", 1, ["annotate", "annotate", "query", "start", *["train_fold"] * 2]),
        ("query", 1, ["annotate", "query", "start", *["train_fold"] * 2]),
        ("train_fold", 0, ["annotate", "start", *["train_fold"] * 2]),
    ],
)
def test_a_step_takes_what_it_reads_and_no_evaluation(
    request_: Request, step: str, loop: int, taken: list[str]
) -> None:
    made = plan(request_, Part(experiments=(PERSON,), step=step, loops=(loop,)))
    assert sorted(job.step.name for job in jobs(made)) == taken
    (goal,) = made.goals()
    assert {(job.step.name, job.target.loop) for job in goal.ends} == {(step, loop)}


def test_a_plan_of_evaluations_is_written_as_before(request_: Request) -> None:
    assert "step" not in plan(request_, Part(experiments=(PERSON,))).model_dump()


def test_images_without_a_card_are_no_strangers(request_: Request) -> None:
    assert check_datasets(request_) == ()
    file = request_.data / "mine" / "prepared.json"
    write_model(file, prepared_info().model_copy(update={"name": "mine", "source": ""}))
    with pytest.raises(UserError, match="mine"):
        check_datasets(request_)  # a benchmark's dataset has a card


@pytest.mark.slow
def test_a_run_stops_at_the_query_and_goes_on_from_a_laid_down_loop(
    request_: Request, tmp_path: Path
) -> None:
    part = Part(experiments=(PERSON,), step="query", loops=(1,))
    assert run(request_, lambda _: None, part) == []
    made = calls(tmp_path)
    root = request_.root
    assert (root / layout.query_file(PERSON, 1)).is_file()
    assert not list(root.rglob("evaluation.json"))
    assert set(made.values()) == {1}
    assert not any("loop_001/" in output for output in made)

    laid = Query(
        dataset="mine",
        setting="s",
        method="prior",
        seed=1,
        loop=2,
        patches=(PatchRecord(case="a", start=(0, 0, 5), size=(4, 4, 4)),),
    )
    lay(root, layout.query_file(PERSON, 2), laid)
    part = Part(experiments=(PERSON,), step="annotate", loops=(2,))
    assert run(request_, lambda _: None, part) == []
    assert load_query(root / layout.query_file(PERSON, 2)) == laid
    more = calls(tmp_path) - made
    assert {Path(output).parent.name for output in more} == {"loop_001", "loop_002"}
    assert not any("fold" in output for output in more)  # no network is needed
    assert overview(read_state(root)).failed == 0
