"""Where a track is, from journals and leases that are made up (conftest.py); nothing runs."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from synthetic import World, result

from benchmark import layout
from benchmark.journal.events import Event, append
from benchmark.journal.study.find import matching
from benchmark.journal.study.overview import Overview, read_state
from benchmark.journal.study.rescan import rescan
from benchmark.journal.study.retry import clear
from benchmark.layout import Experiment
from benchmark.results import Failure
from benchmark.steps import Resources
from benchmark.tracks import load_track
from nnactive.io.files import write_model

ONE_GPU = Resources(4, 2, ("0",))


TRAINING = "s0/bald/seed_1/loop_001/fold_0.pth"


def counts(view: Overview) -> tuple[int, int, int, int]:
    return view.done, view.running, view.waiting, view.failed


def test_a_track_that_has_only_been_asked_for_waits(folder) -> None:
    view = folder.view()
    assert counts(view) == (0, 0, 4, 0)
    assert (view.jobs, view.jobs_done, view.journaled) == (len(folder.jobs), 0, False)


def test_a_whole_run_is_done_with_its_hours(folder, make_run: Callable) -> None:
    run = make_run(folder.jobs, ONE_GPU)
    took: dict[bool, float] = {True: 0, False: 0}
    for event in run.events():
        append(folder.root, "run", event)
        took[event.gpu is not None] += event.seconds or 0
    view = folder.view()
    assert counts(view) == (4, 0, 0, 0)
    assert view.jobs_done == view.jobs
    assert view.gpu_seconds_spent == pytest.approx(took[True], abs=1)
    assert view.seconds_spent == pytest.approx(sum(took.values()), abs=1)
    assert view.gpu_seconds_left == 0
    assert view.seconds_left is None


def test_what_runs_and_where(folder) -> None:
    begun = {"host": "node7", "gpu": "3", "scheduled": "123", "time": time.time() - 60}
    folder.tell("began", TRAINING, "shard-a", **begun)
    folder.hold(layout.lease_file(Path(TRAINING)))
    view = folder.view()
    assert counts(view) == (0, 1, 3, 0)
    (running,) = view.jobs_running
    assert (running.host, running.gpu, running.scheduled) == ("node7", "3", "123")
    assert running.writer == "shard-a"
    assert running.job == "s0, bald, seed 1: loop 1, train fold 0"
    assert running.seconds == pytest.approx(60, abs=10)
    assert view.gpu_seconds_spent == pytest.approx(60, abs=10)


def test_what_was_killed_is_interrupted_and_not_running(folder) -> None:
    folder.tell("began", TRAINING)
    view = folder.view()
    assert counts(view) == (0, 0, 4, 0)
    assert [each.output for each in view.interrupted] == [TRAINING]
    assert view.jobs_running == ()
    # Another run took over and finished it.
    folder.tell("began", TRAINING, "other", time=time.time() + 1)
    folder.tell("ended", TRAINING, "other", time=time.time() + 2, seconds=1)
    assert folder.view().interrupted == ()
    assert folder.view().jobs_done == 1


def test_a_clock_that_is_ahead_does_not_undo_what_another_machine_finished(folder) -> None:
    folder.tell("began", TRAINING, "ahead", time=time.time() + 3600)
    folder.tell("began", TRAINING, "behind")
    folder.tell("ended", TRAINING, "behind", seconds=1)
    view = folder.view()
    assert (view.jobs_done, view.interrupted) == (1, ())


def test_a_failure_has_its_reason_and_log_until_it_is_tried_again(folder) -> None:
    query = "s0/bald/seed_1/loop_001.json"
    folder.tell("failed", query, seconds=3, reason="crash: no")
    view = folder.view()
    assert counts(view) == (0, 0, 3, 1)
    (failed,) = view.failures
    assert (failed.reason, failed.experiments) == ("crash: no", 1)
    assert failed.log == str(folder.root / folder.job(query).log)
    folder.tell("began", query)
    folder.hold(layout.lease_file(Path(query)))
    assert counts(folder.view()) == (0, 1, 3, 0)
    assert folder.view().failures == ()


def test_a_failed_start_stops_all_that_need_it(folder) -> None:
    folder.tell("failed", "s0/start/seed_2/loop_000/fold_1.pth", reason="why")
    view = folder.view()
    assert counts(view) == (0, 0, 2, 2)
    assert [each.experiments for each in view.failures] == [2]


def test_what_an_earlier_request_asked_for_still_counts(folder) -> None:
    folder.tell("ended", "s0/bald/seed_2/result.json", seconds=1)
    write_model(folder.root / layout.track_file(), folder.track.model_copy(update={"seeds": (1,)}))
    assert counts(folder.view()) == (1, 0, 2, 0)


def test_the_time_left_at_as_many_at_once_as_now(folder, make_run: Callable) -> None:
    run = make_run(folder.jobs, ONE_GPU, spread=0)
    events = list(run.events())
    begins = [n for n, event in enumerate(events) if event.kind == "began"]
    half = events[: begins[len(begins) // 2] + 1]
    shift = time.time() - half[-1].time
    for event in half:
        append(folder.root, "run", event.model_copy(update={"time": event.time + shift}))
    running = {e.job for e in half if e.kind == "began"} - {
        e.job for e in half if e.kind == "ended"
    }
    for output in running:
        folder.hold(layout.lease_file(Path(output)))
    view = folder.view()
    assert len(view.jobs_running) == len(running) == 1
    truth = events[-1].time - half[-1].time
    assert view.gpu_seconds_left == pytest.approx(truth, rel=0.2)
    assert view.seconds_left == pytest.approx(truth, rel=0.2)


def test_a_rescan_finds_what_the_journal_does_not_know(folder) -> None:
    gone, there = "s0/bald/seed_1/loop_001.json", "s0/random/seed_1/loop_001.json"
    broken, runs = "s0/random/seed_2/loop_001.json", TRAINING
    folder.tell("ended", gone, seconds=1)
    folder.touch(there)
    folder.fail(broken, "3 patches too few")
    folder.hold(layout.lease_file(Path(runs)))
    lines = sorted(rescan(read_state(folder.root)))
    assert [line.partition(": ")[2].partition(": ")[2] for line in lines] == [
        "not there",
        f"runs on {folder.leases[0].holder.host}",
        "done",
        "failed: 3 patches too few",
    ]
    view = folder.view()
    assert view.jobs_done == 1
    assert [each.reason for each in view.failures] == ["3 patches too few"]
    assert [each.output for each in view.jobs_running] == [runs]
    assert rescan(read_state(folder.root)) == []


def test_a_rescan_takes_a_network_that_was_dropped_for_made(folder) -> None:
    folder.tell("ended", TRAINING, seconds=1)
    folder.touch("s0/bald/seed_1/loop_001/evaluation.json")
    lines = rescan(read_state(folder.root))
    assert [line for line in lines if "not there" in line] == []
    assert folder.view().jobs_done == 3  # both folds, and the evaluation


def test_retry_forgets_failures_and_nothing_else(folder) -> None:
    query, other = "s0/bald/seed_1/loop_001.json", "s0/random/seed_1/loop_001.json"
    for output in (query, other):
        folder.tell("failed", output, reason="why")
        folder.fail(output, "why")
    folder.tell("ended", "s0/start/seed_1/loop_000.json", seconds=1)
    state = read_state(folder.root)
    cleared = clear(state, matching(state, "bald"))
    assert cleared.jobs == ("s0, bald, seed 1: loop 1, query",)
    assert cleared.experiments == (Experiment("s0", "bald", 1),)
    assert not layout.failure_file(folder.root / query).exists()
    assert layout.failure_file(folder.root / other).exists()
    view = folder.view()
    assert counts(view) == (0, 0, 3, 1)
    assert view.jobs_done == 1


@pytest.mark.parametrize(
    ("text", "count"),
    [("s0/bald/seed_1", 1), ("toy/s0/bald/1", 1), ("bald/2", 1), ("bal", 2), ("al", 2), ("no", 0)],
)
def test_an_experiment_is_found_by_any_part_of_its_path(folder, text: str, count: int) -> None:
    assert len(matching(read_state(folder.root), text)) == count


@pytest.mark.slow
def test_the_full_study_in_few_seconds(tmp_path: Path, make_jobs: Callable, make_folder) -> None:
    track = load_track("full")
    jobs = make_jobs(track)
    root = tmp_path / "full"
    root.mkdir()
    made = make_folder(root, track, jobs)
    lines: dict[str, list[str]] = {}
    for job in jobs[:20_000]:
        experiment = layout.experiment_of(job.output)
        for kind, seconds in (("began", None), ("ended", 9.5)):
            event = Event(
                kind=kind, job=str(job.output), step=job.step.name, time=1.0, seconds=seconds
            )
            line = event.model_dump_json(exclude_none=True)
            lines.setdefault("-".join(map(str, experiment)).replace(" ", ""), []).append(line)
    (root / layout.journal_folder()).mkdir()
    for writer, told in lines.items():
        (root / layout.journal_file(writer)).write_text("\n".join(told) + "\n")
    before = time.process_time()
    view = made.view()
    assert time.process_time() - before < 15
    assert view.jobs_done == 20_000
    assert sum(counts(view)) == 864


def test_a_dataset_that_could_not_be_generated_stops_its_experiments(folder) -> None:
    output = "/data/phantom/prepared.json"
    told = Event(kind="failed", job=output, step="prepare", reason="disk full")
    append(folder.root, "run", told)
    view = folder.view()
    assert counts(view) == (0, 0, 0, 4)
    (failed,) = view.failures
    assert (failed.job, failed.experiments) == ("phantom: prepare", 4)
    assert failed.log.endswith("log/prepare_phantom.txt")


@pytest.mark.parametrize("told", [True, False])
def test_a_rescan_tells_a_failed_result_once(folder, told) -> None:
    world = World(settings=1, methods=1, seeds=1, loops=2, patches=1, cases=1, classes=1)
    (setting,) = folder.track.settings
    failure = Failure(step="query", loop=1, reason="3 patches too few")
    whole = result(world, setting, "bald", 1, "toy")
    failed = whole.model_copy(update={"status": "failed", "failure": failure})
    write_model(folder.root / "s0/bald/seed_1/result.json", failed)
    if told:
        folder.fail("s0/bald/seed_1/loop_001.json", failure.reason)
    assert len(rescan(read_state(folder.root))) == 1
    view = folder.view()
    assert counts(view) == (0, 0, 3, 1)
    assert [each.reason for each in view.failures] == ["3 patches too few"]
    assert rescan(read_state(folder.root)) == []
    cleared = clear(read_state(folder.root), matching(read_state(folder.root), "bald/1"))
    assert len(cleared.experiments) == 1
    assert not (folder.root / "s0/bald/seed_1/result.json").exists()
