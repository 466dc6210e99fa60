"""Step: evaluate an ensemble on the test set."""

from pathlib import Path

import numpy as np

from nnactive.data.prepared import PreparedDataset
from nnactive.devices import pick_device
from nnactive.io.files import write_model
from nnactive.io.models import StateFile
from nnactive.settings import Setting


class Evaluation(StateFile):
    """Voxel counts of the ensemble's segmentation: columns ``[foreground class][test case]``."""

    cases: tuple[str, ...]
    true_positives: tuple[tuple[int, ...], ...]
    false_positives: tuple[tuple[int, ...], ...]
    false_negatives: tuple[tuple[int, ...], ...]


def confusion(reference: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Voxels by reference class (row) and predicted class (column), shape ``(classes, classes)``.

    >>> confusion(np.array([0, 1, 1]), np.array([0, 0, 1]), classes=2)
    array([[1, 0],
           [1, 1]])
    """
    pairs = reference.astype(np.int64).ravel() * classes + predicted.ravel()
    return np.bincount(pairs, minlength=classes**2).reshape(classes, classes)


def evaluate(
    data: Path, setting: Setting, train: Path, members: list[Path], out: Path, device: str
) -> None:
    """Segment every test case with the ensemble and write its voxel counts to ``out``.

    Segmentation is the argmax of the members' mean logits, on the grid of the resampled image
    (protocol section 2).
    """
    from nnactive.nnunet.predict.ensemble import Ensemble

    dataset = PreparedDataset(data)
    ensemble = Ensemble(
        train,
        members,
        device=pick_device(device),
        tile_step=setting.inference.test_tile_step,
        mirror=setting.inference.test_mirror,
    )
    classes = len(dataset.info.classes)
    tables = []
    for case in dataset.info.test:
        predicted = ensemble.labels(dataset.image(case.id))
        tables.append(confusion(dataset.test_label(case.id), predicted, classes))
    table = np.stack(tables)
    hits = np.diagonal(table, axis1=1, axis2=2)
    write_model(
        out,
        Evaluation(
            cases=tuple(case.id for case in dataset.info.test),
            true_positives=_columns(hits),
            false_positives=_columns(table.sum(axis=1) - hits),
            false_negatives=_columns(table.sum(axis=2) - hits),
        ),
    )


def _columns(rows: np.ndarray) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(int(n) for n in column) for column in rows.T[1:])
