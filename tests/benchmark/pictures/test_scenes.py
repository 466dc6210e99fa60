"""Scenes of a dataset that a person labels: what they have drawn, and nothing before."""

import numpy as np
from livers import Folder, Person

from benchmark.pictures.scenes import scene
from nnactive.data.prepared import PreparedDataset
from nnactive.geometry import Patch


def test_a_scene_shows_what_a_person_has_drawn(tmp_path):
    person = Person(Folder(tmp_path / "project").make())
    patch = Patch("case_1", (5, 4, 3), (6, 4, 5))
    dataset = PreparedDataset(person.folder.out)
    assert not scene(dataset, patch, 2).label.any()
    person.draws(patch)
    found = scene(dataset, patch, 2).label
    wanted = person.benchmark("case_1")[patch.slices]
    assert wanted.any()
    assert np.bincount(found.ravel())[1:].tolist() == np.bincount(wanted.ravel())[1:].tolist()
