"""One shard's job: takes the shard, runs its part of the track here, and writes how it ended."""

import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmark.cluster.history import (
    NEAR_ITS_END,
    Attempt,
    Ended,
    Grant,
    History,
    Status,
    closed,
    ended_file,
    is_futile,
    read_ended,
    read_history,
    save_history,
    shard_lease,
)
from benchmark.cluster.request import read_request
from benchmark.cluster.shards import Kind, Shard
from benchmark.execution.statuses import UNFINISHED
from benchmark.jobs import experiment_jobs, loop_jobs
from benchmark.layout import journal_file, result_file, run_lease
from benchmark.results import load_result
from benchmark.steps import Target
from benchmark.workflow.plan import Part
from benchmark.workflow.problems import Problem
from benchmark.workflow.request import Request
from nnactive.devices import VISIBLE
from nnactive.errors import NnactiveError, UserError
from nnactive.io.files import replace_model
from nnactive.io.holders import JOB_VARIABLES
from nnactive.io.leases import SILENT_SECONDS, lease

if TYPE_CHECKING:
    from benchmark.journal.watch import Progress

CGROUPS: Final = Path("/sys/fs/cgroup")


@dataclass(frozen=True)
class Told:
    """How a job on a shard ended."""

    status: int
    """Its exit status."""
    line: str
    problems: tuple[str, ...] = ()


Run = Callable[[Request, "Callable[[Progress], None]", Part], list[Problem]]


def work(
    root: Path,
    slug: str,
    request: Request,
    watcher: "Callable[[Progress], None]",
    run: Run,
    granted: Grant | None = None,
) -> Told:
    """Work on a shard until it is over, or until the scheduler ends the job.

    Args:
        root: the track's folder.
        slug: the shard.
        request: as it is run here.
        watcher: is called with the progress.
        run: runs a part of the request.
        granted: what the scheduler granted, if that is known.

    Raises:
        UserError: if there is no such shard.
    """
    shard = find(root, slug)
    with lease(shard_lease(root, slug), seconds=1.5 * SILENT_SECONDS) as held:
        if not held:
            return Told(UNFINISHED, f"{slug}: not finished: another job is working on it")
        if over := _over(root, slug, shard, request):
            return over
        done, made = steps_done(root, shard, request), part(shard, slug)
        return _attempt(root, slug, granted, done, lambda: run(request, watcher, made))


def _attempt(
    root: Path,
    slug: str,
    granted: Grant | None,
    done: int,
    run: Callable[[], list[Problem]],
) -> Told:
    """One attempt, written down at its begin and its end."""
    attempt = _begin(root, slug, done, granted)
    killed, began = oom_kills(), time.monotonic()
    status: Status = "finished"
    try:
        problems = run()
    except KeyboardInterrupt:  # or SIGTERM and such: schedulers send one before they kill
        near = granted and time.monotonic() - began > 60 * granted.minutes - NEAR_ITS_END
        return _end(root, slug, attempt, "time" if near else "stopped", [])
    except NnactiveError as error:
        return _end(root, slug, attempt, "broken", [str(error)])
    if problems:
        whole = all(_has_row(root, problem) for problem in problems)
        status = "failed" if whole else "memory" if oom_kills() > killed else "broken"
    reasons = [f"{problem.experiment}: {problem.text}" for problem in problems]
    return _end(root, slug, attempt, status, reasons)


def find(root: Path, slug: str) -> Shard:
    """The shard of that name.

    Raises:
        UserError: if there is none.
    """
    known = read_request(root).shards()
    if slug not in known:
        raise UserError(
            f"{slug}: no shard of {root}; nnactive-bench shard {root} without a name lists them"
        )
    return known[slug]


def part(shard: Shard, slug: str) -> Part:
    """What a run makes of a shard."""
    if shard.kind is Kind.START:
        return Part(first_loops=shard.experiments, writer=slug)
    last_loop = None if shard.last else shard.loop
    return Part(experiments=shard.experiments, last_loop=last_loop, writer=slug)


def steps_done(root: Path, shard: Shard, request: Request) -> int:
    """How many of a shard's steps have their output."""
    setting = next(each for each in request.track.settings if each.name == shard.setting)
    data = request.dataset(setting.dataset)
    outputs: set[Path] = set()
    for experiment in shard.experiments:
        if shard.kind in {Kind.EXPERIMENT, Kind.COMPONENT}:
            jobs = experiment_jobs(data, setting, experiment)
        else:
            target = Target(data, setting, experiment)
            jobs = loop_jobs(replace(target, loop=shard.loop or 0))
        outputs.update(job.output for job in jobs)
    return sum((root / output).exists() for output in outputs)


def oom_kills() -> int:
    """How often the kernel has killed a process of this job's control group for its memory."""
    with suppress(OSError, ValueError, StopIteration):
        lines = Path("/proc/self/cgroup").read_text(encoding="utf-8").splitlines()
        group = next(line[3:] for line in lines if line.startswith("0::"))
        events = (CGROUPS / group.lstrip("/") / "memory.events").read_text(encoding="utf-8")
        counts = dict(line.split() for line in events.splitlines())
        return int(counts.get("oom_kill", 0))
    return 0


def scheduled() -> str | None:
    """The id of the cluster job that this process belongs to."""
    return next((os.environ[each] for each in JOB_VARIABLES if os.environ.get(each)), None)


def _over(root: Path, slug: str, shard: Shard, request: Request) -> Told | None:
    """The end of a shard that needs no attempt: it is over, gives up, or waits for a failed one."""
    if found := read_ended(root, slug):
        return Told(0, f"{slug}: {found.outcome} before", found.reasons)
    needed = read_ended(root, shard.needs) if shard.needs else None
    if shard.needs and needed and needed.outcome == "failed":
        reasons = tuple(f"{shard.needs}: {reason}" for reason in needed.reasons)
        return _over_with(root, slug, Ended(outcome="failed", reasons=reasons))
    history = closed(read_history(root, slug), _last_sign(root, slug))
    if history.attempts:
        save_history(root, slug, history)
    if is_futile(history.counted, steps_done(root, shard, request)):
        return _over_with(root, slug, given_up(history))
    return None


def given_up(history: History) -> Ended:
    """The end of a shard whose attempts lead nowhere."""
    last = history.attempts[-1]
    cause = last.reason or f"the job {last.job or ''} on {last.host} {last.status}"
    tries = len(history.counted)
    text = f"gave up after {tries} attempts, the latest of which finished no step: {cause}"
    return Ended(outcome="failed", reasons=(text,))


def _over_with(root: Path, slug: str, ended: Ended) -> Told:
    replace_model(ended_file(root, slug), ended)
    return Told(0, f"{slug}: {ended.outcome}", ended.reasons)


def _last_sign(root: Path, slug: str) -> float | None:
    """When the earlier job was last seen; the shard's own lease is this process's by now."""
    files = [root / journal_file(slug), root / run_lease(slug)]
    return max((file.stat().st_mtime for file in files if file.exists()), default=None)


def _begin(root: Path, slug: str, done: int, granted: Grant | None) -> Attempt:
    attempt = Attempt(
        job=scheduled(),
        host=socket.gethostname(),
        gpu=os.environ.get(VISIBLE),
        began=round(time.time(), 1),
        done=done,
        memory_mb=granted.memory_mb if granted else None,
        minutes=granted.minutes if granted else None,
    )
    save_history(root, slug, read_history(root, slug).with_next(attempt))
    return attempt


def _end(root: Path, slug: str, attempt: Attempt, status: Status, reasons: list[str]) -> Told:
    change = {
        "ended": round(time.time(), 1),
        "status": status,
        "reason": reasons[0] if reasons else None,
    }
    history = read_history(root, slug).with_last(attempt.model_copy(update=change))
    save_history(root, slug, history)
    if status in {"finished", "failed"}:
        outcome: Status = status
        ended = Ended.model_validate({"outcome": outcome, "reasons": tuple(reasons)})
        return _over_with(root, slug, ended)
    if status in {"stopped", "time"}:
        line = f"{slug}: not finished: stopped with everything saved; the same command continues"
        return Told(UNFINISHED, line)
    return Told(NnactiveError.exit_code, f"{slug}: not finished", tuple(reasons))


def _has_row(root: Path, problem: Problem) -> bool:
    """Whether the experiment has ended with a failed result."""
    file = root / result_file(problem.experiment)
    return file.exists() and load_result(file).status == "failed"
