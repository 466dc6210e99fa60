"""Agreement of a project: counted from its predictions and from what was drawn after them."""

from pathlib import Path

import numpy as np
import pytest
from support import Loop
from trained_projects import trained_project

from benchmark.annotation.agreement import read
from benchmark.annotation.agreement.read import read_agreement, watched_cases
from benchmark.annotation.predictions import predict
from benchmark.annotation.project.places import Places, load_project
from benchmark.annotation.rounds.model import Round, RoundPatch, Why
from nnactive.data.prepared import PreparedDataset
from nnactive.data.unlabelled.source import Box
from nnactive.io.files import write_model
from nnactive.io.queries import PatchRecord


def write_rounds(places: Places, cases: list[str], rounds: int) -> None:
    for number in range(rounds):
        box = Box(start=(2 * number, 0, 0), size=(2, 6, 6))
        patches = tuple(
            RoundPatch(
                id=f"p{n:02d}",
                patch=PatchRecord(case=case, start=box.start, size=box.size),
                box=box,
                crop=box,
                template="",
                draft="prediction" if number and n == 0 else "none",
                why=Why(by="random", rank=n + 1),
            )
            for n, case in enumerate(cases)
        )
        written = Round(number=number, written="2026-11-30T18:00:00Z", view="crop", patches=patches)
        write_model(places.round_file(number), written)


@pytest.fixture
def places(tmp_path: Path, phantom: Path, loop0: Loop) -> Places:
    found = trained_project(tmp_path / "project", phantom, loop0, rounds=2)
    project = load_project(found.root)
    cases = list(watched_cases(project, PreparedDataset(phantom))[:3])
    write_rounds(found, cases, 2)
    predict(found, project, 0, cases, "cpu")
    return found


def test_the_next_rounds_labels_are_held_against_the_prediction_before_them(
    places, phantom
) -> None:
    project = load_project(places.root)
    found = read_agreement(places, project)
    (evidence,) = found.held_out
    assert (evidence.number, evidence.patches, evidence.images, evidence.drafted) == (0, 3, 3, 1)
    dataset, predicted = PreparedDataset(phantom), predict(places, project, 0, [], "cpu")
    right = [
        predicted.labels(case)[2:4, :6, :6] == dataset.pool_label(case)[2:4, :6, :6]
        for case in predicted.cases
    ]
    assert evidence.right.value == pytest.approx(np.mean(right))
    assert sum(found.calibrated.reliability.voxels) == 3 * 72
    assert not found.changes, "there are no predictions of the second ensemble yet"


def test_the_same_ensemble_twice_changes_nothing_and_another_one_does(places) -> None:
    project = load_project(places.root)
    cases = predict(places, project, 0, [], "cpu").cases
    predict(places, project, 1, cases, "cpu")
    (same,) = read_agreement(places, project).changes
    assert (same.number, same.images) == (1, 3)
    assert same.disagreement is None or same.disagreement.value == 0
    assert same.uncertainty.value > 0
    from benchmark.annotation.ensembles import find_ensemble

    one, other = find_ensemble(places, project, 1).members
    one.write_bytes(other.read_bytes())
    predict(places, project, 1, cases, "cpu")
    (changed,) = read_agreement(places, project).changes
    assert changed.disagreement.value > 0, "what was counted of the old predictions is stale"


def test_what_was_counted_is_not_counted_again(places, monkeypatch) -> None:
    project = load_project(places.root)
    predict(places, project, 1, predict(places, project, 0, [], "cpu").cases, "cpu")
    first = read_agreement(places, project)
    monkeypatch.setattr(read, "confusion", None)
    assert read_agreement(places, project) == first


def test_twenty_images_are_watched_the_same_ones_in_every_round(places, phantom, monkeypatch):
    project, dataset = load_project(places.root), PreparedDataset(phantom)
    monkeypatch.setattr(read, "WATCHED", 2)
    found = watched_cases(project, dataset)
    assert len(found) == 2
    assert found == watched_cases(project, dataset)
    assert set(found) <= {image.id for image in project.images}
