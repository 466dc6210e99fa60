"""Predictions of a round's ensemble: the ensemble's own, kept, resumed, and made again if stale."""

from pathlib import Path

import numpy as np
import pytest
from support import Loop
from trained_projects import trained_project

from benchmark.annotation.ensembles import find_ensemble
from benchmark.annotation.predictions import Predicted, predict
from benchmark.annotation.project.places import Places, load_project
from nnactive.data.prepared import PreparedDataset
from nnactive.errors import UserError
from nnactive.nnunet.predict.ensemble import Ensemble


@pytest.fixture
def places(tmp_path: Path, phantom: Path, loop0: Loop) -> Places:
    return trained_project(tmp_path / "project", phantom, loop0)


def test_predictions_are_the_ensembles_labels_and_confidence(places, phantom, loop0) -> None:
    project = load_project(places.root)
    case = project.images[0].id
    found = predict(places, project, 0, [case], "cpu")
    ensemble = Ensemble(loop0.train, loop0.members, device="cpu", tile_step=1.0, mirror=False)
    labels, confidence = ensemble.segment(PreparedDataset(phantom).image(case))
    assert found.cases == (case,)
    assert found.labels(case).dtype == np.uint8
    np.testing.assert_array_equal(found.labels(case), labels)
    np.testing.assert_allclose(found.confidence(case), confidence, atol=0.5 / 255 + 1e-6)
    box = (slice(1, 3), slice(2, 6), slice(0, 4))
    np.testing.assert_array_equal(found.labels(case, box), labels[box])


def test_what_is_there_is_not_predicted_again(places, monkeypatch) -> None:
    project = load_project(places.root)
    first, second = (image.id for image in project.images[:2])
    found = predict(places, project, 0, [first], "cpu")
    before = found.file(first).stat().st_mtime_ns
    told = []
    predict(places, project, 0, [first, second], "cpu", progress=lambda *n: told.append(n))
    assert found.file(first).stat().st_mtime_ns == before
    assert told == [(1, 1)]
    monkeypatch.setattr(Ensemble, "segment", None)
    predict(places, project, 0, [second, first], "cpu")


def test_another_ensembles_predictions_are_removed(places) -> None:
    project = load_project(places.root)
    first, second = (image.id for image in project.images[:2])
    predict(places, project, 0, [first, second], "cpu")
    one, other = find_ensemble(places, project, 0).members
    one.write_bytes(other.read_bytes())
    assert predict(places, project, 0, [first], "cpu").cases == (first,)


def test_a_round_without_networks_says_what_to_run(places) -> None:
    project = load_project(places.root)
    find_ensemble(places, project, 0).members[1].unlink()
    with pytest.raises(UserError, match=r"round 0 has no trained ensemble; run: .* annotate next"):
        predict(places, project, 0, [project.images[0].id], "cpu")


def test_a_folder_of_drafts_holds_no_case(tmp_path: Path) -> None:
    (tmp_path / ".a.b2nd.12345678").touch()
    assert Predicted(tmp_path).cases == ()
