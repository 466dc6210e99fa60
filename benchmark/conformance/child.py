"""What runs in the check's own processes: the author's code; rows come as they are judged."""

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import TypeAdapter

from benchmark.conformance.checks import LOADS, PROCESS, VOLUME, Answers, Judge, Verdict
from benchmark.conformance.parent import HASH_SEED, command
from benchmark.conformance.volume import judge_volume
from benchmark.workflow.process_groups import spawn
from nnactive.errors import UserError
from nnactive.io.files import write_bytes

if TYPE_CHECKING:
    from nnactive.methods import QueryMethod

ANSWERS: TypeAdapter[Answers] = TypeAdapter(Answers)


def judge(method: str, parameters: Sequence[str], out: Path) -> None:
    """Judge a method's rows, one JSON line each at the end of ``out``.

    A process with other hashes of strings makes the same queries meanwhile; it ends with this one.
    """
    answers = out.with_name("answers.json")
    with out.with_name("other.txt").open("wb") as log:
        other = spawn(
            [*command(method, parameters, answers), "--answers"],
            log,
            env={**os.environ, HASH_SEED: "2"},
        )
    try:
        _judge(method, parameters, out, other, answers)
    finally:
        other.kill()
        other.wait()


def answer(method: str, parameters: Sequence[str], out: Path) -> None:
    """Query each pool once and write what was chosen to ``out``."""
    answers = Judge(lambda: _made(method, parameters)).answers
    write_bytes(out, ANSWERS.dump_json(answers))


def _judge(
    method: str,
    parameters: Sequence[str],
    out: Path,
    other: "subprocess.Popen[bytes]",
    answers: Path,
) -> None:
    try:
        _made(method, parameters)
    except UserError as error:
        _tell(out, Verdict(row=LOADS, state="FAILED", detail=" ".join(str(error).split())))
        return
    _tell(out, Verdict(row=LOADS, state="ok"))
    rows = Judge(lambda: _made(method, parameters))
    for verdict in rows.verdicts():
        _tell(out, verdict)
    other.wait()
    if answers.exists():
        _tell(out, rows.elsewhere(ANSWERS.validate_json(answers.read_bytes())))
    else:
        detail = f"ended with exit status {other.returncode} in another process"
        _tell(out, Verdict(row=PROCESS, state="FAILED", detail=detail))
    if any(rows.answers.values()):
        _tell(out, judge_volume(lambda: _made(method, parameters)))
    else:
        _tell(out, Verdict(row=VOLUME, state="not judged"))


def _made(method: str, parameters: Sequence[str]) -> "QueryMethod":
    from benchmark.submission.spec import make

    return make(method, parameters)[1]


def _tell(out: Path, verdict: Verdict) -> None:
    with out.open("a", encoding="utf-8") as file:
        file.write(verdict.model_dump_json() + "\n")
