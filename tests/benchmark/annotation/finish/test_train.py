"""Which ensemble is finished: the round's own, or another one where its labels have changed."""

from pathlib import Path

import pytest
from support import Loop
from trained_projects import drawable

from benchmark import layout
from benchmark.annotation.engine import Machine, Told
from benchmark.annotation.finish import train as module
from benchmark.annotation.finish.train import ANEW, labels_name, train_last
from benchmark.annotation.project.places import WORK, Places, load_project
from benchmark.annotation.settled import settle, settled
from nnactive.errors import UserError
from nnactive.io.files import write_model
from nnactive.io.queries import load_query
from nnactive.steps.annotate import labelled_set


@pytest.fixture
def ready(places: Places, loop0: Loop) -> Places:
    """Round 0's patches are those that its ensemble was trained on."""
    project = load_project(places.root)
    settle_file(places)
    known = settle(places, project, "random")
    name = layout.query_file(known.experiment, 0)
    write_model(places.runs / project.name / name, load_query(loop0.query))
    return places


def settle_file(places: Places) -> None:
    project = load_project(places.root)
    prepared = places.prepared(project)
    whole = prepared.resolve()
    drawable(places, cases=24)
    assert prepared.is_dir()
    assert whole.is_dir()


class Calls(list):
    def __call__(self, *given: object) -> None:
        self.append(given)


def test_an_ensemble_of_the_same_labels_is_the_rounds_own(ready, loop0, monkeypatch) -> None:
    project = load_project(ready.root)
    known = settled(ready, project)
    assert labels_name(ready, project, known, 0) == labelled_set(loop0.train)
    made, anew = Calls(), Calls()
    monkeypatch.setattr(module, "make", made)
    monkeypatch.setattr(module, "_train_anew", anew)
    found = train_last(ready, project, 0, Machine(1), Told())
    assert found.train.resolve() == loop0.train.resolve()
    assert [call[2:4] for call in made] == [("train_fold", 0)]
    assert not anew


def test_other_labels_train_another_and_leave_the_rounds_own(ready, loop0, monkeypatch) -> None:
    project = load_project(ready.root)
    known = settled(ready, project)
    file = ready.runs / project.name / layout.query_file(known.experiment, 0)
    query = load_query(file)
    write_model(file, query.model_copy(update={"patches": query.patches[:-1]}))
    runs, told = Calls(), Calls()
    monkeypatch.setattr(module, "make", None)
    monkeypatch.setattr(module, "_train_anew", runs)
    with pytest.raises(UserError, match="no trained ensemble"):
        train_last(ready, project, 0, Machine(1), Told(note=told))
    (anew,) = [call[-1] for call in runs]
    assert anew.root.parent == ready.root / WORK / ANEW
    assert "labels were corrected or added" in told[0][0]


def test_a_project_without_a_round_says_so(places: Places, tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no round yet"):
        train_last(places, load_project(places.root), 0, Machine(1), Told())
