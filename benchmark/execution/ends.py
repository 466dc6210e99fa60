"""How a job ended, judged from how its process did."""

import signal
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, Literal

from benchmark.execution.log import SIGNALLED
from benchmark.execution.statuses import UNFINISHED
from benchmark.results import FailureKind

TIMED_OUT: Final = 124
"""Exit status of a job that took too long, as that of ``timeout``."""
LONGEST_REASON: Final = 500
OUTSIDE: Final = (signal.SIGKILL, signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGUSR1)
"""Signals that come from outside, as a rule: a job that one ended is worth another try."""
STOPPED: Final = "was stopped; its progress is saved"


@dataclass(frozen=True)
class Breach:
    """A limit that a job has passed."""

    kind: FailureKind
    reason: str


@dataclass(frozen=True)
class Death:
    """What is known of a process that has ended."""

    code: int
    """Its exit status, or minus the signal that ended it."""
    returned: bool = True
    """Whether the step's own code came to its end; False: a method's process ended in its midst."""
    done: bool = False
    """Whether the output is there."""
    stopped: bool = False
    """Whether its supervisor was asked to stop it."""
    breach: Breach | None = None
    memory_ran_out: bool = False
    """Whether the kernel killed a process for memory meanwhile."""


@dataclass(frozen=True)
class End:
    """How a job ended."""

    event: Literal["ended", "failed", "stopped"]
    status: int
    """The exit status to report."""
    reason: str | None = None
    """None: it ended well, or its log says why it didn't."""
    kind: FailureKind | None = None
    """Class of the failed row, if it is a method's and the step wrote none itself."""


def judge(death: Death) -> End:
    """How a job ended; one whose output is there has ended well, whatever came after."""
    if death.done:
        return End("ended", 0)
    if death.breach:
        status = TIMED_OUT if death.breach.kind == "time" else 1
        return End("failed", status, death.breach.reason, death.breach.kind)
    if death.stopped or (death.returned and death.code == UNFINISHED):
        return End("stopped", UNFINISHED, STOPPED)
    if death.code < 0:
        return _signalled(-death.code, memory_ran_out=death.memory_ran_out)
    return _exited(death)


def _exited(death: Death) -> End:
    if death.returned and death.code:
        return End("failed", death.code)
    text = "ended without writing its output"
    if not death.returned:
        text = "its process ended from within (os._exit or a library that calls it), with no output"
    return End("failed", 1, text, "crash")


def is_worth_a_try(status: int | None) -> bool:
    """Whether a job that failed with a status may succeed as it is.

    Args:
        status: of the attempt before; None: it was interrupted.
    """
    return status is None or status - SIGNALLED in OUTSIDE


def failure_kind(error: BaseException) -> FailureKind:
    """Class of the failed row of a method that an error ended."""
    causes: list[BaseException] = []
    each: BaseException | None = error
    while each is not None and each not in causes:
        causes.append(each)
        each = each.__cause__
    if any(isinstance(c, MemoryError) or "OutOfMemory" in type(c).__name__ for c in causes):
        return "memory"
    from nnactive.errors import MethodError, NnactiveError

    own = all(isinstance(cause, NnactiveError) for cause in causes)
    return "contract" if own and isinstance(error, MethodError) else "crash"


def _signalled(number: int, *, memory_ran_out: bool) -> End:
    status = SIGNALLED + number
    if number == signal.SIGKILL and memory_ran_out:
        text = "was ended by signal 9: the system ran out of memory"
        return End("failed", status, text, "memory")
    kind: FailureKind = "killed" if number in OUTSIDE else "crash"
    return End("failed", status, ended_by(number), kind)


def left(code: int) -> str:
    """In words, how a process ended that should have answered."""
    how = ended_by(-code) if code < 0 else f"exited with status {code}"
    return f"its process {how}"


def ended_by(number: int) -> str:
    """In words, that a signal ended a process."""
    if number == signal.SIGKILL:
        return "was ended by signal 9 (the system may have run out of memory)"
    describe: Callable[[int], str | None] = signal.strsignal
    name = describe(number)
    return f"was ended by signal {number}" + (f" ({name.lower()})" if name else "")
