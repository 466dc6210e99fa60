"""`entry list` and `entry remove` on runs whose steps are stand-ins."""

from pathlib import Path

import pytest
from toy import make_request, make_track, write_prepared

from benchmark.cli.commands.tracks import finish
from benchmark.cli.main import main
from benchmark.layout import lease_file
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
        assert finish(request, folder / "board.html") == 0
    return folder / "runs"


def files(root: Path) -> set[str]:
    return {str(path.relative_to(root)) for path in root.rglob("*") if not path.is_dir()}


@pytest.mark.slow
def test_the_list_has_a_row_a_method(runs, capsys) -> None:
    assert main(["entry", "list", "--runs", str(runs)]) == 0
    rows = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert [row[:6] for row in rows[1:]] == [
        ["power_bald,beta=5", "toy", "builtin", "1", "-", "-"],
        ["random", "toy", "builtin", "1", "-", "-"],
    ]


@pytest.mark.slow
def test_a_removed_method_leaves_nothing_and_the_others_everything(runs, capsys) -> None:
    root = runs / "toy"
    before = files(root)
    words = ["entry", "remove", "power_bald,beta=5", "--runs", str(runs)]

    assert main(words) == 2  # no terminal to ask on
    assert "add --yes" in capsys.readouterr().err
    assert files(root) == before

    with lease(root / lease_file(Path("s/power_bald,beta=5/seed_1/loop_001.json"))) as held:
        assert held
        assert main([*words, "--yes"]) == 2
    assert "a run is at work on power_bald,beta=5 (process" in capsys.readouterr().err
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
    assert main(["entry", "list", "--runs", str(tmp_path)]) == 2
    assert "no runs" in capsys.readouterr().err
