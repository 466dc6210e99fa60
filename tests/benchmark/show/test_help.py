"""What an EXPERIMENT is reads the same in every help and on the page about pictures."""

from pathlib import Path

import pytest

from benchmark.cli.commands.show.options import EXPERIMENT
from benchmark.cli.main import main

PAGE = Path(__file__).parents[3] / "docs" / "pictures.md"


@pytest.mark.parametrize("command", [[], ["queries"], ["predictions"], ["uncertainty"]], ids=str)
def test_help_says_what_an_experiment_is(command, capsys) -> None:
    assert main(["show", *command, "--help"]) == 0
    assert EXPERIMENT in " ".join(capsys.readouterr().out.split())


def test_the_page_says_the_same() -> None:
    assert EXPERIMENT in " ".join(PAGE.read_text("utf-8").replace("`", "").split())
