"""Progress and the time left, from journals. Runs are made up (conftest.py)."""

import os
import time
from collections import Counter
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmark import layout
from benchmark.journal import watch as module
from benchmark.journal.events import Event, append
from benchmark.journal.follower import Follower
from benchmark.journal.watch import Watch, forget
from benchmark.steps import Resources
from benchmark.tracks import load_track
from nnactive.io.leases import Lease

EIGHT = Resources(32, 4, tuple("01234567"))
TWO_CORES = Resources(2, 1, ())


@pytest.fixture
def tmp_path(tmp_path: Path) -> Path:
    """A track's folder with no others beside it, from which durations would be borrowed."""
    folder = tmp_path / "runs" / "toy"
    folder.mkdir(parents=True)
    return folder


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """The time as a made-up run has it."""
    made = SimpleNamespace(now=1_000_000.0)
    stub = SimpleNamespace(time=lambda: made.now, monotonic=lambda: made.now)
    monkeypatch.setattr(module, "time", stub)
    return made


def watched(root: Path, jobs, shared, clock, writer="run") -> Watch:
    watch = Watch(root, jobs, shared, writer)
    watch.follower.budget.clock = lambda: clock.now
    watch.follower.budget.filled = clock.now
    return watch


def tell(root: Path, kind: str, job, now: float, writer: str = "run", **more: object) -> None:
    event = Event(kind=kind, job=str(job.output), step=job.step.name, time=now, **more)
    append(root, writer, event)


def test_jobs_are_running_and_done_as_the_journal_says(tmp_path, make_track, make_jobs, clock):
    jobs = make_jobs(make_track())
    watch = watched(tmp_path, jobs, TWO_CORES, clock)
    first = watch.look()
    assert (first.total, first.done, first.running, first.seconds_left) == (len(jobs), (), (), None)
    tell(tmp_path, "began", jobs[0], clock.now)
    clock.now += 1
    assert watch.look().running == (jobs[0],)
    tell(tmp_path, "ended", jobs[0], clock.now, seconds=1)
    tell(tmp_path, "began", jobs[1], clock.now)
    clock.now += 1
    look = watch.look()
    assert (look.done, look.fresh, look.running) == ((jobs[0],), (jobs[0],), (jobs[1],))
    tell(tmp_path, "failed", jobs[1], clock.now, seconds=1, reason="why")
    clock.now += 1
    look = watch.look()
    assert (look.done, look.fresh, look.running) == ((jobs[0],), (), ())


def test_what_was_there_before_is_done_and_what_died_before_does_not_run(
    tmp_path, make_track, make_jobs, clock
):
    jobs = make_jobs(make_track())
    for job in jobs[:2]:
        (tmp_path / job.output).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / job.output).touch()
    tell(tmp_path, "began", jobs[2], clock.now - 9, "killed")
    tell(tmp_path, "began", jobs[3], clock.now - 9, "elsewhere")
    lease = Lease.take(tmp_path / layout.lease_file(jobs[3].output))
    watch = watched(tmp_path, jobs, TWO_CORES, clock)
    look = watch.look()
    assert (look.done, look.fresh, look.running) == (tuple(jobs[:2]), (), (jobs[3],))
    assert lease is not None


def test_an_output_in_no_journal_is_found_in_a_while_and_at_the_end(
    tmp_path, make_track, make_jobs, clock
):
    jobs = make_jobs(make_track())
    watch = watched(tmp_path, jobs, TWO_CORES, clock)
    for job in (jobs[5], jobs[7]):
        (tmp_path / job.output).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / jobs[5].output).touch()
    found: list = []
    for _ in range(20):
        clock.now += 0.5
        found += watch.look().fresh
    assert found == [jobs[5]]
    (tmp_path / jobs[7].output).touch()
    assert watch.last().fresh == (jobs[7],)


def errors(tmp_path, run, clock, every: int) -> list[tuple[float, float | None, float]]:
    """Share of the run's time that is over, the time left as told, and as it was."""
    events = list(run.events())
    begin, end = events[0].time, events[-1].time
    clock.now = begin
    watch = watched(tmp_path, run.jobs, run.shared, clock)
    found = []
    for number, event in enumerate(sorted(events, key=lambda event: event.time)):
        append(tmp_path, "run", event)
        clock.now = max(clock.now + 0.01, event.time)
        if number % every == 0:
            watch.follower.budget.left = 10
            look = watch.look()
            found.append(((clock.now - begin) / (end - begin), look.seconds_left, end - clock.now))
    assert watch.last().total == len(run.jobs)
    return found


@pytest.mark.parametrize(
    ("shared", "size", "usual"),
    [
        (
            EIGHT,
            {"settings": 4, "methods": tuple("abcd"), "seeds": 4, "loops": 5, "folds": 5},
            0.03,
        ),
        (TWO_CORES, {"settings": 1, "methods": ("a", "b"), "seeds": 1, "loops": 5}, 0.08),
        (EIGHT, {"settings": 1, "methods": ("a",), "seeds": 1, "loops": 9, "folds": 5}, 0.1),
    ],
    ids=["2,000 jobs on 8 GPUs", "demo on 2 cores", "one experiment on 8 GPUs"],
)
def test_the_time_left_is_near_the_truth(
    tmp_path, make_track, make_jobs, make_run, clock, shared, size, usual
):
    jobs = make_jobs(make_track(**size))
    found = errors(tmp_path, make_run(jobs, shared), clock, max(1, len(jobs) // 100))
    told = [(share, left, true) for share, left, true in found if left is not None]
    assert len(told) > 0.6 * len(found)
    late = [abs(left - true) / true for share, left, true in told if 0.1 < share < 0.95]
    assert sum(late) / len(late) < usual
    assert max(late) < 0.15


def test_an_earlier_run_or_another_track_tells_how_long_it_will_take(
    tmp_path, make_track, make_jobs, make_run, clock
):
    jobs = make_jobs(make_track())
    run = make_run(jobs, TWO_CORES)
    for event in run.events():
        append(tmp_path / "runs" / "before", "run", event)
    took = run.now - clock.now
    other = watched(tmp_path / "runs" / "after", jobs, TWO_CORES, clock).look()
    assert other.seconds_left == pytest.approx(took, rel=0.2)
    again = watched(tmp_path / "runs" / "before", jobs, TWO_CORES, clock).look()
    assert again.seconds_left == pytest.approx(took, rel=0.2)
    (tmp_path / "none").mkdir()
    assert watched(tmp_path / "none" / "after", jobs, TWO_CORES, clock).look().seconds_left is None


def test_what_this_run_measures_outweighs_what_was_before(tmp_path, make_track, make_jobs, clock):
    jobs = make_jobs(make_track(loops=9, folds=5))
    trainings = [job for job in jobs if job.step.name == "train_fold"]
    for job in trainings[:20]:
        tell(tmp_path, "ended", job, clock.now - 9, "earlier", seconds=1000)
    watch = watched(tmp_path, jobs, EIGHT, clock)
    before = watch.look().seconds_left
    for job in trainings[:20]:
        clock.now += 3
        tell(tmp_path, "ended", job, clock.now, seconds=10)
        after = watch.look().seconds_left
    assert before is not None
    assert after is not None
    assert before >= 9 * 1000
    assert after < 2000


def test_logs_of_earlier_attempts_go_unless_another_run_writes_them(
    tmp_path, make_track, make_jobs
):
    jobs = make_jobs(make_track())
    for job in jobs[:2]:
        for file in (job.log, layout.failure_file(job.output)):
            (tmp_path / file).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / file).touch()
    lease = Lease.take(tmp_path / layout.lease_file(jobs[1].output))
    forget(tmp_path, jobs)
    assert lease is not None
    assert not (tmp_path / jobs[0].log).exists()
    assert not layout.failure_file(tmp_path / jobs[0].output).exists()
    assert (tmp_path / jobs[1].log).exists()
    assert layout.failure_file(tmp_path / jobs[1].output).exists()


@pytest.mark.slow
def test_a_look_at_the_full_study_is_short_and_its_calls_are_few(
    tmp_path, make_jobs, make_track, monkeypatch
):
    jobs = make_jobs(load_track("full"))
    assert len(jobs) == 29_280
    for number in range(960):
        tell(tmp_path, "began", jobs[30 * number], 1.0, f"shard-{number}")
    watch = Watch(tmp_path, jobs, EIGHT)
    for job in jobs[:300]:
        tell(tmp_path, "ended", job, 2.0, "shard-0", seconds=9.0)
    calls: Counter[str] = Counter()
    for name in ("stat", "open", "close", "pread", "listdir", "scandir"):
        real = getattr(os, name)

        def counted(*args, _name=name, _real=real, **kwargs):
            calls[_name] += 1
            return _real(*args, **kwargs)

        monkeypatch.setattr(os, name, counted)
    looked = 0.0
    for _ in range(20):
        before = time.process_time()
        watch.look()
        looked = max(looked, time.process_time() - before)
        time.sleep(0.1)
    assert looked < 0.05
    assert 10 < sum(calls.values()) <= 10 * (1 + 20 * 0.1 * 2)


def test_what_the_journal_calls_done_and_is_gone_is_to_be_made_again(
    tmp_path, make_track, make_jobs, clock
):
    jobs = make_jobs(make_track())
    for job in jobs[:2]:
        tell(tmp_path, "ended", job, clock.now - 9, "earlier", seconds=1)
    (tmp_path / jobs[0].output).parent.mkdir(parents=True)
    (tmp_path / jobs[0].output).touch()
    assert watched(tmp_path, jobs, TWO_CORES, clock).look().done == (jobs[0],)
    events = list(Follower(tmp_path).catch_up())
    assert [(w, e.job) for w, e in events if e.kind == "reset"] == [("run", str(jobs[1].output))]
