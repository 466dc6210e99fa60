"""`kill -9` at every moment of `import`, and ever later in `next`: nothing is lost, all goes on.

`next` prepares the images, lays the patches down where a person says to look, and writes the round:
all real, but without the workflow's steps, whose kills tests/e2e/test_track.py shows.
"""

import json
import shutil
from pathlib import Path

import kills
import numpy as np
import projects
import pytest
import SimpleITK
from labelling import content, next_by_prior

from benchmark.annotation.imports.take import import_labels
from benchmark.annotation.project.asked import Asked
from benchmark.annotation.project.begin import begin
from benchmark.annotation.project.places import Places, load_project
from nnactive.oracle.drawn import current
from nnactive.streams import stream

LOOK = "ball:intensity=60..200"


def persons(root: Path) -> dict[str, str]:
    """What a person's own files are."""
    return {
        f"{top}/{name}": digest
        for top in ("round_00", "images")
        for name, digest in content(root / top).items()
    }


def labelled(places: Places) -> dict[str, str]:
    """The labels that count, by patch."""
    return {
        f"{folder.parent.name}/{folder.name}": drawn.labels
        for folder, drawn in current(places.labels)
    }


def make_drawn(root: Path) -> projects.Built:
    """A project with two labels to import: a correction, and a patch as 3D Slicer saves it."""
    built = projects.build(root)
    built.draw("p01")
    import_labels(built.places, built.project)
    corrected = built.patch("p01")
    array = built.drawn("p01")
    array[tuple(np.subtract(corrected.box.start, corrected.crop.start))] = 2
    built.save(built.label_file("p01"), array, "case_001", corrected.crop.start)
    built.draw("p03", ".nrrd")
    return built


def take(root: Path) -> None:
    built = Places(root)
    import_labels(built, load_project(root), empty=["p02"])


@pytest.mark.slow
def test_import_is_killed_at_every_moment(tmp_path: Path) -> None:
    take(make_drawn(tmp_path / "whole").places.root)
    wanted = labelled(Places(tmp_path / "whole"))
    origin = make_drawn(tmp_path / "origin").places
    before, earlier = persons(origin.root), labelled(origin)
    assert set(earlier) < set(wanted)
    assert earlier["round_00/p01"] != wanted["round_00/p01"]
    moment = 0
    while True:
        root = tmp_path / f"killed_{moment}"
        shutil.copytree(origin.root, root)
        kept = content(root / "labels")
        if kills.run(lambda root=root: take(root), moment) is not None:
            break
        now = labelled(Places(root))
        assert set(earlier) <= set(now), "an import that was finished is lost"
        assert all(digest in (earlier.get(key), wanted[key]) for key, digest in now.items())
        take(root)
        assert labelled(Places(root)) == wanted
        assert kept.items() <= content(root / "labels").items(), "an import that was kept changed"
        assert persons(root) == before
        shutil.rmtree(root)
        moment += 1
    assert moment > 10


def begun(root: Path) -> Places:
    """A project of three oblique images, whose voxels are resampled."""
    (root / "images").mkdir(parents=True)
    for number in range(3):
        values = stream("tests", "kills", number).normal(0, 10, (8, 14, 16 + number))
        values[3:6, 4:10, 5:11] += 100
        image = SimpleITK.GetImageFromArray(values.astype(np.int16))
        image.SetSpacing((0.8, 0.8, 2.0))
        image.SetDirection(projects.OBLIQUE)
        SimpleITK.WriteImage(image, str(root / "images" / f"case_{number}.nii.gz"))
    places = Places(root)
    sizes = {"patch_mm": "4,4,4", "spacing": "2,1,1", "budget": 5, "folds": 2}
    asked = Asked(root / "images", "ball", name="balls", **sizes)
    begin(places, asked, lambda *_: None)
    return places


@pytest.mark.slow
def test_next_is_killed_ever_later(tmp_path: Path) -> None:
    whole = begun(tmp_path / "whole")
    next_by_prior(whole, LOOK)
    wanted = round_of(whole)
    places = begun(tmp_path / "killed")
    images, done = content(places.root / "images"), dict[str, str]()
    count = 0
    for _ in kills.ever_later(lambda: next_by_prior(places, LOOK), step=5):
        count += 1
        found = content(places.data) if places.data.is_dir() else {}
        arrays = {name: digest for name, digest in found.items() if name.endswith(".b2nd")}
        done |= {name: digest for name, digest in arrays.items() if "/scratch/" not in name}
        assert not places.round(0).exists() or round_of(places) == wanted
    assert count > 5
    assert round_of(places) == wanted
    assert content(places.root / "images") == images
    assert done.items() <= content(places.data).items()
    assert not [file for file in places.root.iterdir() if file.name.startswith(".")]


def round_of(places: Places) -> dict[str, str]:
    """What a round holds, but for the time when it was written."""
    found = content(places.round(0))
    index = json.loads((places.round(0) / "index.json").read_text())
    return found | {"index.json": json.dumps(index | {"written": ""})}
