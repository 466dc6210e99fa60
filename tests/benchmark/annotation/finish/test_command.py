"""`annotate finish` as a command: what it prints."""

from pathlib import Path

import pytest

from benchmark.annotation.finish.run import Outcome
from benchmark.annotation.finished import Finished
from benchmark.annotation.project.places import Places
from benchmark.cli.commands.annotate.finish import _print


def test_it_ends_with_the_file_that_says_what_comes_next(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    record = Finished(
        ensemble="0" * 64,
        last_round=1,
        labelled=8,
        open=0,
        dataset="Dataset512_X",
        folds=2,
        begun="2026-11-30T12:00:00Z",
    )
    _print(Places(tmp_path), Outcome(record))
    last = capsys.readouterr().out.splitlines()[-1]
    assert last.startswith(f"next: {tmp_path / 'finished' / 'README.txt'} ")
