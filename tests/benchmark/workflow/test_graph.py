"""What is left of a plan, and in which order. No step runs."""

from pathlib import Path

import pytest
from toy import make_track

from benchmark import layout
from benchmark.jobs import Job
from benchmark.layout import Experiment
from benchmark.steps import Per
from benchmark.workflow.engine import command
from benchmark.workflow.graph import graph
from benchmark.workflow.plan import Plan, jobs
from benchmark.workflow.rules import described

RANDOM, BALD = Experiment("s", "random", 1), Experiment("s", "bald", 1)
START = Experiment("s", "start", 1)


def make_plan(**fields) -> Plan:
    plan = {
        "datasets": {"phantom": "/d/phantom"},
        "settings": make_track(loops=3).settings,
        "experiments": (RANDOM, BALD),
        "generated": (),
        "cores": 2,
        "train_threads": 1,
        "gpus": (),
    }
    return Plan(**{**plan, **fields})


def touch(root: Path, *outputs: Path) -> None:
    for output in outputs:
        (root / output).parent.mkdir(parents=True, exist_ok=True)
        (root / output).touch()


def shown(job: Job) -> str:
    return f"{job.target.loop} {job.key}"


def left(root: Path, plan: Plan) -> list[str]:
    return [shown(needed.job) for needed in graph(root, plan).needed.values()]


def test_each_job_comes_once_and_after_all_that_it_reads(tmp_path) -> None:
    plan = make_plan()
    found = graph(tmp_path, plan)
    assert set(found.needed) == {job.output for job in jobs(plan)}
    assert found.ends == tuple(layout.result_file(each) for each in plan.experiments)
    before: dict[Path, set[Path]] = {}
    for output, needed in found.needed.items():
        before[output] = set(needed.after).union(*(before[path] for path in needed.after))
        reads = (read(needed.job.target) for read in needed.job.step.inputs.values())
        files = [file for each in reads for file in (each if isinstance(each, list) else [each])]
        assert before[output] >= {file for file in files if file in found.needed}
        # Nothing that another one waits for anyway.
        assert all(path not in before[other] for path in needed.after for other in needed.after)


def test_what_nothing_needs_any_more_is_not_made_again(tmp_path) -> None:
    plan = make_plan(experiments=(RANDOM,))
    there = [
        job for job in jobs(plan) if job.target.loop < 2 and job.step.per is not Per.EXPERIMENT
    ]
    touch(tmp_path, *(job.output for job in there))
    later = ["2 query", "2 annotate", "2 train_fold_0", "2 train_fold_1", "2 evaluate", "0 result"]
    assert left(tmp_path, plan) == later
    # Of loop 0, whose next loop file is there, the members were dropped.
    for fold in (0, 1):
        (tmp_path / layout.member_file(RANDOM, 0, fold)).unlink()
    assert left(tmp_path, plan) == later
    # The query of loop 2 needs those of loop 1.
    (tmp_path / layout.member_file(RANDOM, 1, 1)).unlink()
    assert left(tmp_path, plan) == ["1 train_fold_1", *later]
    # A method that looks back needs all of them.
    plan = make_plan(experiments=(RANDOM,), looking_back=("random",))
    assert left(tmp_path, plan)[:3] == ["0 train_fold_0", "0 train_fold_1", "1 train_fold_1"]


def test_a_part_ends_with_the_evaluation_of_its_last_loop(tmp_path) -> None:
    loop = ["annotate", "train_fold_0", "train_fold_1", "evaluate"]
    first = [f"0 {key}" for key in ("start", *loop)]
    second = [f"1 {key}" for key in ("query", *loop)]
    assert left(tmp_path, make_plan(experiments=(), first_loops=(START,))) == first
    assert left(tmp_path, make_plan(experiments=(RANDOM,), last_loop=0)) == first
    plan = make_plan(experiments=(RANDOM,), last_loop=1)
    assert left(tmp_path, plan) == first + second
    (goal,) = plan.goals()
    *others, last = jobs(plan)
    touch(tmp_path, *(job.output for job in others))
    assert left(tmp_path, plan) == ["1 evaluate"]
    assert not goal.reached(tmp_path)
    touch(tmp_path, last.output)
    assert left(tmp_path, plan) == []
    assert goal.reached(tmp_path)


@pytest.mark.parametrize("last_loop", [None, 2, 9])
def test_the_last_loop_brings_the_result(tmp_path, last_loop) -> None:
    assert left(tmp_path, make_plan(experiments=(RANDOM,), last_loop=last_loop))[-1] == "0 result"


def test_data_that_generate_themselves_come_first_and_once(tmp_path) -> None:
    plan = make_plan(
        datasets={"phantom": str(tmp_path / "data" / "phantom")}, generated=("phantom",)
    )
    assert left(tmp_path, plan).count("0 prepare") == 1
    assert left(tmp_path, plan)[0] == "0 prepare"
    touch(tmp_path, tmp_path / "data" / "phantom" / "prepared.json")
    assert "0 prepare" not in left(tmp_path, plan)


def test_a_folder_is_read_once(tmp_path, monkeypatch) -> None:
    import os

    read: list[str] = []
    scandir = os.scandir
    monkeypatch.setattr(os, "scandir", lambda path: read.append(str(path)) or scandir(path))
    found = graph(tmp_path, make_plan())
    assert len(read) == len(set(read)) < len(found.needed)


def test_short_steps_go_on_beside_trainings_that_fill_the_gpus(tmp_path) -> None:
    plan = make_plan(gpus=("0", "1"), cores=8, train_threads=4)
    told = described(plan, graph(tmp_path, plan))["rules"]
    by_name = {rule["name"]: rule for rule in told}
    given = command(plan)
    assert given[given.index("--resources") + 1] == "gpu=2"
    spare = int(given[given.index("--cores") + 1]) - 2 * by_name["train_fold"]["threads"]
    assert spare >= by_name["annotate"]["threads"] == 1
    assert all(by_name[name]["gpu"] == 0 for name in ("annotate", "start", "result"))
    first = {name for name, rule in by_name.items() if rule["priority"]}
    assert first == set(by_name) - {"train_fold"}
    shared = command(make_plan(gpus=("0", "1"), cores=8, slots=3))
    assert shared[shared.index("--resources") + 1] == "gpu=6"
    # Without a GPU, cores are all there is.
    plain = command(make_plan(cores=8))
    assert plain[plain.index("--cores") + 1] == "8"
