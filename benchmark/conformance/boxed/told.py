"""What the boxes of the checks have written, read as a stranger's files are."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from pydantic import TypeAdapter, ValidationError

from benchmark.boxed.question import MOST_BYTES, MOST_CHARACTERS, parse, shown
from benchmark.conformance.checks import BEFORE, VOLUME, Answers, Verdict
from benchmark.conformance.pools import POOLS
from benchmark.conformance.start.worlds import START_POOLS
from benchmark.conformance.trials import BOUNDS, BUDGET, CONTRACT, OVERLAP
from nnactive.answers.patch_rules import problems
from nnactive.answers.plain import UnbelievableError, read_plain
from nnactive.geometry import Patch
from nnactive.texts import plain

VERDICTS: Final = "verdicts.jsonl"
ANSWERS: Final = "answers.json"
ANSWERS_FILE: TypeAdapter[Answers] = TypeAdapter(Answers)
OWN: Final = (*BEFORE, VOLUME)
"""The verdicts of one box, in order."""
RULES: Final = frozenset({CONTRACT, BUDGET, BOUNDS, OVERLAP})
"""What is judged again from the answers."""


def verdicts(folder: Path) -> list[Verdict]:
    """The verdicts so far.

    Raises:
        UnbelievableError: if something else than verdicts in their order is there.
    """
    content = read_plain(folder / VERDICTS, MOST_BYTES) or b""
    lines = content[: content.rfind(b"\n") + 1].splitlines()
    found = [parse(Verdict, line, VERDICTS) for line in lines[: len(OWN) + 1]]
    if tuple(each.check for each in found) != OWN[: len(found)]:
        raise UnbelievableError(f"{VERDICTS}: contains other checks than those requested")
    return [
        each.model_copy(
            update={
                "detail": plain(each.detail, MOST_CHARACTERS),
                "trace": shown(each.trace),
            }
        )
        for each in found
    ]


def answers(folder: Path) -> Answers:
    """What the first queries chose and saved; empty if nothing is there.

    Raises:
        UnbelievableError: if something else is there.
    """
    content = read_plain(folder / ANSWERS, MOST_BYTES)
    if content is None:
        return {}
    try:
        return ANSWERS_FILE.validate_json(content)
    except (ValidationError, ValueError, RecursionError):
        raise UnbelievableError(f"{ANSWERS}: isn't the expected JSON") from None


def believed(rows: Sequence[Verdict], found: Answers) -> list[Verdict]:
    """The verdicts, with the contract failed if they call an answer good that isn't."""
    good = [row for row in rows if row.check in RULES and row.state == "ok"]
    wrong = next(_wrong(found), "") if len(good) == len(RULES) else ""
    if not wrong:
        return list(rows)
    failed = Verdict(check=CONTRACT, state="FAILED", detail=wrong)
    return [failed if row.check == CONTRACT else row for row in rows]


def _wrong(found: Answers) -> Iterator[str]:
    """What the answers to all pools break."""
    for pools in (POOLS, START_POOLS):
        if found.keys() <= {spec.title for spec in pools}:
            break
    else:
        yield "answers for other pools than those requested"
        return
    for spec in pools:
        answer = found.get(spec.title)
        if answer is None:
            yield f"{spec.title}: no valid patches came back"
        elif len(answer.patches) != spec.n:
            yield f"{spec.title}: {len(answer.patches)} patches came back instead of {spec.n}"
        else:
            chosen = [Patch(each.case, each.start, each.size) for each in answer.patches]
            told = problems([chosen], spec.shapes, spec.patch_size)
            yield from (f"{spec.title}: {text.partition(': ')[2]}" for text in told)
