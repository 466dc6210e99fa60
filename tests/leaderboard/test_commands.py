import csv
import subprocess
import sys

import pytest
from click.testing import CliRunner

from benchmark.cli.commands.leaderboard import build_page
from benchmark.cli.main import cli, main


def call(*arguments):
    return CliRunner().invoke(cli, ["leaderboard", *map(str, arguments)])


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
        assert main(["leaderboard", *map(str, arguments)]) == 2
        (line,) = capfd.readouterr().err.splitlines()
        assert line.startswith("error: ")
        assert cause in line
    assert not out.exists()


def test_the_commands_are_the_benchmarks(make, store, tmp_path, capfd):
    out = tmp_path / "table.csv"
    arguments = ["--results", str(store(make())), "--format", "csv", "--out", str(out)]
    assert main(["leaderboard", "table", *arguments]) == 0
    with out.open() as file:
        assert {line["method"] for line in csv.DictReader(file)} == {"random"}
    for command in ([], ["build"], ["table"]):
        assert main(["leaderboard", *command, "-h"]) == 0
        usage = " ".join(["Usage: nnactive-bench leaderboard", *command])
        assert usage in capfd.readouterr().out
    assert main(["leaderboard", "build", "--bogus"]) == 2


def test_after_a_run_the_page_is_built_here_whatever_the_environment_says(
    make, store, tmp_path, capfd, monkeypatch
):
    monkeypatch.setenv("NNACTIVE_RUNTIME", "docker")
    monkeypatch.setenv("NNACTIVE_IMAGE", "none:such")
    monkeypatch.setenv("NNACTIVE_RUNS", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("NNACTIVE_OUT", str(tmp_path / "elsewhere.html"))
    page = tmp_path / "page.html"
    assert build_page([store(make())], page, published=False) == 0
    assert f"leaderboard: {page}" in capfd.readouterr().out
    assert page.exists()
    assert not (tmp_path / "elsewhere.html").exists()


def test_a_page_that_cannot_be_built_after_a_run_is_one_line_and_an_exit_code(tmp_path, capfd):
    assert build_page([tmp_path], tmp_path / "page.html", published=False) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith("error: ")
    assert "no result.json" in line


def test_help_imports_nothing_heavy():
    code = (
        "import sys; from benchmark.cli.main import main; main(['leaderboard', 'build', '-h']); "
        "sys.exit(bool({'torch', 'pandas', 'numpy', 'leaderboard.model'} & set(sys.modules)))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_leaderboard_never_imports_the_command_line():
    code = (
        "import pkgutil, sys, importlib, leaderboard\n"
        "for m in pkgutil.walk_packages(leaderboard.__path__, 'leaderboard.'):\n"
        "    importlib.import_module(m.name)\n"
        "sys.exit(any(name.startswith('benchmark.cli') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
