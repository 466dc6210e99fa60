"""Methods without a network don't wait for one. The workflow's steps are stand-ins."""

from pathlib import Path

import pytest
from toy import calls, make_request, make_track, write_prepared

from benchmark.cli.commands.tracks import finish
from benchmark.jobs import Job
from benchmark.layout import Experiment
from benchmark.steps import QUERY, Target
from benchmark.submission.pairs import entrant
from benchmark.submission.spec import MethodSpec, describe
from benchmark.workflow.graph import graph
from benchmark.workflow.plan import Plan
from benchmark.workflow.rules import described
from nnactive.io.files import read_json, read_model, write_json, write_model


def test_only_a_query_with_needs_waits_for_members(tmp_path) -> None:
    plan = Plan(
        datasets={"phantom": "/d/phantom"},
        settings=make_track().settings,
        experiments=(Experiment("s", "random", 1), Experiment("s", "bald", 1)),
        networkless=("random",),
        generated=(),
        cores=2,
        train_threads=1,
        gpus=(),
    )
    told = described(plan, graph(tmp_path, plan))["jobs"]
    for method in ("random", "bald"):
        query = told[f"query/s/{method}/seed_1/loop_002.json"]
        members = [f"s/{method}/seed_1/loop_001/fold_{fold}.pth" for fold in (0, 1)]
        awaited = [job for job in query["after"] if job.startswith("train_fold/")]
        given = [word for word in query["command"].split() if word.endswith(".pth")]
        expected = members if method == "bald" else []
        assert given == expected
        assert awaited == [f"train_fold/{member}" for member in expected]


def test_a_spec_says_whether_it_needs_a_network(tmp_path) -> None:
    assert not describe("random").needs_network
    assert describe("bald").needs_network
    start = describe("typiclust")
    assert not entrant(start, "random").later.needs_network
    assert entrant(start, "bald").later.needs_network
    # Older runs didn't write it.
    file = tmp_path / "random.json"
    write_model(file, describe("random"))
    content = read_json(file)
    assert content.pop("needs_network") is False
    write_json(file, content)
    assert read_model(file, MethodSpec).needs_network


def test_the_command_takes_no_members() -> None:
    from benchmark.cli.commands.steps import query

    target = Target(
        Path("/d/phantom"),
        make_track().settings[0],
        Experiment("s", "random", 1),
        loop=2,
        needs_network=False,
    )
    words = Job(QUERY, target).arguments(threads=1).split()
    assert query.make_context(words[0], words[1:]).params["members"] == ()


@pytest.mark.slow
def test_no_training_holds_up_a_method_without_a_network(tmp_path, monkeypatch, capfd) -> None:
    write_prepared(tmp_path / "data")
    monkeypatch.setenv("STAND_IN_CALLS", str(tmp_path / "calls.txt"))
    monkeypatch.setenv("STAND_IN_FAULT", "crash")  # every training fails
    request = make_request(tmp_path, make_track(loops=3), ["random", "bald"])
    assert finish(request, tmp_path / "board.html") == 1
    assert set(calls(tmp_path)) == {
        "s/start/seed_1/loop_000.json",
        "s/start/seed_1/loop_000/train",
        *(f"s/random/seed_1/loop_00{loop}{end}" for loop in (1, 2) for end in (".json", "/train")),
    }
    capfd.readouterr()


@pytest.mark.slow
def test_a_pair_without_a_network_needs_none(tmp_path, monkeypatch, capfd) -> None:
    write_prepared(tmp_path / "data")
    monkeypatch.setenv("STAND_IN_CALLS", str(tmp_path / "calls.txt"))
    monkeypatch.setenv("STAND_IN_FAULT", "crash")
    track = make_track(loops=3, methods=("typiclust",)).model_copy(update={"query": "random"})
    assert finish(make_request(tmp_path, track), tmp_path / "board.html") == 1
    assert "s/typiclust+random/seed_1/loop_002/train" in calls(tmp_path)
    capfd.readouterr()
