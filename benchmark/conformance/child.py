"""What runs in the processes of the checks: the author's code. Verdicts are written one by one."""

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from benchmark.conformance.checks import LOADS, PROCESS, VOLUME, Answers, Judge, Verdict
from benchmark.conformance.parent import HASH_SEED, command
from benchmark.conformance.volume import judge_volume
from benchmark.submission.method_string import Method
from benchmark.workflow.child_processes import spawn
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
    answers = Judge(lambda: _made(method)).answers
    write_bytes(out, ANSWERS.dump_json(answers))


def _judge(
    method: Method,
    out: Path,
    other: "subprocess.Popen[bytes]",
    answers: Path,
) -> None:
    try:
        _made(method)
    except UserError as error:
        _report(out, Verdict(check=LOADS, state="FAILED", detail=" ".join(str(error).split())))
        return
    _report(out, Verdict(check=LOADS, state="ok"))
    judged = Judge(lambda: _made(method))
    for verdict in judged.verdicts():
        _report(out, verdict)
    other.wait()
    if answers.exists():
        _report(out, judged.elsewhere(ANSWERS.validate_json(answers.read_bytes())))
    else:
        detail = f"exited with status {other.returncode} in another process"
        _report(out, Verdict(check=PROCESS, state="FAILED", detail=detail))
    if any(judged.answers.values()):
        _report(out, judge_volume(lambda: _made(method)))
    else:
        _report(out, Verdict(check=VOLUME, state="not judged"))


def _made(method: Method) -> "QueryMethod":
    from benchmark.submission.spec import make

    return make(method)[1]


def _report(out: Path, verdict: Verdict) -> None:
    with out.open("a", encoding="utf-8") as file:
        file.write(verdict.model_dump_json() + "\n")
