"""The commands about the spread of training; the steps are not run."""

from pathlib import Path

import pytest
from by_hand import run_by_hand

from benchmark.bundles.reproduce.reported import of_run
from benchmark.bundles.reproduce.spread import (
    SHIPPED,
    SpreadRow,
    key_of,
    read_table,
    write_table,
)
from benchmark.cli.main import main
from benchmark.tracks import load_track


@pytest.fixture
def run(tmp_path: Path) -> Path:
    """A finished run of a built-in method, written by hand."""
    return run_by_hand(tmp_path / "runs", "random", None).root


def row(**changes: object) -> SpreadRow:
    content = {
        **key_of(load_track("demo").settings[0]),
        "patches": 8,
        "n": 4,
        "mean_dice": 0.61,
        "sd": 0.01,
        "max_difference": 0.03,
        "queries": "phantom_demo start seed 12345 loop 0",
        "device": "a processor",
        "date": "2026-11-30",
    }
    return SpreadRow.model_validate(content | changes)


def test_the_list_shows_every_row(capsys, tmp_path) -> None:
    table = tmp_path / "mine.csv"
    write_table(table, [row()])
    assert main(["spread", "list", "--table", str(table)]) == 0
    out = capsys.readouterr().out
    rows = read_table(SHIPPED, table)
    assert rows
    words = " ".join(out.split())  # a long cell takes two lines
    assert all(f"{100 * each.mean_dice:.2f}" in words for each in rows)
    assert all(each.device in words and each.queries.split()[-3] in words for each in rows)


def test_rows_of_another_training_on_the_same_queries_stay(run, tmp_path, monkeypatch) -> None:
    table, new = tmp_path / "mine.csv", row(sd=0.02)
    write_table(table, [row(), row(epochs=500)])
    monkeypatch.setattr("benchmark.bundles.reproduce.measure.measure", lambda *_: [new])
    assert main(["spread", "measure", str(run), "--table", str(table)]) == 0
    assert read_table(table) == [row(epochs=500), new]


def test_a_runs_queries_are_read(run) -> None:
    reported = of_run(run, "random")
    assert [each.seed for each in reported.results] == [1, 2]
    assert all(len(found) == 3 for found in reported.queries.values())
    assert reported.digest is None


def test_what_isnt_a_run_is_refused(run, tmp_path, capsys) -> None:
    for words, why in (
        ([str(tmp_path)], "give a track's folder, RUNS/TRACK, or a bundle"),
        ([str(tmp_path / "no.zip")], "no such bundle"),
        ([str(run), "--method", "bald"], "no result of bald; finish its run first"),
        ([str(run), "--loop", "3"], "--loop 3: "),
        ([str(run), "--repetitions", "1"], "1 is not in the range x>=2"),
    ):
        data = ["--data", str(tmp_path / "data"), "--runs", str(tmp_path / "more")]
        table = ["--table", str(tmp_path / "t.csv")]
        assert main(["spread", "measure", *words, *data, *table]) == 2
        assert why in capsys.readouterr().err
    assert not (tmp_path / "t.csv").exists()
