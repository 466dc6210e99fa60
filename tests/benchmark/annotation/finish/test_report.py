"""What the report says, without a project's files: curves, sentences, escaping."""

import re

import numpy as np
import pytest

from benchmark.annotation.agreement.calibrated import calibrate
from benchmark.annotation.agreement.counts import change, held_out
from benchmark.annotation.agreement.read import Agreement
from benchmark.annotation.finish.names import dataset_name
from benchmark.annotation.finish.report.content import commands, tell
from benchmark.annotation.finish.report.write import render
from benchmark.annotation.project.model import Project
from benchmark.annotation.project.places import Places
from nnactive.data.unlabelled.source import Image
from nnactive.settings import Training

CASES = [f"ct_{n:02d}" for n in range(12)]


@pytest.fixture
def project() -> Project:
    return Project(
        name="liver-ct",
        folder="images",
        images=tuple(Image(id=case, files=(f"{case}.nii.gz",)) for case in CASES),
        channels={"CT": "ct"},
        classes=("liver", "<tumour>"),
        patch_mm=(30, 30, 30),
        budget=10,
        start="random",
        method="clasp_pe",
    )


def tables(worse: float) -> dict[str, np.ndarray]:
    draw = np.random.default_rng(1)
    found = {}
    for case in CASES:
        lost = int(1000 * worse * draw.uniform(0.5, 1.5))
        found[case] = np.array([[90_000, lost, lost], [lost, 5000, 0], [lost, 0, 1500]])
    return found


@pytest.fixture
def agreement() -> Agreement:
    names = ("liver-ct", 12345)
    steps = np.zeros(256, int)
    steps[200:] = 100
    changes = [change(n, tables(1 / n), dict.fromkeys(CASES, steps), names) for n in (1, 2, 3)]
    evidence = [held_out(n, list(tables(2 / (n + 1)).items()), 4, names) for n in (0, 1, 2)]
    counts = np.zeros((256, 2), int)
    counts[200:, 0], counts[200:, 1] = 30, 70
    return Agreement(
        watched=tuple(CASES),
        changes=tuple(changes),
        held_out=tuple(evidence),
        calibrated=calibrate(counts),
        wrong=0.0123,
    )


def test_it_says_how_much_the_last_round_changed_and_how_sure_to_be(
    tmp_path, project, agreement
) -> None:
    told = tell(Places(tmp_path), project, agreement)
    text = " ".join(told.verdict)
    assert "Round 3 changed the predictions; Dice with the previous: liver 0.9" in text
    assert "In round 3's 12 patches, 4 of them shown with a draft" in text
    assert "the ensemble is overconfident" in text
    assert "limit" not in text
    assert re.search(r"that changed its label: \d+\.\d% \(\d", text)
    assert "about 1.23% of the voxels of the 12 compared images have a wrong label" in text
    assert [len(curve.marks) for chart in told.charts for curve in chart.curves] == [3] * 4
    rising = [mark.y for mark in told.charts[0].curves[0].marks]
    assert rising == sorted(rising, reverse=True), "more agreement is higher up"
    assert all(mark.high <= mark.y <= mark.low for mark in told.charts[0].curves[0].marks)


def test_a_temperature_at_its_limit_is_marked(tmp_path, project, agreement) -> None:
    counts = np.zeros((256, 2), int)
    counts[250:, 0] = 100  # sure, and never right
    found = agreement.model_copy(update={"calibrated": calibrate(counts)})
    text = " ".join(tell(Places(tmp_path), project, found).verdict)
    assert "(temperature 10.00, the limit of those tried; expected calibration error 9" in text
    assert "have a wrong label, a rough figure, as the temperature is at its limit." in text


def test_one_round_compares_nothing(tmp_path, project) -> None:
    told = tell(Places(tmp_path), project, Agreement(watched=tuple(CASES)))
    assert told.verdict == (
        "After one round nothing can be compared: label another round to see what it changes.",
    )
    assert "<svg" not in render(told, [], [])


def test_names_are_escaped_and_nothing_is_loaded(tmp_path, project, agreement) -> None:
    told = tell(Places(tmp_path), project, agreement)
    page = render(told, [], commands(project, "Dataset512_X"))
    assert "<tumour>" not in page
    assert "&lt;tumour&gt;" in page
    assert "http://" not in page
    assert "https://" not in page
    assert "<script" not in page


def test_commands_fit_the_project(project) -> None:
    predict, plan, again = (line for _, line in commands(project, "Dataset512_LiverCt"))
    assert "-d Dataset512_LiverCt -c 3d_fullres -f 0 1 2 3 4" in predict
    assert "-d 512 " in plan
    assert "annotate init" in again
    residual = project.model_copy(update={"training": Training(folds=2, network="resenc_m")})
    assert "-p nnUNetResEncUNetMPlans -f 0 1" in commands(residual, "Dataset512_X")[0][1]


def test_a_datasets_name_is_nnunets_and_the_projects(project) -> None:
    assert dataset_name(project) == dataset_name(project)
    number, name = dataset_name(project).removeprefix("Dataset").split("_")
    assert 500 <= int(number) < 600
    assert name == "LiverCt"
