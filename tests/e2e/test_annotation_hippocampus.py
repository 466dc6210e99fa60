"""A project from `init` to `finish` by the real commands, a script drawing the true labels.

What training sees must be what the benchmark itself would train on, voxel for voxel.
"""

import shutil
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from labelling import (
    Benchmark,
    Person,
    annotate,
    chosen,
    command,
    environment,
    trained_on,
)

SHARED = Path(__file__).parents[3] / "shared" / "data" / "hippocampus"
CASES = 6
ROUNDS = 3
PATIENCE = 600.0
"""Seconds until the first network must be trained."""
TINY = (
    *("--rounds", "3", "--epochs", "2", "--iterations", "8", "--folds", "2"),
    *("--base-features", "4", "--batch-size", "2"),
)


@dataclass(frozen=True)
class Walk:
    """A project after three rounds and `finish`."""

    root: Path
    person: Person
    benchmark: Benchmark
    said: dict[str, str]
    """What commands printed."""
    trained: dict[Path, int]
    """Networks that a killed `next` had trained, and when they were written."""


def real_images(folder: Path) -> tuple[Path, Path]:
    """Images without labels, and the labels elsewhere."""
    if not SHARED.is_dir():
        pytest.skip("no ../shared/data/hippocampus on this machine")
    images, truth = folder / "images", folder / "truth"
    images.mkdir()
    truth.mkdir()
    for file in sorted((SHARED / "imagesTr").iterdir())[:CASES]:
        shutil.copyfile(file, images / file.name)
        shutil.copyfile(SHARED / "labelsTr" / file.name, truth / file.name)
    return images, truth


@pytest.fixture(scope="module")
def walk(tmp_path_factory: pytest.TempPathFactory) -> Walk:
    folder = tmp_path_factory.mktemp("annotation")
    images, truth = real_images(folder)
    root = folder / "project"
    person = Person(root, truth, classes=3)
    said: dict[str, str] = {}
    size = ["--patch-mm", "12", "--budget", "6", "--context-mm", "6"]
    annotate("init", root, "--images", images, "--classes", "anterior,posterior", *size, *TINY)

    annotate("next", root)
    first, *rest = sorted(person.cases(0))
    half = rest[:3]
    person.draw(0, half)
    said["half"] = annotate("import", root, "--empty", first).stdout
    said["open"] = annotate("next", root, status=2).stderr
    person.draw(0, rest[3:])
    said["whole"] = annotate("import", root, "--empty", "all").stdout
    said["status"] = annotate("status", root).stdout

    trained = killed_in_training(root)
    annotate("next", root)
    slicer, image, *others = sorted(person.cases(1))
    person.draw_in_slicer(1, slicer)
    person.draw(1, others)
    person.draw(0, [first])  # its --empty was a mistake
    whole = f"{person.cases(1)[image]}={truth / person.cases(1)[image]}.nii.gz"
    said["corrected"] = annotate("import", root).stdout
    annotate("import", root, "--labels", whole)
    annotate("import", root, "--empty", "all")  # where nothing was to be drawn

    annotate("next", root)
    person.draw(2, sorted(person.cases(2)))
    annotate("import", root, "--empty", "all")
    said["status at last"] = annotate("status", root).stdout
    said["done"] = annotate("next", root).stdout
    annotate("finish", root)
    return Walk(root, person, Benchmark(root, truth, images), said, trained)


def killed_in_training(root: Path) -> dict[Path, int]:
    """Kill `next` once a network is trained; when that was written."""
    process = subprocess.Popen(command("next", root), env=environment(), stderr=subprocess.DEVNULL)
    until = time.monotonic() + PATIENCE
    while not (found := list(root.glob("work/runs/*/*/*/*/loop_000/fold_*.pth"))):
        assert process.poll() is None, "ended before a network was trained"
        assert time.monotonic() < until, "no network"
        time.sleep(0.1)
    process.kill()
    process.wait()
    return {file: file.stat().st_mtime_ns for file in found}


@pytest.mark.slow
@pytest.mark.parametrize("number", range(ROUNDS))
def test_training_sees_the_benchmarks_own_partial_labels(walk: Walk, number: int) -> None:
    patches = chosen(walk.root, number)
    first = walk.person.patch(0, "p01")
    seen = trained_on(walk.root, number)
    assert set(seen) == {patch.case for patch in patches}
    for case, label in seen.items():
        wanted = walk.benchmark.partial(case, patches, [first] if number == 0 else [])
        np.testing.assert_array_equal(label, wanted, err_msg=case)


@pytest.mark.slow
def test_a_killed_next_goes_on(walk: Walk) -> None:
    assert walk.trained
    assert {file: file.stat().st_mtime_ns for file in walk.trained} == walk.trained


@pytest.mark.slow
def test_what_was_wrong_and_corrected_shows(walk: Walk) -> None:
    first = walk.person.patch(0, "p01")
    before, after = (trained_on(walk.root, number)[first.case] for number in (0, 1))
    assert not before[first.slices].any()
    assert after[first.slices].any()
    assert "corrected: round_00/p01" in walk.said["corrected"]


@pytest.mark.slow
def test_half_a_round_counts_and_the_rest_is_asked_for(walk: Walk) -> None:
    assert "4 imported" in walk.said["half"]
    assert "2 of 6 patches are open" in walk.said["open"]
    assert "2 imported" in walk.said["whole"]
    assert "6 imported before" not in walk.said["whole"]


@pytest.mark.slow
def test_all_that_was_finished_is_there(walk: Walk) -> None:
    finished = walk.root / "finished"
    images = {file.name for file in walk.benchmark.images.iterdir()}
    predictions = finished / "predictions"
    assert {file.name for file in predictions.glob("*.nii.gz")} == images
    for name in images:
        image, predicted = (
            SimpleITK.ReadImage(str(folder / name))
            for folder in (walk.benchmark.images, predictions)
        )
        assert predicted.GetSize() == image.GetSize()
        assert predicted.GetOrigin() == pytest.approx(image.GetOrigin())
        assert predicted.GetDirection() == pytest.approx(image.GetDirection())
    assert (finished / "report.html").is_file()
    assert len(list(finished.glob("model/*/*/fold_*/checkpoint_final.pth"))) == 2
