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
    size, found, shapes = 4, [], set()
    for path in sorted((raw / "labelsTr").iterdir()):
        label = read(path)
        shapes.add(label.shape)
        assert set(np.unique(label)) == {0, 1, 2, 3}, path.name
        counts = np.bincount(label.ravel(), minlength=4)
        assert counts[LESION] >= 10
        assert counts[LESION] / label.size < 0.025
        assert counts[0] > counts[1] > max(counts[2], counts[3])
        for _ in range(100):
            z, y, x = (int(rng.integers(n - size + 1)) for n in label.shape)
            found.append((label[z : z + size, y : y + size, x : x + size] == LESION).any())
    assert 0.1 < np.mean(found) < 0.3
    assert len(shapes) > 15
    assert {n for shape in shapes for n in shape} <= set(range(15, 18))


def test_a_lesion_is_bright_or_dark_and_one_of_them_does_not_show_both(raw):
    kinds = []
    for path in sorted((raw / "labelsTr").iterdir()):
        label = read(path)
        image = read(raw / "imagesTr" / path.name.replace(".nii", "_0000.nii"))
        levels = [image[label == c].mean() for c in range(4)]
        assert levels[0] < levels[1] < levels[2], path.name
        kinds.append("bright" if levels[LESION] > levels[2] else "dark")
        assert levels[LESION] > levels[2] or levels[LESION] < levels[0], path.name
    for kind in ("bright", "dark"):
        assert kinds.count(kind) >= 8


def test_it_prepares_itself_with_a_fixed_split(tmp_path):
    info = prepare(load_card("phantom"), None, tmp_path / "phantom", 2, lambda *_: None)
    assert (len(info.pool), len(info.test)) == (24, 8)
    numbers = [int(case.id[-3:]) for case in info.test]
    assert numbers == [1, 13, 19, 23, 24, 27, 29, 32]
    dataset = PreparedDataset(tmp_path / "phantom")
    assert dataset.image("phantom_001").shape == (1, *dataset.test_label("phantom_001").shape)
