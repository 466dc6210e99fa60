"""What became of a shard: how attempts count, and what the next one asks for."""

from pathlib import Path

import pytest

from benchmark.cluster.history import (
    FUTILE,
    Attempt,
    Ended,
    Grant,
    History,
    closed,
    ended_file,
    forgive,
    is_futile,
    next_grant,
    read_ended,
    read_history,
    save_history,
)
from nnactive.io.files import write_model

USUAL, MOST = Grant(1000, 60), Grant(4000, 200)


def attempts(*ends: str | None, done: int = 0) -> History:
    each = [Attempt(host="h", began=100.0 * n, status=end, done=done) for n, end in enumerate(ends)]
    return History.model_validate({"attempts": tuple(each)})


def test_memory_grows_after_it_ran_out_and_time_after_a_time_limit() -> None:
    assert next_grant(attempts(), USUAL, MOST) == USUAL
    assert next_grant(attempts("stopped", "died"), USUAL, MOST) == USUAL
    assert next_grant(attempts("memory"), USUAL, MOST) == Grant(1500, 60)
    assert next_grant(attempts("memory", "memory", "time"), USUAL, MOST) == Grant(2250, 120)


def test_no_more_is_asked_for_than_there_is() -> None:
    assert next_grant(attempts(*["memory"] * 9, *["time"] * 99), USUAL, MOST) == MOST
    assert next_grant(attempts("memory"), USUAL, Grant(1, 1)) == USUAL


@pytest.mark.parametrize(
    ("ends", "futile"),
    [
        (("died",) * FUTILE, True),
        (("broken", "memory", "time"), True),
        (("died",) * (FUTILE - 1), False),
        (("stopped",) * 50, False),
        (("died", "stopped", "died", "stopped", "broken"), True),
    ],
)
def test_a_shard_gives_up_after_some_attempts_that_lead_nowhere(ends, futile) -> None:
    assert is_futile(attempts(*ends).attempts, done=0) is futile


def test_a_step_that_was_finished_meanwhile_counts() -> None:
    assert not is_futile(attempts(*["died"] * FUTILE).attempts, done=1)


@pytest.mark.parametrize(
    ("fate", "sign", "status"),
    [
        (None, 1000.0, "died"),
        ("NODE_FAIL", 1000.0, "died"),
        ("OUT_OF_MEMORY", 1000.0, "memory"),
        ("TIMEOUT", 1000.0, "time"),
        (None, 60 * 60.0, "time"),
        (None, None, "died"),
    ],
)
def test_an_attempt_without_an_end_gets_one(fate, sign, status: str) -> None:
    open_end = History(attempts=(Attempt(host="h", began=100.0, minutes=60),))
    last = closed(open_end, sign, fate).attempts[-1]
    assert last.status == status
    assert last.ended == max(sign or 0, 100.0)


def test_an_end_stays() -> None:
    history = attempts("stopped")
    assert closed(history, 5.0, "OUT_OF_MEMORY") == history
    assert closed(History(), 5.0) == History()


def test_what_failed_is_forgiven_and_its_attempts_no_longer_count(tmp_path: Path) -> None:
    (tmp_path / ".shards").mkdir()
    save_history(tmp_path, "x", attempts("died", "died", "died"))
    write_model(ended_file(tmp_path, "x"), Ended(outcome="failed", reasons=("r",)))
    assert forgive(tmp_path, "x")
    assert read_ended(tmp_path, "x") is None
    assert read_history(tmp_path, "x").counted == ()
    assert len(read_history(tmp_path, "x").attempts) == 3
    assert not forgive(tmp_path, "x")
    write_model(ended_file(tmp_path, "x"), Ended(outcome="finished"))
    assert not forgive(tmp_path, "x")
    assert read_ended(tmp_path, "x") == Ended(outcome="finished")
