"""Journals are read as they grow, whole lines at a time, and at a bounded rate of calls."""

import os
import time
from collections import Counter
from pathlib import Path

import pytest

from benchmark import layout
from benchmark.journal import follower as module
from benchmark.journal.events import Event, append
from benchmark.journal.follower import BLOCK, Budget, Follower

EVENT = Event(kind="began", job="s/random/seed_1/loop_001/fold_0.pth", step="train_fold", time=1.0)
OTHER = EVENT.model_copy(update={"job": "s/random/seed_1/loop_001/fold_1.pth"})


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def make(root: Path, writer: str = "") -> tuple[Follower, Clock]:
    clock = Clock()
    return Follower(root, writer, Budget(10, clock)), clock


def test_each_event_is_given_once(tmp_path: Path) -> None:
    follower, _ = make(tmp_path)
    assert list(follower.catch_up()) == []
    follower, clock = make(tmp_path)
    append(tmp_path, "run-a.b-1", EVENT)
    assert list(follower.look()) == [("run-a.b-1", EVENT)]
    append(tmp_path, "run-a.b-1", OTHER)
    append(tmp_path, "run-c-2", EVENT)
    clock.now += 1
    assert list(follower.look()) == [("run-a.b-1", OTHER)]
    clock.now += module.SECONDS_BETWEEN_LISTS
    assert list(follower.look()) == [("run-c-2", EVENT)]
    assert list(follower.catch_up()) == []
    assert list(Follower(tmp_path).catch_up()) == [
        *(("run-a.b-1", EVENT), ("run-a.b-1", OTHER), ("run-c-2", EVENT))
    ]


def test_half_a_line_waits_for_its_end(tmp_path: Path) -> None:
    append(tmp_path, "w", EVENT)
    file = tmp_path / layout.journal_file("w")
    line = OTHER.model_dump_json(exclude_none=True) + "\n"
    with file.open("a") as journal:
        journal.write(line[:20])
    follower, clock = make(tmp_path)
    assert list(follower.catch_up()) == [("w", EVENT)]
    assert list(follower.catch_up()) == []
    with file.open("a") as journal:
        journal.write(line[20:])
    clock.now += 1
    assert list(follower.look()) == [("w", OTHER)]
    assert follower.skipped == 0


def test_an_event_after_half_a_line_of_a_dead_machine_is_found(tmp_path: Path) -> None:
    file = tmp_path / layout.journal_file("w")
    file.parent.mkdir()
    file.write_text('{"kind":"began","job":"s/ran')
    append(tmp_path, "w", EVENT)
    assert [event for _, event in Follower(tmp_path).catch_up()] == [EVENT]


def test_lines_of_a_newer_release_are_passed_over_and_counted(tmp_path: Path) -> None:
    file = tmp_path / layout.journal_file("w")
    file.parent.mkdir()
    file.write_text('{"kind":"slept","job":"a","step":"b","time":1}\nwhat\n\xff\n{"kind":1}\n')
    append(tmp_path, "w", EVENT)
    follower = Follower(tmp_path)
    assert [event for _, event in follower.catch_up()] == [EVENT]
    assert follower.skipped == 4


@pytest.mark.parametrize("how", ["truncated", "replaced"])
def test_a_journal_that_was_replaced_is_read_from_its_beginning(tmp_path: Path, how: str) -> None:
    append(tmp_path, "w", EVENT)
    append(tmp_path, "w", EVENT)
    follower, clock = make(tmp_path)
    assert len(list(follower.catch_up())) == 2
    file = tmp_path / layout.journal_file("w")
    if how == "replaced":
        file.rename(file.with_suffix(".old"))
        for _ in range(3):
            append(tmp_path, "w", OTHER)
    else:
        os.truncate(file, 0)
        append(tmp_path, "w", OTHER)
    clock.now += 1
    assert {event for _, event in follower.look()} == {OTHER}


def test_a_journal_longer_than_a_block(tmp_path: Path) -> None:
    file = tmp_path / layout.journal_file("w")
    line = EVENT.model_dump_json(exclude_none=True) + "\n"
    count = 3 * BLOCK // len(line)
    file.parent.mkdir()
    # A line of nothing known that no block holds doesn't stop what comes after it.
    file.write_text(line * count + "x" * (2 * BLOCK) + "\n" + line)
    assert len(list(Follower(tmp_path).catch_up())) == count + 1


@pytest.fixture
def many(tmp_path: Path) -> Path:
    """Journals of as many shards as ``full`` has, each of which runs."""
    for number in range(960):
        append(tmp_path, f"shard-{number}", EVENT)
        (tmp_path / layout.run_lease(f"shard-{number}")).touch()
    return tmp_path


def test_a_look_is_short_and_calls_are_few_however_many_journals(many, monkeypatch) -> None:
    calls: Counter[str] = Counter()
    for name in ("stat", "open", "close", "pread", "listdir", "scandir"):
        real = getattr(os, name)

        def counted(*args, _name=name, _real=real, **kwargs):
            calls[_name] += 1
            return _real(*args, **kwargs)

        monkeypatch.setattr(os, name, counted)
    follower, clock = make(many, "shard-7")
    assert len(list(follower.catch_up())) == 960
    calls.clear()
    seconds, longest = 400, 0.0
    for number in range(2 * seconds):
        if number % 7 == 0:
            append(many, f"shard-{number % 960}", OTHER)
            calls["append"] += 1
        clock.now += 0.5
        before = time.process_time()
        list(follower.look())
        longest = max(longest, time.process_time() - before)
    made = sum(calls.values()) - 4 * calls["append"]
    assert 2 * seconds <= made <= 10 * seconds
    assert longest < 0.05


def test_every_journal_gets_its_turn_and_the_own_one_each_look(many: Path) -> None:
    follower, clock = make(many, "shard-7")
    list(follower.catch_up())
    for number in range(960):
        append(many, f"shard-{number}", OTHER)
    found = []
    looks = 0
    while len(found) < 960 and looks < 2000:
        clock.now += 0.5
        looks += 1
        found += [writer for writer, _ in follower.look()]
        assert found[0] == "shard-7"
    assert sorted(found) == sorted(f"shard-{number}" for number in range(960))


def test_journals_of_living_runs_come_before_the_others(tmp_path: Path) -> None:
    for number in range(100):
        append(tmp_path, f"old-{number}", EVENT)
    append(tmp_path, "young", EVENT)
    (tmp_path / layout.run_lease("young")).touch()
    follower, clock = make(tmp_path)
    list(follower.catch_up())
    append(tmp_path, "young", OTHER)
    clock.now += 0.5
    assert list(follower.look()) == [("young", OTHER)]
