"""Measuring the size of each class's structures in label maps, one case at a time."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np

from nnactive.data.cards import Card
from nnactive.data.check.case_facts import CaseFacts
from nnactive.data.check.components import largest_boxes
from nnactive.data.check.dataset import look_at_all, refuse_errors
from nnactive.data.prepare.resume import NOTE, Note
from nnactive.data.prepared import PreparedDataset
from nnactive.data.progress import Progress, tracked
from nnactive.data.raw.images import read_volume
from nnactive.data.raw.layout import Found
from nnactive.data.raw.loading import mapped_label
from nnactive.errors import UserError
from nnactive.geometry import Spacing, Triple, as_triple
from nnactive.io.files import read_model
from nnactive.nnunet.planning import describe, target_geometry

STAGE: Final = "measure"
"""Told of with every case."""


@dataclass(frozen=True)
class Boxes:
    """Measurements of a dataset."""

    cases: tuple[np.ndarray, ...]
    """For each case ``(F, 3)``, extents (z, y, x) in voxels at ``spacing``; NaN for classes that
    it lacks."""
    spacing: Spacing
    """mm, (z, y, x), of the resampled image."""
    shapes: dict[str, Triple]
    """``(Z, Y, X)`` of each case's resampled image, pool and test, in the order of ``cases``; for
    raw data it is computed, and of the whole image where that was not opened to crop it."""

    def present(self, case: str) -> tuple[int, ...]:
        """Labels in a case, background included."""
        boxes = self.cases[list(self.shapes).index(case)]
        return (0, *(np.flatnonzero(~np.isnan(boxes[:, 0])) + 1).tolist())


def prepared_boxes(card: Card, dataset: PreparedDataset, progress: Progress) -> Boxes:
    """Sizes in a prepared dataset, pool and test cases alike.

    They were measured in the raw label maps when it was prepared, as ``raw_boxes`` does, so that
    both give the same patch. In datasets that older versions prepared, the resampled label maps are
    measured.

    Raises:
        UserError: it was prepared from another card, or a volume is unreadable.
    """
    info = dataset.info
    if info.source != card.preparation_hash():
        raise UserError(
            f"{dataset.folder}: prepared from another card or version of the dataset; "
            "remove that folder and prepare it again"
        )
    cases = sorted(case.id for case in (*info.pool, *info.test))
    facts = _noted(dataset.folder / NOTE)
    shapes = {case: dataset.shape(case) for case in cases}
    if set(cases) <= set(facts):
        return replace(
            _scaled(card, {case: _measured(facts[case]) for case in cases}), shapes=shapes
        )
    pool = {case.id for case in info.pool}
    found = []
    for case in tracked(progress, STAGE, cases, len(cases)):
        label = dataset.pool_label(case) if case in pool else dataset.test_label(case)
        found.append(largest_boxes(label, len(info.classes)))
    return Boxes(tuple(found), info.spacing, shapes)


def raw_boxes(card: Card, cases: list[Found], progress: Progress) -> Boxes:
    """Measure raw label maps; sizes are scaled to the spacing that a preparation would use.

    Images are opened only if the card leaves the spacing to nnU-Net, whose choice may depend on
    their non-zero boxes.

    Args:
        card: the dataset's card.
        cases: the result of ``scan``.
        progress: receives every case that was measured.

    Raises:
        UserError: a file is unreadable, or a label map has a value that is not the card's.
    """
    if card.spacing is None:
        looked = look_at_all(cases, card, progress, stage=STAGE)
        faults = [fault for case in looked for fault in case.faults]
        refuse_errors(faults, card.name, "nnactive-bench data check")
        return seen_boxes(card, [case.facts for case in looked if case.facts])
    found = {}
    for case in tracked(progress, STAGE, cases, len(cases)):
        volume = read_volume(case.label)
        label = mapped_label(case.label, volume.array, case.values(card))
        box = largest_boxes(label, len(card.classes)) * np.array(volume.spacing)
        found[case.id] = _Measured(box, as_triple(label.shape), volume.spacing)
    return _scaled(card, found)


def seen_boxes(card: Card, facts: Sequence[CaseFacts]) -> Boxes:
    """Sizes in the raw cases that a check has read; the same as ``raw_boxes``."""
    return _scaled(card, {case.id: _measured(case) for case in facts})


@dataclass(frozen=True)
class _Measured:
    """One raw case: extents ``(F, 3)`` in mm, shape ``(Z, Y, X)`` and spacing in mm."""

    box: np.ndarray
    shape: Triple
    """After the crop, where the image was read."""
    spacing: Spacing


def _measured(case: CaseFacts) -> _Measured:
    box = np.array([each or (np.nan,) * 3 for each in case.boxes], float)
    return _Measured(box, case.cropped, case.spacing)


def _scaled(card: Card, cases: Mapping[str, _Measured]) -> Boxes:
    """From extents in mm to voxels of the resampled image."""
    headers = [(card.spacing, (1, 1, 1))] if card.spacing else []
    headers = headers or [(case.spacing, case.shape) for case in cases.values()]
    spacings, shapes = zip(*headers, strict=True)
    description = describe(card.classes, list(card.channels.values()), len(cases))
    target, transpose = target_geometry(card.nnunet_name, description, spacings, shapes)
    found, resampled = [], {}
    for name, case in cases.items():
        found.append(case.box[:, transpose] / np.array(target))
        extent = (np.array(case.shape) * case.spacing)[list(transpose)]
        resampled[name] = as_triple(np.maximum(np.rint(extent / target), 1))
    return Boxes(tuple(found), target, resampled)


def _noted(file: Path) -> Mapping[str, CaseFacts]:
    """What was seen in the raw files; empty for generated datasets and those of older versions."""
    return read_model(file, Note).facts if file.is_file() else {}
