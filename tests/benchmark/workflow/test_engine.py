"""Snakemake's private folder, when several runs begin at once."""

import tempfile
from contextlib import contextmanager

from benchmark.workflow import engine


def test_a_run_that_begins_removes_those_of_killed_runs_alone(tmp_path, monkeypatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    (tmp_path / f"{engine.PREFIX}killed").mkdir()
    lock = engine.exclusive_lock
    other = []

    @contextmanager
    def late(file):
        """Before a run has its lock, another one begins."""
        if not other and not file.parent.name.endswith("killed"):
            other.append(True)
            with engine.workplace():
                pass
        with lock(file) as held:
            yield held

    monkeypatch.setattr(engine, "exclusive_lock", late)
    with engine.workplace() as place:
        monkeypatch.setattr(engine, "exclusive_lock", lock)
        assert list(tmp_path.iterdir()) == [place]
        with engine.workplace() as another:
            assert sorted(tmp_path.iterdir()) == sorted([place, another])
    assert not list(tmp_path.iterdir())
