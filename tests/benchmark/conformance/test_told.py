"""What the boxes of the checks write is read as a stranger's, and judged again."""

from pathlib import Path

import pytest

from benchmark.conformance.boxed.told import (
    ANSWERS,
    ANSWERS_FILE,
    OWN,
    VERDICTS,
    answers,
    believed,
    verdicts,
)
from benchmark.conformance.checks import BEFORE, Answer, Answers, Judge, Verdict
from benchmark.conformance.pools import POOLS
from benchmark.conformance.start.worlds import START_POOLS, judged
from benchmark.conformance.trials import CONTRACT
from nnactive.answers.plain import UnbelievableError
from nnactive.methods import BUILTIN, STARTS

GOOD = [Verdict(check=check, state="ok") for check in BEFORE]


@pytest.fixture(scope="module")
def chosen() -> Answers:
    return Judge(BUILTIN["random"]).answers


def written(folder: Path, rows: list[Verdict]) -> Path:
    (folder / VERDICTS).write_text("".join(f"{row.model_dump_json()}\n" for row in rows))
    return folder


def test_verdicts_in_their_order_are_read_line_by_line(tmp_path: Path) -> None:
    assert verdicts(tmp_path) == []
    rows = [Verdict(check=check, state="ok") for check in OWN]
    assert verdicts(written(tmp_path, rows)) == rows
    file = tmp_path / VERDICTS
    file.write_text(file.read_text()[:-5])  # the last line isn't whole yet
    assert verdicts(tmp_path) == rows[:-1]


@pytest.mark.parametrize(
    "rows",
    [
        [GOOD[1]],
        [GOOD[0], GOOD[0]],
        [*GOOD, Verdict(check="mine", state="ok")],
        [*(Verdict(check=check, state="ok") for check in OWN), GOOD[0]],
    ],
    ids=["first", "twice", "unknown", "more"],
)
def test_other_rows_than_those_that_were_asked_for_are_refused(
    tmp_path: Path, rows: list[Verdict]
) -> None:
    with pytest.raises(UnbelievableError):
        verdicts(written(tmp_path, rows))


def test_what_a_row_says_steers_no_terminal(tmp_path: Path) -> None:
    row = Verdict(
        check=BEFORE[0], state="FAILED", detail="\x1b[31m" + "x" * 10**5, trace="a\x07\nb"
    )
    (found,) = verdicts(written(tmp_path, [row]))
    assert found.detail.startswith("[31mxxx")
    assert len(found.detail) <= 1000
    assert found.trace == "a\nb"


def test_good_answers_are_believed(chosen: Answers, tmp_path: Path) -> None:
    (tmp_path / ANSWERS).write_bytes(ANSWERS_FILE.dump_json(chosen))
    assert answers(tmp_path) == chosen
    assert believed(GOOD, chosen) == GOOD
    start = next(iter(STARTS.values()))
    assert believed(GOOD, Judge(lambda: judged(start()), START_POOLS).answers) == GOOD


def test_a_failed_row_stays_as_it_is(chosen: Answers) -> None:
    rows = [GOOD[0], Verdict(check=CONTRACT, state="FAILED", detail="mine"), *GOOD[2:]]
    assert believed(rows, {}) == rows


@pytest.mark.parametrize("how", ["nothing", "one pool", "no patches", "few", "equal", "outside"])
def test_a_box_that_calls_a_bad_answer_good_fails_the_contract(chosen: Answers, how: str) -> None:
    title, answer = next(iter(chosen.items()))
    assert answer is not None
    first, *others = answer.patches
    outside = first.model_copy(update={"start": (10**6, 0, 0)})
    bad: Answers = {
        "nothing": {},
        "one pool": {title: answer},
        "no patches": {**chosen, title: None},
        "few": {**chosen, title: Answer(patches=answer.patches[1:], state=None)},
        "equal": {**chosen, title: Answer(patches=(first,) * (len(others) + 1), state=None)},
        "outside": {**chosen, title: Answer(patches=(outside, *others), state=None)},
    }[how]
    rows = believed(GOOD, bad)
    assert [row.check for row in rows if row.state == "FAILED"] == [CONTRACT]
    assert rows[1].detail.startswith("pool")


def test_answers_for_other_pools_are_none(chosen: Answers) -> None:
    answer = next(iter(chosen.values()))
    assert len(POOLS) == len(chosen)
    assert believed(GOOD, {"mine": answer})[1].state == "FAILED"
