import re
from pathlib import Path

import numpy as np
import pytest
from replayed import Run
from support import Loop

from benchmark import layout
from benchmark.cli.main import main
from benchmark.pictures.colours import CLASSES, rgb
from benchmark.show import planes, predictions
from benchmark.show.predictions import predictions_page
from benchmark.show.subject import Subject
from nnactive.anatomy.views import views
from nnactive.errors import UserError
from nnactive.io.files import read_model
from nnactive.nnunet.predict.ensemble import Ensemble
from nnactive.nnunet.store import write_volume
from nnactive.steps.evaluate import Evaluation


def quiet(*_: object) -> None:
    """No progress."""


@pytest.fixture
def finished(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> Subject:
    """A stand-in for a finished experiment: only its result's presence is asked for."""
    monkeypatch.setattr(predictions, "_check_finished", lambda _: None)
    return subject


@pytest.fixture
def case(subject: Subject) -> str:
    return subject.dataset.info.test[0].id


def kept_file(subject: Subject, loop: int, case: str) -> Path:
    evaluation = subject.root / layout.evaluation_file(subject.experiment, loop)
    return layout.prediction_file(evaluation, case)


def coloured(pixels: np.ndarray, value: int) -> np.ndarray:
    """Where the contour of a class is."""
    return (pixels == rgb(CLASSES[value - 1])).all(axis=2)


def test_networks_that_are_there_predict_what_their_evaluation_did(
    finished: Subject, loop0: Loop, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen = []
    drawn = planes.Plane.drawn

    def watched(plane: object, image: np.ndarray, label: np.ndarray | None) -> np.ndarray:
        seen.append(label)
        return drawn(plane, image, label)

    monkeypatch.setattr(planes.Plane, "drawn", watched)
    page = predictions_page(finished, case, "cpu", quiet)
    ensemble = Ensemble(loop0.train, loop0.members, device="cpu", tile_step=1.0, mirror=False)
    expected = ensemble.labels(finished.dataset.image(case))
    assert np.array_equal(seen[-1], expected)
    assert page.lead.endswith(" No predictions or networks are left for loops 1, 2.")
    (section,) = page.sections
    for figure in section.figures:
        names = [each.alt.partition(" of ")[0] for each in figure.pictures]
        assert names == ["image", "ground truth", "loop 0"]
    assert set(page.sheets) == {"predictions"}


def test_a_kept_prediction_is_shown_and_its_dice_told(finished: Subject, case: str) -> None:
    truth = finished.dataset.test_label(case)
    file = kept_file(finished, 0, case)
    write_volume(file, truth, truth.shape)
    try:
        page = predictions_page(finished, case, "cpu", quiet)
    finally:
        file.unlink()
    evaluation = finished.root / layout.evaluation_file(finished.experiment, 0)
    found = read_model(evaluation, Evaluation)
    place = found.cases.index(case)
    for figure in page.sections[0].figures:
        image, reference, predicted = figure.pictures
        assert (predicted.pixels == reference.pixels).all()
        assert coloured(reference.pixels, 1).any()
        assert not coloured(image.pixels, 1).any()
        told = dict(re.findall(r"(\w+) (\d\.\d\d)", predicted.caption))
        for number, name in enumerate(finished.dataset.info.classes[1:]):
            hits = 2 * found.true_positives[number][place]
            wrong = found.false_positives[number][place] + found.false_negatives[number][place]
            assert told[name] == f"{hits / (hits + wrong):.2f}"


def test_planes_go_through_most_classes(finished: Subject, case: str) -> None:
    truth = finished.dataset.test_label(case)
    page = predictions_page(finished, case, "cpu", quiet)
    for figure in page.sections[0].figures:
        axis, at = re.fullmatch(r"plane, ([zyx]) = (\d+)", figure.text).groups()
        cuts = np.moveaxis(truth, "zyx".index(axis), 0)
        classes = [len(np.unique(cut)) for cut in cuts]
        assert classes[int(at)] == max(classes)


def test_thick_slices_look_thick_and_nothing_is_mirrored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planes, "lettered", lambda picture, _: picture)
    label = np.zeros((6, 30, 30), np.int16)
    label[4:, 20:, :10] = 1  # superior, posterior, right
    for view, (upper, left) in zip(
        views("SPL"), [(False, True), (True, True), (True, False)], strict=True
    ):
        at = {0: 5, 1: 25, 2: 5}[view.axis]
        plane = planes.Plane(view, at, (5.0, 1.0, 1.0))
        pixels = plane.drawn(np.ones(label.shape, np.float32), label)
        assert pixels.any(axis=2).all()  # 30 mm by 30 mm fill the square
        rows, columns = np.nonzero(coloured(pixels, 1))
        middle = planes.PIXELS / 2
        assert ((rows < middle).all(), (columns < middle).all()) == (upper, left), view.name


def test_test_labels_are_shown_of_finished_experiments_only(
    subject: Subject, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    def never(*_: object) -> np.ndarray:
        raise AssertionError("a test label is read")

    monkeypatch.setattr(type(subject.dataset), "test_label", never)
    with pytest.raises(UserError, match="has no result yet; test labels are shown only for"):
        predictions_page(subject, case, "cpu", quiet)


def test_without_predictions_and_networks_there_is_a_way_out(
    finished: Subject, case: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(predictions, "_sources", lambda *_: [])
    with pytest.raises(UserError) as refusal:
        predictions_page(finished, case, "cpu", quiet)
    assert str(refusal.value) == (
        f"{case}: its predictions weren't kept and the networks are deleted; run the track in "
        f"another --runs folder with --keep-predictions {case}, or with --keep"
    )


def test_a_case_of_the_pool_is_refused(
    shown: Run, subject: Subject, capsys: pytest.CaptureFixture[str]
) -> None:
    case = subject.dataset.info.pool[0].id
    places = ["--data", str(shown.data), "--runs", str(shown.root.parent)]
    assert main(["show", "predictions", "tiny/bald", "--case", case, *places]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"error: {case}: not a test case of phantom; choose from phantom_")
