"""`runs list` and `runs remove` on runs whose steps are stand-ins."""

import shlex
from dataclasses import replace
from pathlib import Path

import pytest
from toy import make_request, make_track, write_prepared

from benchmark.cli.commands.tracks import finish
from benchmark.cli.main import main
from benchmark.layout import lease_file
from benchmark.provenance import code_hash
from benchmark.results import load_result
from nnactive.io.leases import lease


@pytest.fixture(scope="module")
def runs(tmp_path_factory) -> Path:
    """A run of two methods that share a training."""
    folder = tmp_path_factory.mktemp("entries")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STAND_IN_CALLS", str(folder / "calls.txt"))
        patch.setenv("STAND_IN_TWINS", "1")
        write_prepared(folder / "data")
        request = make_request(folder, make_track(loops=2), ["random", "power_bald,beta=5"])
        request = replace(request, command="nnactive-bench track run toy")
        assert finish(request, folder / "board.html") == 0
    return folder / "runs"


def files(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir()}


@pytest.mark.slow
def test_the_list_has_a_row_a_method(runs, capsys) -> None:
    assert main(["runs", "list", "--runs", str(runs)]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [row[:6] for row in rows[1:]] == [
        ["power_bald,beta=5", "toy", "builtin", "1", "-", "-"],
        ["random", "toy", "builtin", "1", "-", "-"],
    ]


@pytest.mark.slow
def test_its_results_say_by_which_command_and_code_since_when(runs) -> None:
    result = load_result(runs / "toy/s/random/seed_1/result.json")
    assert result.command == "nnactive-bench track run toy"
    assert result.environment.code == code_hash()
    assert result.started
    assert result.finished
    assert result.started <= result.finished


@pytest.mark.slow
def test_a_removed_method_leaves_nothing_and_the_others_everything(runs, capsys) -> None:
    root = runs / "toy"
    before = files(root)
    words = ["runs", "remove", "power_bald,beta=5", "--runs", str(runs)]

    assert main(words) == 2  # no terminal to ask on
    assert "confirm the removal with --yes" in capsys.readouterr().err
    assert files(root) == before

    with lease(root / lease_file(Path("s/power_bald,beta=5/seed_1/loop_001.json"))) as held:
        assert held
        assert main([*words, "--yes"]) == 2
    assert "a run is working on power_bald,beta=5 (process" in capsys.readouterr().err
    with lease(root / lease_file(Path("s/random/seed_1/loop_001.json"))) as held:
        assert held  # another method's
        assert main([*words, "--yes"]) == 0
    gone = before - files(root)
    assert gone
    assert all("power_bald,beta=5" in each for each in gone)
    assert not any("power_bald,beta=5" in each for each in files(root))

    assert main([*words, "--yes"]) == 2
    assert "no method 'power_bald,beta=5'; it has random" in capsys.readouterr().err


def test_no_runs_say_so(tmp_path, capsys) -> None:
    assert main(["runs", "list", "--runs", str(tmp_path)]) == 2
    assert "no runs" in capsys.readouterr().err


BREAKS = """
from nnactive.methods import QueryMethod

class Breaks(QueryMethod):
    name = "Breaks"
    needs = frozenset()

    def query(self, pool, n):
        return []
"""


@pytest.mark.slow
def test_what_failed_is_removed_by_the_command_that_the_run_names(
    tmp_path: Path, monkeypatch, capfd
) -> None:
    """One seed of two; the page says nothing of it afterwards, and of the other as before."""
    monkeypatch.setenv("STAND_IN_CALLS", str(tmp_path / "calls.txt"))
    write_prepared(tmp_path / "data")
    (tmp_path / "breaks.py").write_text(BREAKS)
    track, page = make_track(loops=2), tmp_path / "board.html"
    methods = ["random", f"{tmp_path / 'breaks.py'}:Breaks"]
    assert finish(make_request(tmp_path, track, methods), page) == 2
    told = capfd.readouterr().err.splitlines()
    (line,) = [each for each in told if each.startswith("to remove what failed: ")]
    words = shlex.split(line.removeprefix("to remove what failed: "))
    assert words[:3] == ["nnactive-bench", "runs", "remove"]
    assert "--failed" in words
    assert words[3] in page.read_text()
    before = files(tmp_path / "runs" / "toy")

    assert main(["runs", "remove", "random", "--failed", "--runs", words[-1], "--yes"]) == 2
    assert "random: no experiment that failed" in capfd.readouterr().err
    assert main(["runs", "remove", words[3], "--seed", "9", "--runs", words[-1], "--yes"]) == 2
    assert files(tmp_path / "runs" / "toy") == before

    assert main([*words[1:], "--yes"]) == 0
    gone = before - files(tmp_path / "runs" / "toy")
    assert gone
    assert all(words[3] in each for each in gone)
    assert main(["leaderboard", "build", "--results", words[-1], "--out", str(page)]) == 0
    assert words[3] not in page.read_text()
    assert "Breaks" not in page.read_text()


@pytest.mark.slow
def test_one_seed_is_removed_and_the_method_stays_with_the_other(
    tmp_path: Path, monkeypatch
) -> None:
    monkeypatch.setenv("STAND_IN_CALLS", str(tmp_path / "calls.txt"))
    write_prepared(tmp_path / "data")
    track = make_track(loops=2).model_copy(update={"seeds": (1, 2)})
    assert finish(make_request(tmp_path, track, ["random"]), tmp_path / "board.html") == 0
    root = tmp_path / "runs" / "toy"
    words = ["runs", "remove", "random", "--runs", str(root.parent), "--yes"]
    assert main([*words, "--seed", "2"]) == 0
    assert {file.parent.name for file in root.glob("s/random/seed_*/result.json")} == {"seed_1"}
    assert (root / "methods" / "random.json").exists()
    assert main([*words, "--seed", "1"]) == 0
    assert not (root / "methods" / "random.json").exists()
