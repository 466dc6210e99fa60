"""A project with two labelled rounds, and `finish` on a CPU with networks that are there."""

from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest
from support import Loop
from trained_projects import drawable, label_round, trained_project

from benchmark.annotation.ensembles import Trained, find_ensemble
from benchmark.annotation.finish.run import Outcome, finish
from benchmark.annotation.project.places import Places, load_project
from nnactive.data.unlabelled.source import Sources


@pytest.fixture
def places(tmp_path: Path, phantom: Path, loop0: Loop) -> Places:
    return trained_project(tmp_path / "project", phantom, loop0, rounds=2)


@pytest.fixture
def sources(places: Places) -> Sources:
    found = drawable(places)
    label_round(places, found, 0)
    label_round(places, found, 1, patches=2)
    return found


@pytest.fixture
def finished() -> Callable[[Places], Outcome]:
    def run(places: Places) -> Outcome:
        project = load_project(places.root)

        def train(number: int) -> Trained:
            return find_ensemble(places, project, number)

        return finish(places, project, train, lambda: nullcontext(lambda *_: None), "cpu")

    return run
