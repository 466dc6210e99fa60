from pathlib import Path

import numpy as np
import pytest
from support import Loop, peak_growth

from nnactive.data.prepared import PreparedDataset
from nnactive.io.files import read_model
from nnactive.nnunet.predict.ensemble import Ensemble
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

    labels, predicted = Ensemble.labels, []

    def dies(self, image):
        if len(predicted) == 3:
            raise Killed
        predicted.append(image)
        return labels(self, image)

    monkeypatch.setattr(Ensemble, "labels", dies)
    with pytest.raises(Killed):
        run(out, loop0.members)
    assert not out.exists()
    predicted.clear()
    monkeypatch.setattr(Ensemble, "labels", lambda *args: predicted.append(1) or labels(*args))
    run(out, loop0.members)
    assert len(predicted) == total - 3
    assert out.read_bytes() == whole.read_bytes()
    assert [path.name for path in tmp_path.iterdir() if path.name.startswith(".")] == []


def test_counts_of_other_members_are_not_taken(
    phantom: Path, setting: Setting, loop0: Loop, tmp_path: Path, monkeypatch
) -> None:
    out = tmp_path / "e.json"
    labels, seen = Ensemble.labels, []

    def watched(self, image):
        seen.append(len(self))
        if len(seen) == 3:
            raise Killed
        return labels(self, image)

    monkeypatch.setattr(Ensemble, "labels", watched)
    with pytest.raises(Killed):
        evaluate(phantom, setting, loop0.train, loop0.members[:1], out, "cpu")
    evaluate(phantom, setting, loop0.train, loop0.members, out, "cpu")
    assert seen[3:] == [2] * len(read_model(out, Evaluation).cases)
