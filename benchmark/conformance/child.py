"""What runs in the processes of the checks: the author's code. Verdicts are written one by one."""

import os
import subprocess
import traceback
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from benchmark.conformance.checks import (
    LOADS,
    PROCESS,
    UNANSWERED,
    VOLUME,
    Answers,
    Judge,
    Verdict,
)
from benchmark.conformance.parent import HASH_SEED, command
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
from benchmark.execution.child_processes import spawn
from benchmark.submission.method_string import Method
from benchmark.submission.reads import ReadWatch
from nnactive.errors import UserError
from nnactive.io.files import write_bytes

if TYPE_CHECKING:
    from nnactive.methods import QueryMethod

ANSWERS: TypeAdapter[Answers] = TypeAdapter(Answers)


def judge(method: Method, out: Path) -> None:
    """Run a method's checks and append each verdict to ``out`` as a line of JSON.

    Meanwhile a process with other string hashes makes the same queries; it ends with this one.
    """
    answers = out.with_name("answers.json")
    with out.with_name("other.txt").open("wb") as log:
        other = spawn(
            command(method, answers, answers=True),
            log,
            env={**os.environ, HASH_SEED: "2"},
        )
    try:
        _judge(method, out, other, answers)
    finally:
        other.kill()
        other.wait()


def answer(method: Method, out: Path) -> None:
    """Query each pool once and write what was chosen to ``out``."""
    answers = Judge(lambda: _made(method), _worlds(_made(method))).answers
    write_bytes(out, ANSWERS.dump_json(answers))


def _judge(
    method: Method,
    out: Path,
    other: "subprocess.Popen[bytes]",
    answers: Path,
) -> None:
    reads = ReadWatch(method.copy.folder) if method.copy else None
    try:
        found = _made(method)
        if reads and reads.problem:
            raise UserError(f"{method.origin}: {reads.problem}")
    except UserError as error:
        trace = "".join(traceback.format_exception(error))
        detail = " ".join(str(error).split())
        _report(out, Verdict(check=LOADS, state="FAILED", detail=detail, trace=trace))
        return
    _report(out, Verdict(check=LOADS, state="ok"))
    judged = Judge(lambda: _made(method), _worlds(found))
    for verdict in judged.verdicts():
        read = reads.problem if reads and (verdict.check, verdict.state) == (CONTRACT, "ok") else ""
        update = {"state": "FAILED", "detail": read} if read else {}
        _report(out, verdict.model_copy(update=update))
    other.wait()
    if answers.exists():
        _report(out, judged.elsewhere(ANSWERS.validate_json(answers.read_bytes())))
    else:
        detail = f"exited with status {other.returncode} in another process"
        _report(out, Verdict(check=PROCESS, state="FAILED", detail=detail))
    # The protocol's starting budget looks at no image.
    if any(judged.answers.values()) and not isinstance(found, ProtocolAsQuery):
        large = START_LARGE if isinstance(found, StartAsQuery) else LARGE
        _report(out, judge_volume(lambda: _made(method), large))
    else:
        _report(out, Verdict(check=VOLUME, state="not judged", detail=UNANSWERED))


def _made(method: Method) -> "QueryMethod":
    from benchmark.submission.spec import make

    return as_judged(make(method)[1])


def _worlds(found: "QueryMethod") -> tuple[PoolSpec, ...]:
    return START_POOLS if isinstance(found, StartAsQuery) else POOLS


def _report(out: Path, verdict: Verdict) -> None:
    with out.open("a", encoding="utf-8") as file:
        file.write(verdict.model_dump_json() + "\n")
