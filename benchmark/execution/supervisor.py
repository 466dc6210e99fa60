"""One job, from its lease to its end."""

import os
import select
import signal
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import Final

from benchmark import layout
from benchmark.execution.child_processes import adopt_orphans, end_descendants
from benchmark.execution.ends import (
    LONGEST_REASON,
    OUTSIDE,
    Breach,
    Death,
    End,
    is_worth_a_try,
    judge,
)
from benchmark.execution.fresh import RETURNED, Child, start
from benchmark.execution.gpu_locks import allocated, hold_gpu
from benchmark.execution.limits import Watch, kills_for_memory, log_limit
from benchmark.execution.log import LogFile, exit_status, reason
from benchmark.execution.order import Order
from benchmark.execution.statuses import UNFINISHED
from benchmark.execution.strays import JOB
from benchmark.journal.events import Event, append
from benchmark.results import Failure
from nnactive.devices import VISIBLE
from nnactive.io.files import write_model
from nnactive.io.holders import Watcher
from nnactive.io.leases import Lease, LeaseLostError
from nnactive.settings import Limits

GRACE_SECONDS: Final = 30.0
"""How long a step that is stopped may take to save what it has done."""
SECONDS_BETWEEN_LOOKS: Final = 0.25
SECONDS_BETWEEN_TRIES: Final = 0.5
SECONDS_TO_HEAR: Final = 1.0
"""A signal to all processes of a job may reach the step first, and its supervisor after it."""
CHUNK: Final = 2**16
SERVER: Final = "NNACTIVE_SERVER"
"""Environment variable with the socket of the run's server; nothing for a step."""


class Stopped(Exception):  # noqa: N818  (nothing went wrong)
    """The supervisor was asked to stop before its step began."""


@dataclass
class Stop:
    """Whether this supervisor was asked to end its job: by a signal, or by its caller's end."""

    caller: socket.socket | None = None
    asked: bool = False

    def listen(self) -> None:
        """Take the signals that ask for an end."""

        def ask(_number: int, _frame: FrameType | None) -> None:
            self.asked = True

        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1):
            signal.signal(number, ask)

    def look(self) -> bool:
        """Whether the job is to end now."""
        if self.caller is not None and not self.asked:
            readable, _, _ = select.select([self.caller], [], [], 0)
            self.asked = bool(readable)  # it has said all, so this is its end
        return self.asked

    def check(self) -> None:
        """Raise `Stopped` if the job is to end now."""
        if self.look():
            raise Stopped


def supervise(order: Order, caller: socket.socket | None = None) -> int:
    """Run a job if its output is missing, once no other living process is at it.

    Call it in a process of its own: it takes the process's signals, and ends all its descendants.

    Args:
        order: the job; the current folder is the track's.
        caller: the other end of its socket is closed when the caller dies; the job ends with it.

    Returns:
        Exit status: 0 if the output is there, 75 if the job was stopped, else that of its failure.
    """
    stop = Stop(caller)
    stop.listen()
    adopt_orphans()
    held: Lease | None = None
    try:
        for held in _tries(order):
            if held is not None:
                return _Job(order, stop, held).run()
            stop.check()
        return 0
    except (LeaseLostError, Stopped):
        return UNFINISHED
    finally:
        end_descendants()
        if held is not None:
            held.release()


def _tries(order: Order) -> Iterator[Lease | None]:
    """The lease of the job, None while another process holds it; ends once the output is there."""
    file, watcher = layout.lease_file(order.output), Watcher()
    while not order.output.exists():
        lease = Lease.take(file, watcher=watcher)
        if lease is not None and order.output.exists():  # made since the look before
            lease.release()
            return
        yield lease
        time.sleep(SECONDS_BETWEEN_TRIES)


@dataclass
class _Job:
    """A job whose lease this process holds."""

    order: Order
    stop: Stop
    lease: Lease
    gpu: str | None = None
    began: float = field(default_factory=time.monotonic)

    def run(self) -> int:
        """Run it, unless it has failed for good in this run; returns its exit status."""
        order = self.order
        failed = layout.failure_file(order.output)
        if failed.exists() and order.log.exists():
            status = exit_status(order.log)
            if status and not is_worth_a_try(status):
                return status
            failed.unlink()
        limits = order.limits or Limits()
        with ExitStack() as stack:
            log = stack.enter_context(LogFile(order.log, log_limit(limits)))
            env = {name: value for name, value in os.environ.items() if name != SERVER}
            env |= {JOB: str(order.output), **self.lease.variable}
            if gpus := allocated(order.gpus):
                holding = hold_gpu(gpus, slots=order.slots, waiting=self._wait)
                self.gpu = env[VISIBLE] = stack.enter_context(holding)
            self.began = time.monotonic()
            self._tell(End("ended", 0), "began")
            hidden = [self.stop.caller.fileno()] if self.stop.caller else []
            child = start(order.command, env, order.threads, hidden)
            death = self._follow(child, log)
            end = judge(replace(death, done=order.output.exists()))
            log.close(end.status, end.reason)
        self._keep(end)
        return end.status

    def _wait(self) -> None:
        self.lease.beat()
        self.stop.check()

    def _follow(self, child: Child, log: LogFile) -> Death:
        """Copy the output of a process into the log until all that it started is gone."""
        watch = Watch(self.order.limits) if self.order.limits else None
        before = kills_for_memory()
        breach: Breach | None = None
        stopped_at: float | None = None
        sources = [child.output, *_when_it_ends(child.pid)]
        while (code := _ended(child.pid)) is None:
            caller = self.stop.caller if stopped_at is None else None
            listening = [*sources, *([caller.fileno()] if caller else [])]
            ready, _, _ = select.select(listening, [], [], SECONDS_BETWEEN_LOOKS)
            self.lease.beat()
            if child.output in ready and not (text := os.read(child.output, CHUNK)):
                sources.remove(child.output)
            elif child.output in ready and not log.add(text):
                breach = (watch or Watch(Limits())).too_much_output()
            if watch is not None and breach is None:
                breach = watch.look()
            if stopped_at is None and self.stop.look():
                stopped_at = time.monotonic()
                _send(child.pid, signal.SIGTERM)
            if breach or (stopped_at and time.monotonic() > stopped_at + GRACE_SECONDS):
                _send(child.pid, signal.SIGKILL)
                ended = end_descendants().get(child.pid)
                code = -signal.SIGKILL if ended is None else os.waitstatus_to_exitcode(ended)
                break
        end_descendants()
        _drain(child.output, log)
        if breach is None and stopped_at is None and -code in OUTSIDE:
            self._hear()
        return Death(
            code=code,
            returned=_returned(child) or self.order.limits is None,
            stopped=self.stop.asked,
            breach=breach,
            memory_ran_out=kills_for_memory() > before,
        )

    def _hear(self) -> None:
        deadline = time.monotonic() + SECONDS_TO_HEAR
        while not self.stop.look() and time.monotonic() < deadline:
            time.sleep(0.05)

    def _keep(self, end: End) -> None:
        """Journal the end; of a method that died without a word, write why."""
        order = self.order
        failed = layout.failure_file(order.output)
        told = end.reason
        if end.event == "ended":
            failed.unlink(missing_ok=True)
        elif end.event == "failed":
            told = told or reason(order.log)
            told = told[:LONGEST_REASON]
            if order.limits and end.kind and (end.reason or not failed.exists()):
                row = Failure(
                    step=order.key or order.step, loop=order.loop, reason=told, kind=end.kind
                )
                with suppress(OSError):
                    write_model(failed, row)
        self._tell(end, end.event, told)

    def _tell(self, end: End, kind: str, told: str | None = None) -> None:
        over = kind != "began"
        event = Event(
            kind=kind,
            job=str(self.order.output),
            step=self.order.step,
            seconds=round(time.monotonic() - self.began, 3) if over else None,
            status=end.status if over else None,
            reason=told,
            host=self.lease.holder.host,
            pid=os.getpid(),
            gpu=self.gpu,
            scheduled=self.lease.holder.job,
        )
        with suppress(OSError):  # a full disk must not change how the job ended
            append(Path(), self.order.writer, event)


def _when_it_ends(pid: int) -> list[int]:
    """A descriptor that is readable once a process has ended, where the kernel has such."""
    with suppress(OSError, AttributeError):
        return [os.pidfd_open(pid)]
    return []


def _ended(pid: int) -> int | None:
    """Exit status of a child, or minus its signal; None while it runs. Reaps others, too."""
    while True:
        try:
            found, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return -signal.SIGKILL
        if not found:
            return None
        if found == pid:
            return os.waitstatus_to_exitcode(status)


def _send(pid: int, number: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.kill(pid, number)


def _drain(output: int, log: LogFile) -> None:
    """Take what is left in a pipe; all that wrote into it are gone."""
    os.set_blocking(output, False)
    with suppress(BlockingIOError):
        while text := os.read(output, CHUNK):
            log.add(text)
    os.close(output)


def _returned(child: Child) -> bool:
    """Whether the command came to its end, as far as it can tell."""
    if child.returned is None:
        return True
    os.set_blocking(child.returned, False)
    try:
        return os.read(child.returned, 1) == RETURNED
    except BlockingIOError:
        return False
    finally:
        os.close(child.returned)
