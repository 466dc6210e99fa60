"""Benches of jobs, with and without a server."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from benches import MARK, Bench

from benchmark.execution.child_processes import adopt_orphans
from benchmark.execution.warm.serving import serving


@pytest.fixture(autouse=True)
def no_orphans_here() -> None:
    """This process adopts no orphans, whatever ran in it before: it wouldn't reap them."""
    adopt_orphans(adopt=False)


@pytest.fixture
def alone(tmp_path: Path) -> Iterator[Bench]:
    """Jobs without a server."""
    bench = Bench(tmp_path, {**os.environ, MARK: str(tmp_path)})
    yield bench
    bench.clean()


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Bench]:
    """Jobs of a run with a server, which has imported nothing heavy."""
    env = {**os.environ, MARK: str(tmp_path)}
    with (tmp_path / "server.txt").open("wb") as output, serving(output, env, heavy=False) as env:
        bench = Bench(tmp_path, env)
        yield bench
        bench.clean()
