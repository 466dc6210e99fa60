"""What became of a shard: its attempts, what the next one asks for, and how it ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from benchmark import layout
from nnactive.io.files import read_model, replace_model
from nnactive.io.models import Frozen, StateFile

FUTILE: Final = 3
"""After so many attempts in a row that broke or died and finished no step, a shard gives up."""
MORE_MEMORY: Final = 1.5
MORE_TIME: Final = 2
NEAR_ITS_END: Final = 120.0
"""Seconds before its time limit within which an attempt's end is the limit's doing."""

Status = Literal["finished", "failed", "stopped", "broken", "memory", "time", "died"]


class Attempt(Frozen):
    """One job that worked on a shard."""

    job: str | None = None
    """The scheduler's id."""
    host: str
    gpu: str | None = None
    """The devices of its allocation."""
    began: float
    """Seconds since 1970."""
    ended: float | None = None
    status: Status | None = None
    """None: it is running, or died. "stopped": saved and to be continued; "broken": a step could
    not finish; "memory", "time": it ran out of what it was granted."""
    reason: str | None = None
    done: int = 0
    """Steps of the shard that were finished when it began."""
    memory_mb: int | None = None
    """What it was granted."""
    minutes: int | None = None


class History(StateFile):
    """``.shards/SLUG.json``."""

    attempts: tuple[Attempt, ...] = ()
    forgiven: int = 0
    """How many of them no longer count: the shard was submitted anew after them."""

    @property
    def counted(self) -> tuple[Attempt, ...]:
        """The attempts since the shard was last submitted anew."""
        return self.attempts[self.forgiven :]

    def with_next(self, attempt: Attempt) -> "History":
        """The history with one more attempt."""
        return self.model_copy(update={"attempts": (*self.attempts, attempt)})

    def with_last(self, attempt: Attempt) -> "History":
        """The history with its last attempt replaced."""
        return self.model_copy(update={"attempts": (*self.attempts[:-1], attempt)})


class Ended(StateFile):
    """``.shards/SLUG.ended``: the shard is over; a failed experiment is over, too."""

    outcome: Literal["finished", "failed"]
    reasons: tuple[str, ...] = ()


@dataclass(frozen=True)
class Grant:
    """What a job is granted."""

    memory_mb: int
    minutes: int


def history_file(root: Path, slug: str) -> Path:
    """The attempts on a shard; ``root`` is the track's folder."""
    return root / layout.shard_folder() / f"{slug}.json"


def ended_file(root: Path, slug: str) -> Path:
    """How a shard ended; there is none while it is to be worked on."""
    return root / layout.shard_folder() / f"{slug}.ended"


def shard_lease(root: Path, slug: str) -> Path:
    """The lease of the job that works on a shard."""
    return root / layout.shard_folder() / f"{slug}.lease"


def read_history(root: Path, slug: str) -> History:
    """The attempts on a shard; none if there were none."""
    file = history_file(root, slug)
    return read_model(file, History) if file.exists() else History()


def save_history(root: Path, slug: str, history: History) -> None:
    """Write the attempts on a shard."""
    replace_model(history_file(root, slug), history)


def read_ended(root: Path, slug: str) -> Ended | None:
    """How a shard ended."""
    file = ended_file(root, slug)
    return read_model(file, Ended) if file.exists() else None


def forgive(root: Path, slug: str) -> bool:
    """Let a shard that failed or gave up be tried again; returns whether it had.

    A shard that is finished stays so.
    """
    ended = read_ended(root, slug)
    if ended is None or ended.outcome == "finished":
        return False
    ended_file(root, slug).unlink(missing_ok=True)
    history = read_history(root, slug)
    if history.attempts:
        forgiven = history.model_copy(update={"forgiven": len(history.attempts)})
        save_history(root, slug, forgiven)
    return True


def closed(history: History, last_sign: float | None, fate: str | None = None) -> History:
    """The history with an end for an attempt that died without one.

    Args:
        history: nobody is at work on the shard now.
        last_sign: when its job last gave a sign of life; seconds since 1970.
        fate: what the scheduler calls the job's end, if it still knows.
    """
    if not history.attempts or history.attempts[-1].status is not None:
        return history
    attempt = history.attempts[-1]
    end = max(last_sign or attempt.began, attempt.began)
    limit = attempt.began + 60 * attempt.minutes if attempt.minutes else None
    status: Status = "died"
    if fate == "OUT_OF_MEMORY":
        status = "memory"
    elif fate in {"TIMEOUT", "DEADLINE"} or (limit and end > limit - NEAR_ITS_END):
        status = "time"
    change = {"ended": end, "status": status, "reason": fate and f"the scheduler says {fate}"}
    return history.with_last(attempt.model_copy(update=change))


def is_futile(attempts: Sequence[Attempt], done: int) -> bool:
    """Whether the latest attempts broke or died and finished no step.

    Args:
        attempts: all so far, each with its end.
        done: steps of the shard that are finished now.
    """
    tries = [each for each in attempts if each.status != "stopped"][-FUTILE:]
    bad = {"broken", "memory", "time", "died"}
    return (
        len(tries) == FUTILE and all(each.status in bad for each in tries) and tries[0].done == done
    )


def next_grant(history: History, usual: Grant, most: Grant) -> Grant:
    """What the next attempt asks for: more memory after it ran out, more time after a time limit.

    Args:
        history: with an end for each attempt.
        usual: what the first attempt asks for.
        most: what can be had.
    """
    ends = [attempt.status for attempt in history.attempts]
    memory = usual.memory_mb * MORE_MEMORY ** ends.count("memory")
    minutes = usual.minutes * MORE_TIME ** min(ends.count("time"), 10)
    return Grant(
        min(int(memory), max(most.memory_mb, usual.memory_mb)),
        min(minutes, max(most.minutes, usual.minutes)),
    )
