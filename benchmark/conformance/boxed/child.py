"""What runs in the boxes of the checks: the author's code. Verdicts are written one by one."""

import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark.conformance.boxed.told import ANSWERS, ANSWERS_FILE, VERDICTS
from benchmark.conformance.checks import LOADS, UNANSWERED, VOLUME, Answers, Judge, Verdict
from benchmark.conformance.pools import LARGE, POOLS, PoolSpec
from benchmark.conformance.start.worlds import (
    START_LARGE,
    START_POOLS,
    ProtocolAsQuery,
    StartAsQuery,
)
from benchmark.conformance.start.worlds import judged as as_judged
from benchmark.conformance.trials import CONTRACT
from benchmark.conformance.volume import judge_volume
from benchmark.submission.alone import WAY_OUT
from benchmark.submission.method_string import Method
from benchmark.submission.reads import ReadWatch
from nnactive.errors import UserError
from nnactive.io.files import write_bytes

if TYPE_CHECKING:
    from nnactive.methods import QueryMethod

UNREADABLE = (FileNotFoundError.__name__, PermissionError.__name__)


def judge(method: Method, out: Path) -> None:
    """Run a method's checks; each verdict is appended to a file in ``out`` as a line of JSON."""
    verdicts = out / VERDICTS
    reads = ReadWatch(method.copy.folder) if method.copy else None
    try:
        found = _made(method)
        if reads and reads.problem:
            raise UserError(f"{method.origin}: {reads.problem}")
    except UserError as error:
        trace = "".join(traceback.format_exception(error))
        detail = " ".join(str(error).split())
        _report(verdicts, Verdict(check=LOADS, state="FAILED", detail=detail, trace=trace))
        return
    _report(verdicts, Verdict(check=LOADS, state="ok"))
    judged = Judge(lambda: _made(method), _worlds(found))
    _tell(out, judged.answers)
    for verdict in judged.verdicts():
        if verdict.check == CONTRACT:
            verdict = _of_reading(verdict, reads.problem if reads else "")  # noqa: PLW2901
        _report(verdicts, verdict)
    # The protocol's starting budget looks at no image.
    if any(judged.answers.values()) and not isinstance(found, ProtocolAsQuery):
        large = START_LARGE if isinstance(found, StartAsQuery) else LARGE
        _report(verdicts, judge_volume(lambda: _made(method), large))
    else:
        _report(verdicts, Verdict(check=VOLUME, state="not judged", detail=UNANSWERED))


def _of_reading(verdict: Verdict, problem: str) -> Verdict:
    """The verdict on the contract, given what was read that isn't part of the submission."""
    if verdict.state == "ok" and problem:
        return verdict.model_copy(update={"state": "FAILED", "detail": problem})
    if any(name in verdict.detail for name in UNREADABLE):  # in a box such a file isn't there
        return verdict.model_copy(update={"detail": f"{verdict.detail}; {WAY_OUT}"})
    return verdict


def answer(method: Method, out: Path) -> None:
    """Query each pool once and write what was chosen to a file in ``out``."""
    _tell(out, Judge(lambda: _made(method), _worlds(_made(method))).answers)


def _tell(out: Path, answers: Answers) -> None:
    write_bytes(out / ANSWERS, ANSWERS_FILE.dump_json(answers))


def _made(method: Method) -> "QueryMethod":
    from benchmark.submission.spec import make

    return as_judged(make(method)[1])


def _worlds(found: "QueryMethod") -> tuple[PoolSpec, ...]:
    return START_POOLS if isinstance(found, StartAsQuery) else POOLS


def _report(out: Path, verdict: Verdict) -> None:
    with out.open("a", encoding="utf-8") as file:
        file.write(verdict.model_dump_json() + "\n")
