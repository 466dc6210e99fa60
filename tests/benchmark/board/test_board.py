"""The public board's folder: entries are added, corrected, withdrawn; nothing accepted changes."""

import json
import shutil
from pathlib import Path

import pytest
from bundle_standins import rewrite, seal

from benchmark.board.change import add, withdraw
from benchmark.board.entry import find_entry
from benchmark.board.look import rows, verdicts
from benchmark.bundles.baselines import own_baselines
from benchmark.bundles.read import open_bundle
from benchmark.bundles.zips import write_zip
from benchmark.cli.main import main
from leaderboard.build import load_board
from nnactive.errors import UserError
from nnactive.io.files import sha256


def content(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


@pytest.fixture
def board(named, tmp_path) -> Path:
    """A board with one entry."""
    add(named("Turns"), tmp_path / "board")
    return tmp_path / "board"


def test_an_entry_is_the_bundle_and_a_record(board, named) -> None:
    (folder,) = [each for each in board.iterdir() if each.is_dir()]
    assert folder.name.startswith("turns-")
    assert open_bundle(folder / "1").wrong_files() == []
    entry = find_entry(board, folder.name)
    assert entry.record.name == "Turns"
    assert entry.record.versions[0].digest == open_bundle(entry.current).record.digest
    (row,) = rows(board)
    assert (row.version, row.state, row.standing.level) == (1, "current", "reported")
    assert [each.problems for each in verdicts(board)] == [()]


def test_a_correction_is_the_next_version_and_the_old_one_stays(board, named) -> None:
    (name,) = [each.name for each in board.iterdir()]
    before = content(board / name / "1")
    better = named("Turns", "Corrected.")
    with pytest.raises(UserError, match=f"add --replaces {name}"):
        add(better, board)
    assert add(better, board, replaces=name).version == 2
    assert content(board / name / "1") == before
    assert [row.state for row in rows(board)] == ["replaced", "current"]
    with pytest.raises(UserError, match=f"is there already: {name}, version 2"):
        add(better, board, replaces=name)
    with pytest.raises(UserError, match=f"no entry 'other'; it has {name}"):
        add(named("Other"), board, replaces="other")
    shown = load_board([], entries=board)
    assert [(each.version, each.reason) for each in shown.apart] == [(1, "replaced by version 2")]


@pytest.mark.parametrize("name", ["TURNS", "Turn\u0455", "Tu rns", "\uff34urns"])
def test_a_name_that_looks_like_anothers_is_refused(board, named, name) -> None:
    with pytest.raises(UserError, match=r"looks like it|checks: nnactive-bench verify"):
        add(named(name), board)
    assert len(list(board.iterdir())) == 1


def test_a_zip_and_what_lies_beside_a_bundles_files(named, tmp_path) -> None:
    folder = named("Zipped")
    write_zip(folder, tmp_path / "z.zip")
    made = add(tmp_path / "z.zip", tmp_path / "board")
    assert content(made.folder) == content(folder)


def test_a_bundle_that_fails_a_check_is_not_added(named, tmp_path) -> None:
    folder = named("Broken")

    def grow(result) -> None:
        result["loops"][1]["labelled_voxels"] *= 10

    rewrite(folder, "results/phantom_low/seed_1.json", grow)
    with pytest.raises(UserError, match=r"labelled voxels: .*nnactive-bench verify"):
        add(folder, tmp_path / "board")
    assert not (tmp_path / "board").exists()


def test_a_baseline_is_the_maintainers_to_add_and_vouches(valid, named, tmp_path) -> None:
    board = tmp_path / "board"
    with pytest.raises(UserError, match="with --baselines"):
        add(valid / "random", board)
    with pytest.raises(UserError, match="not a built-in method"):
        add(named("Turns"), board, baselines=True)
    made = add(valid / "random", board, baselines=True)
    results = {sha256(path) for path in (made.folder / "results").rglob("*.json")}
    assert own_baselines(board) == results
    # From now on entries are compared with it.
    assert {each.check: each.state for each in add(named("Other"), board).findings}[
        "baselines' starts"
    ] == "ok"
    assert load_board([], entries=board).left_out == ()


def test_a_changed_version_is_named(board) -> None:
    (name,) = [each.name for each in board.iterdir()]
    folder = board / name / "1"
    rewrite(folder, "method.json", lambda spec: spec.update(looks_back=True))
    (verdict,) = verdicts(board, [name])
    assert verdict.problems[0] == "digest: differs from the accepted bundle; restore it"
    (folder / "extra.txt").write_text("x")
    (verdict,) = verdicts(board)
    assert any(each.startswith("files: ") for each in verdict.problems)
    shutil.rmtree(folder)
    assert "1: no such version" in next(iter(verdicts(board))).problems[0]


def test_a_withdrawn_entry_keeps_its_files(board, named) -> None:
    (name,) = [each.name for each in board.iterdir()]
    before = content(board / name / "1")
    with pytest.raises(UserError, match="can't be seen"):
        withdraw(board, name, "a\u202eb")
    withdraw(board, name, "A bug in its loss.")
    assert content(board / name / "1") == before
    assert [row.state for row in rows(board)] == ["withdrawn: A bug in its loss."]
    with pytest.raises(UserError, match="withdrawn already"):
        withdraw(board, name, "Again.")
    (apart,) = load_board([], entries=board).apart
    assert apart.reason == "withdrawn: A bug in its loss."
    add(named("Turns", "Again, corrected."), board, replaces=name)  # it counts again
    assert [row.state for row in rows(board)] == ["replaced", "current"]


def test_a_broken_entry_harms_no_other(board, named, capsys) -> None:
    other = add(named("Another"), board)
    (board / other.name / "entry.json").write_text('{"versions": [' + "1," * 100_000 + "1]}")
    assert main(["entry", "list", "--entries", str(board)]) == 2
    told = capsys.readouterr()
    assert "turns-" in told.out
    assert "contains unreadable entries" in told.err
    assert main(["entry", "verify", "--entries", str(board), "--data", "none"]) == 2
    lines = capsys.readouterr().out.splitlines()
    assert ["FAILED" in line for line in lines] == [True, False]
    assert "version 1: verified" in lines[1]


def test_the_commands(named, tmp_path, monkeypatch, capsys) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["entry", "add", str(named("Turns"))]) == 0
    told = capsys.readouterr().out
    (folder,) = Path("leaderboard/entries").iterdir()
    assert f"{folder.name}: version 1, in {folder}/1" in told
    assert "open a pull request" in told
    assert main(["entry", "list"]) == 0
    assert folder.name in capsys.readouterr().out
    assert main(["entry", "verify", folder.name]) == 0
    assert "version 1: verified" in capsys.readouterr().out
    assert main(["entry", "withdraw", folder.name, "--reason", "Wrong seeds."]) == 0
    assert json.loads((folder / "entry.json").read_text())["withdrawn"]["reason"] == "Wrong seeds."
    assert main(["entry", "list", "--entries", "none"]) == 2
    assert "none: no such folder" in capsys.readouterr().err


def test_anothers_results_are_no_new_entry(board, named) -> None:
    (name,) = [each.name for each in board.iterdir()]
    taken = named("Mine")
    shutil.rmtree(taken / "results")
    shutil.copytree(board / name / "1" / "results", taken / "results")
    seal(taken)
    with pytest.raises(UserError, match=f"has results of the entry {name}, version 1"):
        add(taken, board)
    add(named("Mine"), board)
