"""How well a run uses a machine. The steps are stand-ins that sleep for a second."""

import pytest
from toy import calls, make_request, make_track, write_prepared

from benchmark import layout
from benchmark.journal.events import Event
from benchmark.workflow.plan import Part
from benchmark.workflow.run import run

WORKERS = 2
LEAST_SHARE = 0.8
"""Measured on two idle cores: see docs/measured.md; other tests may be at work beside this one."""


@pytest.mark.slow
def test_workers_have_work(tmp_path, monkeypatch) -> None:
    write_prepared(tmp_path / "data")
    monkeypatch.setenv("STAND_IN_CALLS", str(tmp_path / "calls.txt"))
    monkeypatch.setenv("STAND_IN_SECONDS_EACH", "1")
    request = make_request(tmp_path, make_track(loops=2, seeds=(1, 2, 3, 4)))
    assert request.cores == WORKERS
    everything = tuple(layout.Experiment("s", "random", seed) for seed in request.track.seeds)
    assert run(request, lambda _: None, Part(experiments=everything, writer="w")) == []
    assert sum(calls(tmp_path).values()) == 4 * (5 + 5 + 1)

    journal = (request.root / layout.journal_file("w")).read_text().splitlines()
    events = [Event.model_validate_json(line) for line in journal]
    busy = sum(event.seconds or 0 for event in events if event.kind == "ended")
    wall = events[-1].time - events[0].time
    assert busy / WORKERS / wall > LEAST_SHARE
