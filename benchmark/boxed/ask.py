"""One question to a box: it is made, entered, left, and its answer read."""

import shutil
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from benchmark.boxed.inside import answer_in
from benchmark.boxed.judged import answer_of, raise_problem, state_of
from benchmark.boxed.room import Room, room_for
from benchmark.execution.limits import kills_for_memory
from benchmark.firewall.box import Box, Ended
from benchmark.firewall.run import run_boxed
from nnactive.answers.answer import Answer
from nnactive.answers.isolation import Isolation


@dataclass(frozen=True)
class Asked:
    """An answer that could be read, and how its box ended."""

    answer: Answer
    state: bytes | None
    ended: Ended
    kept: Path

    def forget(self) -> None:
        """Remove the finished work, once what it was for is written."""
        shutil.rmtree(self.kept, ignore_errors=True)


def ask_boxed(
    box: Callable[[Room], Box],
    work: Callable[[Room], tuple[Answer, bytes | None]],
    out: Path,
    n: int,
    way: Isolation,
    recheck: Callable[[], object],
    *,
    shared: bool = False,
) -> Asked:
    """Run ``work`` in a box, and read what it answers.

    Args:
        box: what it may see and take, in its room.
        work: runs the author's code there.
        out: what the step writes, or its draft; the room lies beside it.
        n: number of patches asked for.
        way: what keeps it.
        recheck: raises if what the step reads is damaged or gone.
        shared: whether other processes may be at work on the same output, each with a part.

    Raises:
        MethodFailedError: if the method failed, or answered what can't be used.
        NnactiveError: if the box can't be made, or the step's own inputs are to blame.
    """
    with room_for(out, shared=shared) as room:
        before = kills_for_memory()
        work_in_it = partial(answer_in, room.answer, partial(work, room))
        ended = run_boxed(box(room), work_in_it, way)
        ran_out = kills_for_memory() > before
        answer = answer_of(room.answer, ended, n, memory_ran_out=ran_out)
        raise_problem(answer, recheck, room.answer)
        return Asked(answer, state_of(room.answer), ended, room.kept)
