"""Which jobs a study still needs, and what they wait for."""

import shutil
from collections import Counter
from pathlib import Path

from benchmark import layout
from benchmark.forecast.graph import Entered, below, study
from benchmark.layout import Experiment
from benchmark.tracks import load_track
from tests.benchmark.forecast.made import make_setting, make_track, record

METHODS = (Entered("random", networks=False), Entered("bald"))


def names(graph) -> Counter[str]:
    return Counter(node.job.step.name for node in graph.nodes)


def waited(graph, step: str, loop: int, method: str) -> set[str]:
    """Steps that a method's job of a step and loop waits for."""
    return {
        graph.nodes[number].job.step.name
        for node in graph.nodes
        for number in node.after
        if (node.job.step.name, node.job.target.loop, node.entered.id) == (step, loop, method)
    }


def test_what_experiments_share_is_there_once() -> None:
    graph = study(make_track(), METHODS)
    assert graph.experiments == 4
    assert names(graph) == {
        "start": 2,  # seeds
        "annotate": 2 + 8,
        "train_fold": 2 * (2 + 8),
        "evaluate": 2 + 8,
        "query": 8,
        "result": 4,
    }


def test_trainings_are_those_of_the_shipped_tracks() -> None:
    for name in ("demo", "full", "coldstart_demo"):
        track = load_track(name)
        later = track.query and f"+{track.query}"
        methods = [Entered(f"{m}{later or ''}") for m in track.methods]
        assert names(study(track, methods))["train_fold"] == track.trainings


def test_a_method_without_networks_waits_for_none() -> None:
    graph = study(make_track(), METHODS)
    assert "train_fold" not in waited(graph, "query", 2, "random")
    assert "train_fold" in waited(graph, "query", 2, "bald")
    assert "annotate" in waited(graph, "query", 2, "random")


def test_a_method_that_looks_back_waits_for_all_loops() -> None:
    graph = study(make_track(make_setting(loops=4), seeds=(1,)), [Entered("m", looks_back=True)])
    last = next(n for n in graph.nodes if n.job.step.name == "query" and n.job.target.loop == 3)
    trained = [graph.nodes[n].job for n in last.after]
    assert {job.target.loop for job in trained if job.step.name == "train_fold"} == {0, 1, 2}


def test_jobs_come_after_what_they_wait_for() -> None:
    graph = study(make_track(), METHODS)
    assert all(number < own for own, node in enumerate(graph.nodes) for number in node.after)


def test_a_new_method_with_stored_start_loops_is_its_later_loops() -> None:
    new = [Entered("new")]
    with_start, alone = study(make_track(), new), study(make_track(), new, stored_starts=True)
    assert names(with_start)["train_fold"] - names(alone)["train_fold"] == 2 * 2
    assert names(alone)["start"] == 0


def test_what_is_there_is_left_out(tmp_path: Path) -> None:
    track = make_track(seeds=(1,))
    setting = track.settings[0]
    record(tmp_path, Experiment("s", "random", 1), setting, {})
    graph = study(track, METHODS, below(tmp_path))
    assert (graph.finished, graph.experiments) == (1, 2)
    # Loop 0, which both share, is over only when each has queried after it.
    assert names(graph) == {
        "query": 2,
        "annotate": 2,
        "train_fold": 4,
        "evaluate": 2,
        "result": 1,
    }


def test_networks_of_a_loop_that_is_over_are_not_missed(tmp_path: Path) -> None:
    track = make_track(seeds=(1,), methods=("bald",))
    setting, experiment = track.settings[0], Experiment("s", "bald", 1)
    record(tmp_path, experiment, setting, {})
    (tmp_path / layout.result_file(experiment)).unlink()
    for fold in range(2):
        (tmp_path / layout.member_file(experiment, 1, fold)).unlink()
    exists = below(tmp_path)
    assert names(study(track, [Entered("bald")], exists)) == {"result": 1}
    (tmp_path / layout.evaluation_file(experiment, 1)).unlink()
    wanted = {"result": 1, "train_fold": 2, "evaluate": 1}
    assert names(study(track, [Entered("bald")], exists)) == wanted


def test_networks_that_the_next_query_needs_are_missed(tmp_path: Path) -> None:
    track = make_track(seeds=(1,), methods=("bald",))
    setting, experiment = track.settings[0], Experiment("s", "bald", 1)
    record(tmp_path, experiment, setting, {})
    (tmp_path / layout.result_file(experiment)).unlink()
    (tmp_path / layout.query_file(experiment, 2)).unlink()
    shutil.rmtree(tmp_path / layout.loop_folder(experiment, 2))
    (tmp_path / layout.member_file(experiment, 1, 0)).unlink()
    graph = study(track, [Entered("bald")], below(tmp_path))
    later = {"query": 1, "annotate": 1, "evaluate": 1, "result": 1}
    assert names(graph) == later | {"train_fold": 1 + 2}
    assert waited(graph, "query", 2, "bald") == {"train_fold"}
