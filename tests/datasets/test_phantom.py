import json

import numpy as np
import pytest
import SimpleITK

from nnactive.data.cards import load_card
from nnactive.data.prepare.prepare import prepare
from nnactive.data.prepared import PreparedDataset
from nnactive.data.raw.scan import scan
from nnactive.streams import stream

LESION = 3


def generate(folder):
    namespace = {}
    script = load_card("phantom").generator
    exec(compile(script.read_text(), str(script), "exec"), namespace)  # noqa: S102
    namespace["generate"](folder, stream)
    return namespace


def read(path):
    return SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(path)))


@pytest.fixture(scope="module")
def raw(tmp_path_factory):
    folder = tmp_path_factory.mktemp("phantom")
    generate(folder)
    return folder


def test_it_is_a_raw_folder_of_its_card(raw):
    card = load_card("phantom")
    assert len(scan(raw, card)) == card.cases
    description = json.loads((raw / "dataset.json").read_text())
    assert description["labels"] == card.labels
    assert description["numTraining"] == card.cases


def test_it_is_the_same_each_time_and_case_by_case(raw, tmp_path):
    volume = generate(tmp_path)["volume"]
    for path in sorted((raw / "imagesTr").iterdir()):
        np.testing.assert_array_equal(read(path), read(tmp_path / "imagesTr" / path.name))
    image, label = volume(stream("phantom", "generate", "phantom_017"))
    np.testing.assert_array_equal(image, read(raw / "imagesTr" / "phantom_017_0000.nii.gz"))
    np.testing.assert_array_equal(label, read(raw / "labelsTr" / "phantom_017.nii.gz"))


def test_the_lesion_is_rare_and_a_random_patch_often_misses_it(raw):
    rng = stream("tests", "phantom")
    size, found, shapes = 10, [], set()
    for path in sorted((raw / "labelsTr").iterdir()):
        label = read(path)
        shapes.add(label.shape)
        assert set(np.unique(label)) == {0, 1, 2, 3}, path.name
        counts = np.bincount(label.ravel(), minlength=4)
        assert counts[LESION] >= 10
        assert counts[LESION] / label.size < 0.01
        assert counts[0] > counts[1] > counts[2] > counts[3]
        for _ in range(100):
            z, y, x = (int(rng.integers(n - size + 1)) for n in label.shape)
            found.append((label[z : z + size, y : y + size, x : x + size] == LESION).any())
    assert 0.2 < np.mean(found) < 0.6
    assert len(shapes) > 20
    assert {n for shape in shapes for n in shape} <= set(range(20, 25))


def test_intensity_alone_does_not_quite_tell_the_classes(raw):
    hits = np.zeros(4)
    for path in sorted((raw / "labelsTr").iterdir()):
        label = read(path)
        image = read(raw / "imagesTr" / path.name.replace(".nii", "_0000.nii"))
        means = np.array([image[label == c].mean() for c in range(4)])
        nearest = np.abs(image[..., None] - means).argmin(axis=-1)
        for c in range(4):
            both = ((nearest == c) & (label == c)).sum()
            hits[c] += 2 * both / ((nearest == c).sum() + (label == c).sum()) / 32
    assert hits[1] > 0.7
    assert hits[2] < 0.92
    assert hits[3] < 0.93


def test_it_prepares_itself_with_a_fixed_split(tmp_path):
    info = prepare(load_card("phantom"), None, tmp_path / "phantom", 2, lambda *_: None)
    assert (len(info.pool), len(info.test)) == (24, 8)
    numbers = [int(case.id[-3:]) for case in info.test]
    assert numbers == [1, 13, 19, 23, 24, 27, 29, 32]
    dataset = PreparedDataset(tmp_path / "phantom")
    assert dataset.image("phantom_001").shape == (1, *dataset.test_label("phantom_001").shape)
