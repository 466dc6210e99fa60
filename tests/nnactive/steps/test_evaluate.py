from pathlib import Path

import numpy as np
from support import Loop

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
