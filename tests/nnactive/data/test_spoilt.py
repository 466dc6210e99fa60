"""Whatever people's files hold: the commands succeed, or say in one line what is wrong."""

import contextlib
import io
import signal
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from spoilt import SPOILT, Spoilt
from tiny import CARD

from benchmark.cli.commands.data import data
from benchmark.cli.main import main

SECONDS = 60
"""For one command; more is a hang."""


class Hang(BaseException):
    """A command that doesn't end; no command may catch it."""


@contextlib.contextmanager
def limited(seconds: int) -> Iterator[None]:
    def stop(*_: object) -> None:
        raise Hang

    before = signal.signal(signal.SIGALRM, stop)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)
        signal.signal(signal.SIGALRM, before)


def run(*arguments: object) -> int:
    """The exit code of a command: 0, or 2 with exactly one line that says why."""
    out, err = io.StringIO(), io.StringIO()
    with limited(SECONDS), contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        code = main([str(argument) for argument in arguments])
    told = err.getvalue()
    errors = [line for line in told.splitlines() if line.startswith("error: ")]
    assert code in (0, 2), told
    assert len(errors) == (1 if code else 0), told
    assert "Traceback" not in told + out.getvalue(), told
    return code


def add_prepare_and_verify(spoilt: Spoilt) -> str:
    """How far a dataset gets."""
    with tempfile.TemporaryDirectory() as folder, pytest.MonkeyPatch.context() as patch:
        root = Path(folder)
        patch.setenv("NNACTIVE_DATASETS", str(root / "cards"))
        raw = spoilt.write(root / "Dataset601_Spoilt")
        if "check" in data.commands:
            run("data", "check", raw)
        if refused := run("data", "add", raw):
            # Whoever writes the card must be told the same way.
            card = CARD | spoilt.card_fields
            (root / "cards" / "spoilt").mkdir(parents=True)
            (root / "cards" / "spoilt" / "card.yaml").write_text(yaml.safe_dump(card))
        to = ("spoilt", "--data", root / "data")
        if run("data", "prepare", *to, "--raw", raw, "--workers", 1):
            return "refused" if refused else "added"
        # What was prepared from whatever was accepted is whole.
        assert run("data", "verify", *to) == 0
        return "verified"


def fuzz(examples: int):
    return settings(
        max_examples=examples,
        deadline=None,
        derandomize=True,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


def test_a_good_dataset_gets_through():
    assert add_prepare_and_verify(Spoilt()) == "verified"


@fuzz(40)
@given(SPOILT)
@pytest.mark.slow
def test_spoilt_datasets_end_in_success_or_one_line(spoilt: Spoilt):
    add_prepare_and_verify(spoilt)


@pytest.mark.slow
@fuzz(300)
@given(SPOILT)
def test_many_spoilt_datasets_end_in_success_or_one_line(spoilt: Spoilt):
    add_prepare_and_verify(spoilt)
