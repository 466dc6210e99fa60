import json
from pathlib import Path

import numpy as np
import pytest
from support import Loop, peak_growth

from nnactive.data.prepared import PreparedDataset
from nnactive.io.files import read_model
from nnactive.nnunet.predict.ensemble import Ensemble
from nnactive.nnunet.store import read_volume
from nnactive.quality.surfels import surfels
from nnactive.settings import Setting
from nnactive.steps.evaluate import Evaluation, confusion, evaluate


def test_confusion_by_hand() -> None:
    reference = np.array([[[0, 0, 1, 1, 2]]])
    predicted = np.array([[[0, 1, 1, 2, 2]]])
    assert confusion(reference, predicted, 3).tolist() == [[1, 1, 0], [0, 1, 1], [0, 0, 1]]


def test_counts_are_those_of_the_segmentations(
    phantom: Path, setting: Setting, loop0: Loop, tmp_path: Path
) -> None:
    evaluate(phantom, setting, loop0.train, loop0.members, tmp_path / "e.json", "cpu")
    found = read_model(tmp_path / "e.json", Evaluation)
    dataset = PreparedDataset(phantom)
    assert found.cases == tuple(case.id for case in dataset.info.test)
    ensemble = Ensemble(loop0.train, loop0.members, device="cpu", tile_step=1.0, mirror=False)
    for index, case in enumerate(found.cases):
        predicted = ensemble.labels(dataset.image(case))
        reference = dataset.test_label(case)
        for value in (1, 2, 3):
            ours, theirs = predicted == value, reference == value
            assert found.true_positives[value - 1][index] == (ours & theirs).sum()
            assert found.false_positives[value - 1][index] == (ours & ~theirs).sum()
            assert found.false_negatives[value - 1][index] == (~ours & theirs).sum()


def test_predictions_that_are_asked_for_are_kept(
    phantom: Path, setting: Setting, loop0: Loop, tmp_path: Path
) -> None:
    dataset = PreparedDataset(phantom)
    case = dataset.info.test[1].id
    file = tmp_path / "predictions" / f"{case}.b2nd"
    for name, kept in (("e", {}), ("kept", {case: file, "another": tmp_path / "another"})):
        out = tmp_path / f"{name}.json"
        evaluate(phantom, setting, loop0.train, loop0.members, out, "cpu", kept=kept)
    ensemble = Ensemble(loop0.train, loop0.members, device="cpu", tile_step=1.0, mirror=False)
    np.testing.assert_array_equal(read_volume(file), ensemble.labels(dataset.image(case)))
    assert (tmp_path / "e.json").read_bytes() == (tmp_path / "kept.json").read_bytes()
    assert {path.name for path in tmp_path.iterdir()} == {"e.json", "kept.json", "predictions"}


def test_surfaces_and_calibration_are_those_of_the_segmentations(
    phantom: Path, setting: Setting, loop0: Loop, tmp_path: Path
) -> None:
    evaluate(phantom, setting, loop0.train, loop0.members, tmp_path / "e.json", "cpu")
    found = read_model(tmp_path / "e.json", Evaluation)
    surfaces, bins = found.surfaces, found.calibration
    assert surfaces is not None
    assert bins is not None
    dataset = PreparedDataset(phantom)
    spacing = dataset.info.spacing
    assert surfaces.tolerances == (sorted(spacing)[1], 2 * sorted(spacing)[1])
    ensemble = Ensemble(loop0.train, loop0.members, device="cpu", tile_step=1.0, mirror=False)
    sure, right, voxels = [], 0, 0
    for index, case in enumerate(found.cases):
        image, reference = dataset.image(case), dataset.test_label(case)
        predicted = ensemble.labels(image)
        mean = sum(ensemble.probabilities(image)) / len(ensemble)
        sure.append(np.take_along_axis(mean.numpy(), predicted[None].astype(np.int64), 0).sum())
        right, voxels = right + (predicted == reference).sum(), voxels + reference.size
        for row, value in enumerate((1, 2, 3)):
            for table, labels in ((surfaces.reference, reference), (surfaces.predicted, predicted)):
                area = surfels(labels == value, spacing).areas.sum()
                assert table[row][index] == pytest.approx(area, rel=1e-4)
    assert sum(bins.everywhere.voxels) == voxels
    assert sum(bins.everywhere.correct) == right
    assert sum(bins.foreground.correct) == np.sum(found.true_positives)

    assert sum(bins.everywhere.confidence) == pytest.approx(np.sum(sure), rel=1e-4)


def test_an_evaluation_of_version_1_has_counts_alone() -> None:
    old = {"cases": ["a"], "true_positives": [[1]], "false_positives": [[0]]}
    found = Evaluation.model_validate_json(json.dumps(old | {"false_negatives": [[2]]}))
    assert (found.surfaces, found.calibration) == (None, None)


def test_confusion_is_counted_in_blocks_and_needs_little_memory() -> None:
    rng = np.random.default_rng(1)
    reference, predicted = rng.integers(0, 43, (2, 200, 100, 100)).astype(np.int16)
    found = confusion(reference, predicted, 43)
    pairs = reference.astype(np.int64).ravel() * 43 + predicted.ravel()
    np.testing.assert_array_equal(found.ravel(), np.bincount(pairs, minlength=43**2))
    volume = reference.size * 2 / 2**20
    assert peak_growth(lambda: confusion(reference, predicted, 43)) < volume / 2


class Killed(BaseException):
    """The process dies here."""


def test_an_interrupted_evaluation_goes_on_where_it_was(
    phantom: Path, setting: Setting, loop0: Loop, tmp_path: Path, monkeypatch
) -> None:
    out, whole = tmp_path / "e.json", tmp_path / "whole.json"
    lines: list[tuple[int, int]] = []

    def run(out: Path, members: list[Path], **options) -> None:
        evaluate(phantom, setting, loop0.train, members, out, "cpu", **options)

    run(whole, loop0.members, workers=3, progress=lambda *counts: lines.append(counts))
    total = len(read_model(whole, Evaluation).cases)
    assert lines == [(done, total) for done in range(1, total + 1)]

    segment, predicted = Ensemble.segment, []

    def dies(self, image):
        if len(predicted) == 3:
            raise Killed
        predicted.append(image)
        return segment(self, image)

    monkeypatch.setattr(Ensemble, "segment", dies)
    with pytest.raises(Killed):
        run(out, loop0.members)
    assert not out.exists()
    predicted.clear()
    monkeypatch.setattr(Ensemble, "segment", lambda *args: predicted.append(1) or segment(*args))
    run(out, loop0.members)
    assert len(predicted) == total - 3
    assert out.read_bytes() == whole.read_bytes()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_counts_of_other_members_are_not_taken(
    phantom: Path, setting: Setting, loop0: Loop, tmp_path: Path, monkeypatch
) -> None:
    out = tmp_path / "e.json"
    segment, seen = Ensemble.segment, []

    def watched(self, image):
        seen.append(len(self))
        if len(seen) == 3:
            raise Killed
        return segment(self, image)

    monkeypatch.setattr(Ensemble, "segment", watched)
    with pytest.raises(Killed):
        evaluate(phantom, setting, loop0.train, loop0.members[:1], out, "cpu")
    evaluate(phantom, setting, loop0.train, loop0.members, out, "cpu")
    assert seen[3:] == [2] * len(read_model(out, Evaluation).cases)
