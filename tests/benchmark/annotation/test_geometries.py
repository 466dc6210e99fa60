"""From a person's files to what training sees, on grids that are none of the prepared ones.

The prepared grid is another than the files': labels are drawn in the files' and resampled. They
must be what the benchmark makes of a complete label map, voxel for voxel.
"""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from labelling import Benchmark, Person, chosen, next_by_prior
from scipy.spatial.transform import Rotation

from benchmark.annotation.imports.take import import_labels
from benchmark.annotation.project.asked import Asked
from benchmark.annotation.project.begin import begin
from benchmark.annotation.project.places import Places, load_project
from benchmark.annotation.settled import settled
from nnactive.nnunet.store import read_volume
from nnactive.steps.annotate import annotate
from nnactive.streams import stream

TURNED = Rotation.from_euler("xyz", [20, -13, 7], degrees=True).as_matrix()
GRIDS = {
    "oblique and thick": ("a.nii.gz", (9, 40, 36), (5.0, 0.9, 0.9), TURNED),
    "left-handed": ("b.mha", (24, 30, 28), (1.5, 1.2, 1.0), TURNED @ np.diag([1, 1, -1])),
    "flipped": ("c.nrrd", (22, 33, 31), (2.0, 1.0, 1.1), np.diag([-1.0, 1.0, -1.0])),
    "axes swapped": ("d.nii.gz", (30, 26, 28), (1.1, 1.3, 1.2), np.eye(3)[[2, 0, 1]]),
}


def write(folder: Path) -> None:
    """An image of each grid with two classes in it, a margin of zeros around."""
    for number, (name, shape, spacing, direction) in enumerate(GRIDS.values()):
        rng = stream("tests", "geometries", number)
        middle = np.array(shape) / 2
        where = (np.indices(shape).T - middle).T * np.array(spacing)[:, None, None, None]
        far = np.sqrt((where**2).sum(axis=0))
        label = np.where(far < 5, 2, np.where(far < 11, 1, 0)).astype(np.uint8)
        values = rng.normal(50, 10, shape) + 60 * label
        values[:, :2] = values[:, :, -3:] = 0
        for file, array in (
            (folder / "images" / name, values.astype(np.int16)),
            (folder / "truth" / f"{name[0]}.nii.gz", label),
        ):
            file.parent.mkdir(parents=True, exist_ok=True)
            image = SimpleITK.GetImageFromArray(array)
            image.SetSpacing(spacing[::-1])
            image.SetOrigin((-12.5, 40.25, 7.0))
            image.SetDirection(direction.ravel().astype(float).tolist())
            SimpleITK.WriteImage(image, str(file))


@pytest.mark.slow
@pytest.mark.parametrize("view", ["crop", "image"])
def test_training_sees_the_benchmarks_own_partial_labels(tmp_path: Path, view: str) -> None:
    root, truth = tmp_path / "project", tmp_path / "truth"
    write(tmp_path)
    places = Places(root)
    sizes = {"patch_mm": "9,7,8", "spacing": "1.9,1.05,1.0", "budget": 12, "folds": 2}
    asked = Asked(tmp_path / "images", "shell,core", name="grids", view=view, **sizes)
    begin(places, asked, lambda *_: None)
    next_by_prior(places, "core:intensity=90..300")
    person = Person(root, truth, classes=3)
    if view == "crop":
        person.draw(0, sorted(person.cases(0)))
    else:
        person.draw_images(0)
    report = import_labels(places, load_project(root))
    assert len(report.of("imported")) + len(report.of("open")) == 12
    import_labels(places, load_project(root), empty=["all"])

    project = load_project(root)
    known = settled(places, project)
    assert known is not None
    (loop,) = root.glob("work/runs/*/*/*/seed_*/loop_000.json")
    out = tmp_path / "train"
    annotate(places.prepared(project), known.setting(project), project.seed, [loop], None, out)
    benchmark, patches = Benchmark(root, truth, tmp_path / "images"), chosen(root, 0)
    seen = {file.name[0]: read_volume(file)[0] for file in out.glob("*/*/*_seg.b2nd")}
    assert set(seen) == {patch.case for patch in patches} == set("abcd")
    for case, label in seen.items():
        np.testing.assert_array_equal(label, benchmark.partial(case, patches), err_msg=case)
    assert {1, 2} <= {value for label in seen.values() for value in np.unique(label)}
