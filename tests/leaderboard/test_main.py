import csv

import pytest
from click.testing import CliRunner

from benchmark.cli.errors import guarded
from benchmark.cli.main import main
from leaderboard.__main__ import cli


def call(*arguments):
    return CliRunner().invoke(cli, [str(argument) for argument in arguments])


def test_build_says_where_the_page_lies_and_what_was_left_out(make, store, tmp_path):
    root = store(make(), make("mine-0123abcd", name="[bold]mine[/bold]", origin="submission"))
    (root / "result.json").write_text("{")
    out = tmp_path / "page.html"
    done = call("build", "--results", root, "--out", out, "--top", 1)
    assert done.exit_code == 0, done.output
    assert f"leaderboard: {out}" in done.output
    assert "[bold]mine[/bold]" in done.output
    assert "left out: result.json: not valid JSON" in done.stderr
    assert out.stat().st_size > 1000


@pytest.mark.parametrize("kind", ["csv", "md", "latex", "json"])
def test_tables_go_to_the_terminal_or_a_file(make, store, tmp_path, kind):
    root = store(make(), make(track="other"))
    shown = call("table", "--results", root, "--format", kind, "--league", "other")
    assert shown.exit_code == 0, shown.output
    assert "other: 200 epochs" in shown.stdout
    assert "demo: 200 epochs" not in shown.stdout
    out = tmp_path / "table"
    call("table", "--results", root, "--format", kind, "--league", "other", "--out", out)
    assert out.read_text().strip() == shown.stdout.strip()


def test_mistakes_are_one_line_and_exit_code_2(make, store, tmp_path, capfd):
    root = store(make())
    (root / "result.json").write_text("{")
    out = tmp_path / "page.html"
    for arguments, cause in (
        (["build", "--results", root, "--out", out, "--strict"], "not valid JSON"),
        (["build", "--results", tmp_path / "nowhere", "--out", out], "no such file or folder"),
        (["build", "--out", out], "no folder given"),
        (["table", "--results", root, "--league", "nix"], "--league nix: no such league"),
    ):
        assert guarded(cli, [str(argument) for argument in arguments], "leaderboard") == 2
        (line,) = capfd.readouterr().err.splitlines()
        assert line.startswith("error: ")
        assert cause in line
    assert not out.exists()


def test_the_benchmarks_command_passes_everything_on(make, store, tmp_path, capfd):
    out = tmp_path / "table.csv"
    arguments = ["--results", str(store(make())), "--format", "csv", "--out", str(out)]
    assert main(["leaderboard", "table", *arguments]) == 0
    with out.open() as file:
        assert {line["method"] for line in csv.DictReader(file)} == {"random"}
    assert main(["leaderboard", "-h"]) == 0
    assert "Usage: nnactive-bench leaderboard" in capfd.readouterr().out
    assert main(["leaderboard", "build", "--bogus"]) == 2
