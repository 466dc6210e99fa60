"""What the trusted half makes of a box's end and of its answer."""

import errno
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from benchmark.execution.ends import Death, judge
from benchmark.firewall.box import Ended
from benchmark.results import FailureKind
from nnactive.answers.answer import Answer, read_answer, read_state, tidy
from nnactive.answers.patch_rules import problems
from nnactive.answers.plain import UnbelievableError
from nnactive.errors import UserError
from nnactive.geometry import Patch, Triple
from nnactive.pool.state import DEEPEST_FILE, LARGEST_FILE

ROOM_NEEDED: Final = 2**20
"""Free bytes below which a disk counts as full."""


class MethodFailedError(UserError):
    """A method's process gave no patches, or such as nobody may believe; its experiment fails."""

    def __init__(
        self, reason: str, kind: FailureKind, exit_code: int = UserError.exit_code
    ) -> None:
        """Say why.

        Args:
            reason: what happened; it may have come from the method.
            kind: class of the failed row.
            exit_code: of the step.
        """
        super().__init__(tidy(reason))
        self.kind: FailureKind = kind
        self.exit_code = exit_code


def answer_of(folder: Path, ended: Ended, n: int, *, memory_ran_out: bool) -> Answer:
    """The answer that a box left.

    Args:
        folder: where.
        ended: how the box ended.
        n: number of patches asked for.
        memory_ran_out: whether the kernel killed a process for memory meanwhile.

    Raises:
        MethodFailedError: if it ended in another way, or left anything else.
    """
    try:
        answer = read_answer(folder, n) if ended.code == 0 else None
    except UnbelievableError as error:
        raise MethodFailedError(f"invalid answer: {error}", "contract") from None
    if answer is None or ended.breach:
        end = judge(
            Death(
                code=ended.code,
                returned=False,
                breach=ended.breach,
                memory_ran_out=memory_ran_out,
            )
        )
        raise MethodFailedError(end.reason or "ended early", end.kind or "crash", end.status)
    return answer


def state_of(folder: Path) -> bytes | None:
    """The state that a box left.

    Raises:
        MethodFailedError: if it is anything but a state.
    """
    try:
        return read_state(folder, LARGEST_FILE, DEEPEST_FILE)
    except UnbelievableError as error:
        raise MethodFailedError(f"invalid saved state: {error}", "contract") from None


def patches_of(
    answer: Answer,
    before: Sequence[Sequence[Patch]],
    shapes: dict[str, Triple],
    patch_size: Triple,
    n: int,
    given: Sequence[Patch] = (),
) -> list[Patch]:
    """The patches of an answer, if they keep the rules (protocol section 5, "Common").

    Args:
        answer: has patches.
        before: those of the loops so far.
        shapes: ``(Z, Y, X)`` of each case of the pool.
        patch_size: the query patch before it is clipped to an image.
        n: how many there must be.
        given: boxes that were labelled before anything was chosen.

    Raises:
        MethodFailedError: if they don't.
    """
    patches = answer.patches or ()
    if len(patches) != n:
        how = "few" if len(patches) < n else "many"
        text = f"answered with too {how} patches: {len(patches)} instead of {n}"
        raise MethodFailedError(text, "contract")
    for problem in problems([*before, patches], shapes, patch_size, given):
        raise MethodFailedError(problem, "contract")
    return list(patches)


def raise_problem(answer: Answer, recheck: Callable[[], object], place: Path) -> None:
    """Raise what an answer says, if it says why there are no patches.

    That the fault was the step's own is believed only if the trusted half finds it, too.

    Args:
        answer: the answer.
        recheck: raises if what the step reads is damaged or gone.
        place: on the disk that may be full.

    Raises:
        MethodFailedError: if the method is to blame.
        NnactiveError: what ``recheck`` raises.
        OSError: if the disk is full.
    """
    problem = answer.problem
    if problem is None:
        return
    if problem.kind == "step":
        recheck()
        if shutil.disk_usage(place).free < ROOM_NEEDED:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(place))
    kind = "crash" if problem.kind == "step" else problem.kind
    raise MethodFailedError(problem.text, kind)
