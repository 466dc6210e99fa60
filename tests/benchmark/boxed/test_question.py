"""A METHOD's code is asked in a box, whose answer may be anything."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.boxed.question import ANSWER, BoxedError, ask, parse
from benchmark.submission.method_string import Method
from nnactive.answers.plain import UnbelievableError
from nnactive.errors import UserError
from nnactive.io.models import Frozen

METHOD = Method.parse("random")


class Told(Frozen):
    text: str


def test_an_answer_comes_back(capfd: pytest.CaptureFixture[str]) -> None:
    def work() -> Told:
        os.write(1, b"x" * 1000)
        return Told(text="fine")

    assert ask(Told, METHOD, work) == Told(text="fine")
    assert capfd.readouterr() == ("", "")


def raises(error: BaseException) -> Callable[[], Told]:
    def work() -> Told:
        raise error

    return work


@pytest.mark.parametrize(
    ("work", "cause"),
    [
        (raises(UserError("mine\x1b[1m")), "mine[1m"),
        (raises(ValueError("mine")), "ValueError: mine"),
        (raises(KeyboardInterrupt()), "KeyboardInterrupt"),
        (raises(SystemExit(0)), "SystemExit: 0"),
        (lambda: os._exit(0), "random: its process ended from within, as by os._exit"),
        (lambda: os._exit(3), "random: its process exited with status 3"),
        (
            lambda: os.kill(os.getpid(), 11),
            "random: its process was ended by signal 11 (segmentation fault)",
        ),
    ],
    ids=["known", "other", "interrupt", "exit", "zero", "three", "signal"],
)
def test_why_there_is_none_is_one_line(work: Callable[[], Told], cause: str) -> None:
    with pytest.raises(BoxedError) as refusal:
        ask(Told, METHOD, work)
    assert str(refusal.value) == cause


def test_another_answer_is_refused() -> None:
    class Other(Frozen):
        number: int = 3

    with pytest.raises(UnbelievableError):
        ask(Told, METHOD, Other)  # type: ignore[arg-type]


def test_a_planted_link_is_refused(tmp_path: Path) -> None:
    def work() -> Told:
        home = Path(os.environ.get("HOME", "/nowhere"))
        (home / ANSWER).symlink_to("/etc/passwd")
        return Told(text="through the link")

    with pytest.raises((BoxedError, UnbelievableError)):
        ask(Told, METHOD, work)


class Counted(Frozen):
    number: int
    deep: tuple[object, ...] = ()


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b'{"number": "one"}',
        b'{"number": 1, "more": 2}',
        b'{"number": 1, "deep": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'{"number": 1' + b"0" * 100_000 + b"}",
        b"\xff",
    ],
    ids=["empty", "type", "field", "depth", "digits", "bytes"],
)
def test_only_the_json_that_was_asked_for_is_believed(content: bytes) -> None:
    assert parse(Counted, b'{"number": 1}', "a") == Counted(number=1)
    with pytest.raises(UnbelievableError):
        parse(Counted, content, "a")
