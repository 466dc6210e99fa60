"""Experiments with the same labelled patches, in the workflow; the steps are stand-ins."""

import pytest
from toy import calls, make_request, make_track, write_prepared

from benchmark.cli.commands.tracks import finish
from benchmark.results import load_result


@pytest.mark.slow
def test_methods_with_the_same_patches_train_once_and_the_board_says_so(
    tmp_path, monkeypatch, capfd
) -> None:
    write_prepared(tmp_path / "data")
    monkeypatch.setenv("STAND_IN_CALLS", str(tmp_path / "calls.txt"))
    monkeypatch.setenv("STAND_IN_TWINS", "1")
    request = make_request(tmp_path, make_track(loops=2), ["random", "bald"])

    assert finish(request, tmp_path / "board.html") == 0

    results = {
        name: load_result(request.root / f"s/{name}/seed_1/result.json")
        for name in ("random", "bald")
    }
    taken = {
        name: [result.loops[1].costs[f"train_fold_{fold}"].taken_from for fold in range(2)]
        for name, result in results.items()
    }
    # Who trains a fold and who waits for it is chance; each is trained by one of them.
    for fold in range(2):
        sources = {name: source[fold] for name, source in taken.items() if source[fold]}
        assert len(sources) == 1
        (name,) = sources
        other = "bald" if name == "random" else "random"
        assert sources[name] == f"s/{other}/seed_1/loop_001/fold_{fold}.pth"
    assert all(cost.taken_from is None for r in results.values() for cost in _rest(r))
    assert "whose networks it shares" in (tmp_path / "board.html").read_text()
    assert sum(calls(tmp_path).values()) == 5 + 2 * 6
    capfd.readouterr()


def _rest(result):
    return [
        cost
        for loop in result.loops
        for key, cost in loop.costs.items()
        if not (loop.loop and key.startswith("train"))
    ]
