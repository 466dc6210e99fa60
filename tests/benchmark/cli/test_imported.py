"""`track run` where the results of a track's own methods were imported."""

from pathlib import Path

import pytest

from benchmark.cli.commands import tracks
from benchmark.cli.main import main
from benchmark.layout import result_file
from benchmark.store.take import RESULTS
from benchmark.tracks import experiments, load_track
from benchmark.workflow.request import Request

SEED = 12345


@pytest.fixture
def ran(tmp_path, monkeypatch) -> list[list[str]]:
    """All baselines of the demo are imported; ids of the methods of each run, which is left out."""
    monkeypatch.chdir(tmp_path)
    demo = load_track("demo").part(None, None, [SEED])
    for experiment in experiments(demo, demo.methods):
        file = Path("runs") / RESULTS / "demo" / result_file(experiment)
        file.parent.mkdir(parents=True)
        file.write_text("{}")  # STAND-IN: only that it is there counts
    found: list[list[str]] = []

    def finish(request: Request, *_: object) -> int:
        found.append([spec.record.id for spec, _ in request.methods])
        return 0

    monkeypatch.setattr(tracks, "finish", finish)
    monkeypatch.setattr("benchmark.cli.commands.study.submitting.finish_on_cluster", pytest.fail)
    return found


def test_baselines_whose_results_were_imported_are_not_run_again(ran, capsys) -> None:
    assert main(["track", "run", "demo", "--seed", str(SEED)]) == 0
    assert "results imported, not run again: bald, predictive_entropy, r" in capsys.readouterr().err
    assert main(["submit", "power_bald", "--seed", str(SEED)]) == 0
    assert main(["track", "run", "demo", "--method", "bald", "--seed", str(SEED)]) == 0
    assert main(["track", "run", "demo"]) == 0  # of two seeds, one is imported
    assert [len(each) for each in ran] == [0, 1, 1, 4]
    assert ran[2] == ["bald"]


def test_a_cluster_is_not_asked_for_nothing(ran) -> None:
    assert main(["track", "run", "demo", "--seed", str(SEED), "--profile", "slurm"]) == 0
    assert ran == [[]]
