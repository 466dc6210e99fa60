import csv
import subprocess
import sys

import pytest
import synthetic
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


def test_two_methods_are_compared_in_the_terminal(make, store):
    root = store(
        *(make("bald", seed, (0.5, 0.6, 0.7 + seed / 100)) for seed in (1, 2, 3)),
        *(make("random", seed, (0.5, 0.5, 0.5 + seed / 50)) for seed in (1, 2, 3)),
    )
    done = call("compare", "bald", "Random", "--results", root, "--by", "final_dice")
    assert done.exit_code == 0, done.output
    # 20 - 1, 20 - 2 and 20 - 3 points.
    assert "BALD beats Random by 18.0 percentage points of Final Dice (95 %" in done.stdout
    (row,) = [line.split() for line in done.stdout.splitlines() if "phantom_tiny" in line]
    assert row[:4] == ["phantom_tiny", "72.0", "54.0", "+18.0"]
    assert row[-1] == "*"
    assert "differences paired by seed" in done.stdout


@pytest.fixture
def runs(tmp_path):
    """Stand-ins with every figure, in two settings of two datasets."""
    world = synthetic.World(
        methods=4, settings=2, seeds=3, loops=3, cases=2, patches=8, quality=True
    )
    synthetic.write(world, tmp_path / "runs")
    return tmp_path / "runs"


def test_tables_follow_the_metric_and_the_classes_that_are_asked_for(runs, tmp_path):
    shown = {}
    for name, options in {
        "usual": [],
        "far": ["--by", "hd95_aubc"],
        "title": ["--by", "HD95 AUBC"],
        "class": ["--class", "class 2"],
    }.items():
        done = call("table", "--results", runs, *options)
        assert done.exit_code == 0, done.output
        shown[name] = done.stdout
    assert shown["title"] == shown["far"]
    assert "HD95 AUBC (mm)" in shown["far"]
    assert "HD95 AUBC (mm)" not in shown["usual"]
    assert "the lowest mean HD95 AUBC" in shown["far"]
    assert "class 2 alone: means over" in shown["class"]
    assert "| Ranked by | Best |" in shown["usual"]
    done = call("build", "--results", runs, "--by", "hd95_aubc", "--out", tmp_path / "page.html")
    assert "HD95 AUBC" in done.stdout


def test_rankings_that_there_are_not_name_those_that_there_are(runs, capfd):
    for arguments, cause in (
        (["--by", "nix"], "--by nix: there is no ranking by it; choose from: aubc, ece_final"),
        (["--class", "liver"], "single ones are: class 1, class 2"),
        (["--class", "class 1", "--by", "ece_mean"], "these classes are ranked by: aubc"),
        (["--by", "aubc", "--format", "csv"], "--by: csv holds all rankings"),
        (["--class", "class 1", "--format", "json"], "--class: json holds all rankings"),
    ):
        assert main(["leaderboard", "table", "--results", str(runs), *arguments]) == 2
        # A slow machine is told to wait first.
        *_, line = capfd.readouterr().err.splitlines()
        assert line.startswith("error: ")
        assert cause in line


def test_mistakes_of_a_comparison_are_one_line_and_exit_code_2(make, store, capfd):
    root = store(make("bald"), make("random"), make("bald", track="other"))
    for arguments, cause in (
        (["bald", "nobody"], "nobody: no such method; choose from: bald, random"),
        (["bald", "BALD"], "bald: cannot be compared with itself"),
        (["bald", "random", "--league", "other"], "random: no such method; choose from: bald"),
        (["bald", "random", "--league", "nix"], "--league nix: no such ranking"),
        (["bald", "random", "--by", "nix"], "no setting in which both have nix"),
    ):
        assert main(["leaderboard", "compare", *arguments, "--results", str(root)]) == 2
        (line,) = capfd.readouterr().err.splitlines()
        assert line.startswith("error: ")
        assert cause in line


def test_mistakes_are_one_line_and_exit_code_2(make, store, tmp_path, capfd):
    root = store(make())
    (root / "result.json").write_text("{")
    out = tmp_path / "page.html"
    for arguments, cause in (
        (["build", "--results", root, "--out", out, "--strict"], "not valid JSON"),
        (["build", "--results", tmp_path / "nowhere", "--out", out], "no such file or folder"),
        (["build", "--out", out], "no folder given"),
        (["table", "--results", root, "--league", "nix"], "--league nix: no such ranking"),
    ):
        assert main(["leaderboard", *map(str, arguments)]) == 2
        (line,) = capfd.readouterr().err.splitlines()
        assert line.startswith("error: ")
        assert cause in line
    assert not out.exists()


def test_the_public_boards_entries_and_other_works_are_shown(make, store, tmp_path, capfd):
    figures = tmp_path / "figures.csv"
    figures.write_text(
        "work,source,page,dataset,method,metric,mean,epochs,nnunet\n"
        "Smith 2027,10.1000/xyz,7,acdc,theirs,aubc,79.5,200,2.5\n"
    )
    board = tmp_path / "board"
    (board / "broken").mkdir(parents=True)
    out = tmp_path / "page.html"
    given = ["--entries", str(board), "--published-csv", str(figures), "--out", str(out)]
    assert main(["leaderboard", "build", *given]) == 0
    said = capfd.readouterr()
    assert "left out: broken: " in said.err
    assert "Published: Smith 2027" in out.read_text()
    assert main(["leaderboard", "build", *given, "--strict"]) == 2
    (line,) = capfd.readouterr().err.splitlines()
    assert line.startswith("error: broken: ")
    assert main(["leaderboard", "table", *given[:4]]) == 0
    assert "theirs" in capfd.readouterr().out


def test_results_that_nothing_vouches_for_are_said_to_be_such(make, store, tmp_path):
    done = call("build", "--results", store(make()), "--out", tmp_path / "page.html")
    assert "note: The baselines of demo are unverified" in done.stderr


def test_the_commands_are_the_benchmarks(make, store, tmp_path, capfd):
    out = tmp_path / "table.csv"
    arguments = ["--results", str(store(make())), "--format", "csv", "--out", str(out)]
    assert main(["leaderboard", "table", *arguments]) == 0
    with out.open() as file:
        assert {line["method"] for line in csv.DictReader(file)} == {"Random"}
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
