"""The table of steps against the commands, the layout, results and the docs."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from toy import make_track

from benchmark.cli.commands.steps import step as commands
from benchmark.jobs import Job, experiment_jobs
from benchmark.layout import Experiment
from benchmark.steps import (
    EVALUATE,
    PREPARE,
    QUERY,
    RESULT,
    START_STEP,
    STEPS,
    TRAIN_FOLD,
    Per,
    Target,
    overview,
    pattern,
    step_of_command,
)

ROOT = Path(__file__).parents[2]
NO_STEPS = {"conform", "describe", "layer"}
"""Commands of the same group that other commands run in a process of their own."""
SETTING = make_track(loops=2).settings[0]
EXPERIMENT = Experiment("s", "random", 7)
JOBS = list(experiment_jobs(Path("/d/phantom"), SETTING, EXPERIMENT))


def test_each_step_has_a_command_and_each_command_a_step() -> None:
    assert set(commands.commands) - NO_STEPS == {step.command for step in STEPS}
    assert len({step.name for step in STEPS}) == len(STEPS)
    for step in STEPS:
        assert step_of_command(step.command) is step


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_a_command_takes_the_arguments_that_the_table_gives_it(step) -> None:
    command = commands.commands[step.command]
    target = Target(Path("/d/phantom"), SETTING, EXPERIMENT, loop=1, fold=1)
    words = Job(step, target).arguments(threads=3).split()
    parsed = command.make_context(words[0], words[1:])
    needed = {p.name for p in command.params if p.required}
    assert all(parsed.params[name] is not None for name in needed)
    assert parsed.params["out"] == step.output(target)


def test_an_experiments_jobs_are_in_the_order_of_its_loops() -> None:
    assert [(job.target.loop, job.key) for job in JOBS] == [
        *((0, key) for key in ("start", "annotate", "train_fold_0", "train_fold_1", "evaluate")),
        *((1, key) for key in ("query", "annotate", "train_fold_0", "train_fold_1", "evaluate")),
        (0, "result"),
    ]
    assert [str(job) for job in JOBS[2:6]] == [
        "s, start, seed 7: loop 0, train fold 0",
        "s, start, seed 7: loop 0, train fold 1",
        "s, start, seed 7: loop 0, evaluate",
        "s, random, seed 7: loop 1, query",
    ]


def test_a_result_waits_for_every_step_of_every_loop(monkeypatch) -> None:
    def awaited() -> set[Path]:
        result = Job(RESULT, Target(Path("/d/phantom"), SETTING, EXPERIMENT))
        return set(result.step.inputs["loops"](result.target))

    assert awaited() == {job.output for job in JOBS if job.step.per is Per.LOOP}
    tally = replace(EVALUATE, name="tally", output=lambda t: Path(f"tally_{t.loop}.json"))
    monkeypatch.setattr("benchmark.steps.STEPS", (*STEPS[:-1], tally, RESULT))
    assert {Path("tally_0.json"), Path("tally_1.json")} < awaited()


def test_each_cost_in_a_result_is_one_steps() -> None:
    for job in JOBS:
        owners = [step for step in STEPS if step.owns(job.key)]
        assert owners == ([job.step] if job.step.has_cost else [])
    assert not any(TRAIN_FOLD.owns(key) for key in ("train_fold", "train_fold_", "train_fold_a"))
    assert not any(step.owns("query_0") or step.owns("result") for step in STEPS)


def test_a_pattern_matches_the_outputs_and_nothing_else() -> None:
    for step in (job.step for job in JOBS):
        text = re.escape(str(pattern(step)))
        shape = re.compile(re.sub(r"\\{(\w+)\\}", r"(?P<\1>[^/]+)", text))
        matching = {job.step for job in JOBS if shape.fullmatch(str(job.output))}
        # The rule of the starting budget comes before that of a query.
        assert matching - {START_STEP} <= {step}
    assert (
        str(pattern(EVALUATE, loop="T")) == "{setting}/{method}/seed_{seed}/loop_T/evaluation.json"
    )
    assert str(pattern(START_STEP)) == "{setting}/{method}/seed_{seed}/loop_000.json"


def test_a_start_that_is_not_the_protocols_has_its_method() -> None:
    jobs = list(experiment_jobs(Path("/d/p"), SETTING, EXPERIMENT._replace(method="own+random")))
    assert str(jobs[0]) == "s, own+start, seed 7: loop 0, starting budget"
    assert "--method methods/own.json" in jobs[0].arguments(1)
    assert "--method" not in JOBS[0].arguments(1)
    (query,) = (job for job in jobs if job.step is QUERY)
    assert "--method methods/own+random.json" in query.arguments(1)
    assert "--query s/own+start/seed_7/loop_000.json" in query.arguments(1)


def test_words_are_quoted_for_the_shell() -> None:
    setting = SETTING.model_copy(update={"name": "a b"})
    target = Target(Path("/a b/phantom"), setting, Experiment("a b", "m;n", 7), loop=1)
    assert Job(PREPARE, target).arguments(4) == (
        "prepare phantom --data '/a b' --workers 4 --out '/a b/phantom/prepared.json'"
    )
    assert Job(RESULT, target).arguments(1) == (
        "result --data '/a b/phantom' --track track.json --setting 'a b' --method 'm;n' --seed 7"
        " --out 'a b/m;n/seed_7/result.json'"
    )
    assert "--query 'a b/start/seed_7/loop_000.json' 'a b/start/seed_7/loop_000/fold_0.pth'" in Job(
        QUERY, target
    ).arguments(1)


def test_the_docs_have_the_table() -> None:
    assert overview() in (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
