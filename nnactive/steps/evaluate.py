"""Step: evaluate an ensemble on the test set."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

import numpy as np

from nnactive.data.prepared import PreparedDataset
from nnactive.devices import is_gpu, pick_device
from nnactive.io.files import write_model
from nnactive.io.models import StateFile
from nnactive.nnunet.store import write_volume
from nnactive.quality.calibration import Calibration
from nnactive.quality.distances import CaseSurfaces, case_surfaces, surfaces_of, tolerances_of
from nnactive.quality.reliability import calibration_of, count_reliability
from nnactive.quality.surfaces import Surfaces
from nnactive.query.checkpoint import Checkpoint, checkpoint_folder, code_hash, key_of
from nnactive.query.map_cases import Progress, map_cases
from nnactive.query.readahead import ReadAhead
from nnactive.settings import Setting
from nnactive.steps.network import OVERLAPPING, ensemble_identity

if TYPE_CHECKING:
    from nnactive.nnunet.predict.ensemble import Ensemble

AT_ONCE = 2**16
"""Voxels counted together: their pairs stay in the processor's cache."""


class Evaluation(StateFile):
    """Voxel counts of the ensemble's segmentation: columns ``[foreground class][test case]``."""

    SCHEMA: ClassVar[int] = 2

    cases: tuple[str, ...]
    true_positives: tuple[tuple[int, ...], ...]
    false_positives: tuple[tuple[int, ...], ...]
    false_negatives: tuple[tuple[int, ...], ...]
    surfaces: Surfaces | None = None
    """None: written by version 1, which didn't measure them."""
    calibration: Calibration | None = None
    """None: likewise."""


@dataclass(frozen=True)
class CaseResult:
    """What is measured of one test case."""

    confusion: np.ndarray
    surfaces: CaseSurfaces
    reliability: np.ndarray


def confusion(reference: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Voxels by reference class (row) and predicted class (column), shape ``(classes, classes)``.

    >>> confusion(np.array([0, 1, 1]), np.array([0, 0, 1]), classes=2)
    array([[1, 0],
           [1, 1]])
    """
    table = np.zeros(classes**2, dtype=np.int64)
    reference, predicted = reference.ravel(), predicted.ravel()
    for first in range(0, reference.size, AT_ONCE):
        block = slice(first, first + AT_ONCE)
        pairs = reference[block].astype(np.int64)
        pairs *= classes
        pairs += predicted[block]
        table += np.bincount(pairs, minlength=classes**2)
    return table.reshape(classes, classes)


def evaluate(
    data: Path,
    setting: Setting,
    train: Path,
    members: list[Path],
    out: Path,
    device: str,
    *,
    workers: int = 1,
    progress: Progress | None = None,
    kept: Mapping[str, Path] | None = None,
) -> None:
    """Segment every test case with the ensemble and write what is measured of it to ``out``.

    Segmentation is the argmax of the members' mean logits, on the grid of the resampled image
    (protocol section 2); surfaces and calibration are those of section 6. Until all cases are
    counted, the counts lie in a folder beside ``out``, so that an interrupted evaluation resumes.

    Args:
        data: the prepared dataset.
        setting: gives the kind of inference.
        train: the members' training folder.
        members: one file per fold.
        out: file for the counts.
        device: where to predict, as ``pick_device`` takes it.
        workers: cases to work on at the same time; doesn't affect the counts.
        progress: called after each case.
        kept: files for the segmentations of some cases, int16 ``(Z, Y, X)``, by case id; a case
            that an interrupted evaluation has counted isn't segmented again for it.
    """
    dataset = PreparedDataset(data)
    picked = pick_device(device)
    workers = max(workers, OVERLAPPING) if is_gpu(picked) else workers
    checkpoint = Checkpoint(
        checkpoint_folder(out), partial(_key, dataset, setting, train, tuple(members))
    )
    images = ReadAhead(dataset.image)
    ensemble = _ensemble(setting, train, members, picked, workers)
    measured = map_cases(
        partial(_measure, dataset, ensemble, images, kept or {}),
        [case.id for case in dataset.info.test],
        workers=workers,
        checkpoint=checkpoint,
        announce=images.announce,
        progress=progress,
    )
    write_model(out, _evaluation(dataset, measured))
    checkpoint.discard()


def _ensemble(
    setting: Setting, train: Path, members: list[Path], device: str, workers: int
) -> "Ensemble":
    from nnactive.nnunet.predict.ensemble import Ensemble

    return Ensemble(
        train,
        members,
        device=device,
        tile_step=setting.inference.test_tile_step,
        mirror=setting.inference.test_mirror,
        workers=workers,
    )


def _measure(
    dataset: PreparedDataset,
    ensemble: "Ensemble",
    images: ReadAhead,
    kept: Mapping[str, Path],
    case: str,
) -> CaseResult:
    """What is measured of one test case."""
    predicted, confidence = ensemble.segment(images(case))
    if case in kept:
        write_volume(kept[case], predicted.astype(np.int16), predicted.shape)
    reference = dataset.test_label(case)
    classes, spacing = len(dataset.info.classes), dataset.info.spacing
    return CaseResult(
        confusion(reference, predicted, classes),
        case_surfaces(reference, predicted, classes, spacing, tolerances_of(spacing)),
        count_reliability(reference, predicted, confidence),
    )


def _evaluation(dataset: PreparedDataset, measured: Sequence[CaseResult]) -> Evaluation:
    table = np.stack([case.confusion for case in measured])
    hits = np.diagonal(table, axis1=1, axis2=2)
    tolerances = tolerances_of(dataset.info.spacing)
    return Evaluation(
        cases=tuple(case.id for case in dataset.info.test),
        true_positives=_columns(hits),
        false_positives=_columns(table.sum(axis=1) - hits),
        false_negatives=_columns(table.sum(axis=2) - hits),
        surfaces=surfaces_of([case.surfaces for case in measured], tolerances),
        calibration=calibration_of([case.reliability for case in measured]),
    )


def _key(dataset: PreparedDataset, setting: Setting, train: Path, members: tuple[Path, ...]) -> str:
    """A hash of everything the counts depend on."""
    return key_of(
        [
            dataset.info.checksum,
            setting.inference.model_dump_json(),
            ensemble_identity(train, members),
            code_hash(Evaluation),
        ]
    )


def _columns(rows: np.ndarray) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(int(n) for n in column) for column in rows.T[1:])
