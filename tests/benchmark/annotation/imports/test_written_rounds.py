"""Rounds as `annotate next` writes them: untouched, nothing is refused; labelled, all is taken."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Literal

import numpy as np
import pytest
import SimpleITK
from projects import BOXES, SHAPES, Built, build, placed

from benchmark.annotation.imports.take import import_labels
from benchmark.annotation.rounds.write import write_round
from nnactive.geometry import Patch
from nnactive.streams import stream

View = Literal["crop", "image"]


@dataclass(frozen=True)
class Predictions:
    def labels(self, case: str) -> np.ndarray:
        label = np.zeros(SHAPES[case], np.uint8)
        label[2:5, 5:9, 5:12] = 1
        return label

    def confidence(self, case: str, box: Sequence[slice]) -> np.ndarray:
        return np.full(SHAPES[case], 0.75, np.float32)[tuple(box)]


def written(root: Path, view: View) -> Built:
    built = build(root, rounds=0, view=view)
    (root / "images").mkdir()
    for case, shape in SHAPES.items():
        image = stream("tests", case).integers(-900, 900, shape).astype(np.int16)
        SimpleITK.WriteImage(placed(built.grid(case), image), str(root / f"images/{case}.nii.gz"))
    patches = [Patch(case, start, size) for case, start, size in BOXES]
    write_round(
        built.places,
        built.project,
        built.sources,
        patches,
        0,
        "random",
        Predictions(),
        lambda *_: None,
    )
    return built


@pytest.mark.parametrize("view", ["crop", "image"])
def test_untouched_nothing_is_taken_or_refused(tmp_path: Path, view: View) -> None:
    built = written(tmp_path, view)
    report = import_labels(built.places, built.project)
    assert {line.outcome for line in report.lines} == {"open"}
    assert len(report.lines) == 3
    assert report.ask is not None
    accepted = import_labels(built.places, built.project, accept=["all"])
    assert len(accepted.of("imported")) == 3
    assert {line.outcome for line in import_labels(built.places, built.project).lines} == {"kept"}


@pytest.mark.parametrize("view", ["crop", "image"])
@pytest.mark.parametrize("ending", [".nii.gz", ".seg.nrrd"])
def test_labelled_in_either_template(tmp_path: Path, view: View, ending: str) -> None:
    built = written(tmp_path, view)
    stem = "p02" if view == "crop" else "case_001"
    file = built.places.round(0) / f"{stem}_label{ending}"
    image = SimpleITK.ReadImage(str(file))
    patch = built.patch("p02")
    corner = np.subtract(patch.box.start, patch.crop.start).tolist()
    for z in range(2):
        for x in range(3):
            image[corner[2] + x, corner[1] + 2, corner[0] + z] = 2
    SimpleITK.WriteImage(image, str(file), useCompression=True)
    late = datetime.now(UTC) + timedelta(seconds=5)
    report = import_labels(built.places, built.project, now=late)
    assert report.of("refused") == ()
    (line,) = report.of("imported")
    assert line.patch == "p02"
    assert "6 tumour" in line.text
    assert report.warnings == ()
