"""A test case after each loop: ground truth beside the ensemble's predictions."""

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from benchmark import layout
from benchmark.pictures.marks import sheet
from benchmark.pictures.scenes import shades
from benchmark.show.page import Page, Section
from benchmark.show.planes import Plane, plane_figure
from benchmark.show.subject import Subject
from nnactive.anatomy.views import views
from nnactive.data.progress import Progress
from nnactive.errors import UserError
from nnactive.io.files import read_model
from nnactive.nnunet.store import read_volume
from nnactive.steps.evaluate import Evaluation


@dataclass(frozen=True)
class Source:
    """Where a loop's prediction comes from."""

    loop: int
    read: Callable[[], np.ndarray]
    """Reads or makes it, ``(Z, Y, X)``."""


def predictions_page(subject: Subject, case: str, device: str, progress: Progress) -> Page:
    """The page, and one sheet.

    Args:
        subject: the experiment.
        case: of the test set.
        device: where to predict what wasn't kept.
        progress: called after each loop.

    Raises:
        UserError: if the experiment isn't finished, there is no such test case, or neither a
            prediction nor an ensemble is left.
    """
    subject.test_case(case)
    _check_finished(subject)
    truth = subject.dataset.test_label(case)
    spacing, toward = subject.dataset.info.spacing, subject.dataset.toward(case)
    planes = [Plane.of(view, truth, spacing) for view in views(toward)]
    image = shades(subject.dataset, subject.dataset.image(case)[0])
    cells = [[plane.drawn(image, None), plane.drawn(image, truth)] for plane in planes]
    loops = []
    for loop, predicted in _predictions(subject, case, device, progress):
        loops.append(loop)
        for row, plane in zip(cells, planes, strict=True):
            row.append(plane.drawn(image, predicted))
    names = ["image", "ground truth", *(f"loop {loop}" for loop in loops)]
    captions = [*names[:2], *(_caption(subject, loop, case) for loop in loops)]
    rows = list(zip(planes, cells, strict=True))
    figures = [
        plane_figure(plane.view, plane.at, case, row, names, captions) for plane, row in rows
    ]
    gone = [str(loop) for loop in range(subject.setting.loops) if loop not in loops]
    missing = f" No predictions or networks are left for loops {', '.join(gone)}." if gone else ""
    return Page(
        title=f"Predictions for {case}",
        lead=f"{subject.name}: the ensemble's segmentation of a test case after each loop."
        + missing,
        notes=[
            "The planes shown have the most classes and, among those, the most foreground.",
            *subject.notes([case]),
        ],
        keys=subject.class_keys(),
        sections=[Section("Ground truth and predictions", "", figures)],
        sheets={"predictions": sheet([(plane.view.name, row) for plane, row in rows], names)},
    )


def _check_finished(subject: Subject) -> None:
    if not (subject.root / layout.result_file(subject.experiment)).is_file():
        raise UserError(
            f"{subject.experiment}: has no result yet; test labels are shown only for "
            "finished experiments, so continue the run"
        )


def _predictions(
    subject: Subject, case: str, device: str, progress: Progress
) -> Iterator[tuple[int, np.ndarray]]:
    """Each loop with its prediction: what was kept, else what the networks predict now."""
    with tempfile.TemporaryDirectory(prefix="nnactive-show-") as scratch:
        sources = list(_sources(subject, case, device, Path(scratch)))
        if not sources:
            raise UserError(
                f"{case}: its predictions weren't kept and the networks are deleted; run the "
                f"track in another --runs folder with --keep-predictions {case}, or with --keep"
            )
        for done, source in enumerate(sources, 1):
            yield source.loop, source.read()
            progress("predictions", done, len(sources))


def _sources(subject: Subject, case: str, device: str, scratch: Path) -> Iterator[Source]:
    """What can be shown, by loop."""
    for loop in range(subject.setting.loops):
        evaluation = subject.root / layout.evaluation_file(subject.experiment, loop)
        kept = layout.prediction_file(evaluation, case)
        members = [
            subject.root / layout.member_file(subject.experiment, loop, fold)
            for fold in range(subject.setting.training.folds)
        ]
        if kept.is_file():
            yield Source(loop, partial(read_volume, kept))
        elif all(member.is_file() for member in members):
            yield Source(loop, partial(_predict, subject, case, loop, members, device, scratch))


def _predict(
    subject: Subject, case: str, loop: int, members: list[Path], device: str, scratch: Path
) -> np.ndarray:
    """Predict a test case as the loop's evaluation did."""
    from nnactive.devices import pick_device
    from nnactive.nnunet.predict.ensemble import Ensemble
    from nnactive.nnunet.training_folder import stand_in

    train = subject.root / layout.train_folder(subject.experiment, loop)
    description = subject.dataset.dataset_json_file
    ensemble = Ensemble(
        stand_in(train, scratch / str(loop), dataset_json_file=description),
        members,
        device=pick_device(device),
        tile_step=subject.setting.inference.test_tile_step,
        mirror=subject.setting.inference.test_mirror,
    )
    return ensemble.labels(subject.dataset.image(case))


def _caption(subject: Subject, loop: int, case: str) -> str:
    """The loop, and the Dice of each class that the case has."""
    file = subject.root / layout.evaluation_file(subject.experiment, loop)
    found = read_model(file, Evaluation)
    place = found.cases.index(case)
    counts = (found.true_positives, found.false_positives, found.false_negatives)
    names = subject.dataset.info.classes[1:]
    parts = []
    for name, *columns in zip(names, *counts, strict=True):
        hits, wrong, missed = (column[place] for column in columns)
        if hits + missed:
            parts.append(f"{name} {2 * hits / (2 * hits + wrong + missed):.2f}")
    return f"loop {loop}; Dice: {', '.join(parts) or 'undefined'}"
