"""The complete preparation of every dataset, from a stand-in for its archive."""

import json
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from miniature import NAMES, Miniature, build

from nnactive.data.cards import Card
from nnactive.data.own.guide import derive
from nnactive.data.own.structure_sizes import prepared_boxes, raw_boxes
from nnactive.data.prepare.prepare import prepare
from nnactive.data.prepared import PreparedDataset, PreparedInfo
from nnactive.data.raw.convert import convert_case
from nnactive.data.raw.scan import scan
from nnactive.data.verify import verify
from nnactive.errors import UserError

TEST_CASES = {
    # By the authors' list: patient 1. By the rule: two of eight.
    "acdc": ["patient001_frame01", "patient001_frame12"],
    "lits": ["liver_100", "liver_11"],
}


class Done:
    """One dataset, built and prepared."""

    def __init__(self, folder: Path, name: str) -> None:
        self.tree: Miniature = build(name, folder / "archive")
        self.card: Card = self.tree.card(folder / "datasets")
        self.info: PreparedInfo = prepare(
            self.card, self.tree.top, folder / name, 2, lambda *_: None
        )
        self.data = PreparedDataset(folder / name)


@pytest.fixture(scope="module", params=NAMES)
def done(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(request.param)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NNACTIVE_DATASETS", str(folder / "datasets"))
        yield Done(folder, request.param)


def test_the_cases_are_those_of_the_archive_that_are_used(done):
    found = [case.id for case in (*done.info.pool, *done.info.test)]
    assert sorted(found) == sorted(done.tree.cases)
    assert (len(done.info.pool), len(done.info.test)) == (6, 2)
    assert done.info.name == done.tree.name


def test_the_split_is_the_cards(done):
    assert done.info.split_kind == ("authors" if done.tree.name == "acdc" else "rule")
    expected = TEST_CASES.get(done.tree.name)
    if expected:
        assert [case.id for case in done.info.test] == expected
    assert [case.id for case in done.info.pool] == sorted(case.id for case in done.info.pool)


def test_all_cases_lie_at_the_target_spacing(done):
    assert done.info.spacing == done.tree.real.spacing
    for name, case in done.tree.cases.items():
        expected = tuple(
            round(n * a / b)
            for n, a, b in zip(case.label.shape, case.spacing, done.info.spacing, strict=True)
        )
        assert done.data.shape(name) == expected, name
        assert done.data.image(name).shape == (1, *expected)


def test_labels_hold_every_class_where_it_lay(done):
    spacing = done.info.spacing
    pool = {case.id for case in done.info.pool}
    for name, case in done.tree.cases.items():
        label = done.data.pool_label(name) if name in pool else done.data.test_label(name)
        assert set(np.unique(label)) == set(np.unique(case.label)), name
        if case.spacing == spacing:
            np.testing.assert_array_equal(label, case.label)
        # The nearest raw voxel of each resampled one, apart from the classes' borders.
        index = [
            np.clip(((np.arange(n) + 0.5) * b / a).astype(int), 0, m - 1)
            for n, m, a, b in zip(label.shape, case.label.shape, case.spacing, spacing, strict=True)
        ]
        assert (label == case.label[np.ix_(*index)]).mean() > 0.9, name


def test_images_follow_the_cases_own_intensities(done):
    for name, case in done.tree.cases.items():
        image = done.data.image(name)[0]
        assert image.dtype == np.float32
        label = done.data.pool_label(name) if name in pool_of(done) else done.data.test_label(name)
        low, high = (image[label == value].mean() for value in (0, len(done.info.classes) - 1))
        assert low < high, name
        if done.card.channels == {"CT": "ct"}:
            continue
        scaled = (case.image - case.image.mean()) / case.image.std()
        if case.spacing == done.info.spacing:
            np.testing.assert_allclose(image, scaled, atol=2e-3)


def pool_of(done):
    return {case.id for case in done.info.pool}


def test_plans_are_of_the_resampled_pool(done):
    plans = json.loads(done.data.plans_file.read_text())
    description = json.loads(done.data.dataset_json_file.read_text())
    assert plans["dataset_name"] == done.tree.real.nnunet_name
    assert tuple(plans["configurations"]["3d_fullres"]["spacing"]) == done.info.spacing
    assert description["numTraining"] == 6
    assert description["labels"]["ignore"] == len(done.tree.real.labels)
    assert list(description["labels"])[:-1] == list(done.tree.real.labels)


def test_nothing_is_left_of_the_work(done):
    assert not (done.data.folder / "scratch").exists()


@pytest.fixture
def tree(request, tmp_path, monkeypatch):
    monkeypatch.setenv("NNACTIVE_DATASETS", str(tmp_path / "datasets"))
    made = build(request.param, tmp_path / "archive")
    made.card(tmp_path / "datasets")
    return made


@pytest.mark.parametrize(
    ("tree", "inner"),
    [
        ("acdc", "ACDC/database"),
        ("acdc", "ACDC/database/training"),
        ("kits", "kits21"),
        ("kits", "kits21/data"),
        ("hippocampus", "Task04_Hippocampus"),
        ("lits", "Task03_Liver/imagesTr"),
        ("mama_mia", "segmentations"),
    ],
    indirect=["tree"],
)
def test_any_folder_of_the_archive_will_do(tree, inner, tmp_path):
    card = tree.card(tmp_path / "datasets")
    assert scan(tree.top / inner, card) == scan(tree.top, card)


@pytest.mark.parametrize("tree", ["amos"], indirect=True)
def test_a_browsers_second_copy_is_refused_by_name(tree, tmp_path):
    copy = tree.top / "amos22" / "imagesTr" / "amos_0001 (1).nii.gz"
    copy.write_bytes(b"a copy")
    with pytest.raises(UserError, match=r"amos_0001 \(1\)\.nii\.gz: not named as .*; remove it"):
        scan(tree.top, tree.card(tmp_path / "datasets"))


@pytest.mark.parametrize("tree", ["mama_mia"], indirect=True)
def test_phases_on_two_grids_are_refused(tree, tmp_path):
    file = next((tree.top / "images" / "DUKE_001").glob("*_0001.nii.gz"))
    image = SimpleITK.ReadImage(str(file))
    image.SetOrigin((50, 50, 50))
    SimpleITK.WriteImage(image, str(file))
    with pytest.raises(UserError, match=f"{file.name}: doesn't match .*_0000.nii.gz: origin"):
        converted(tree, tmp_path)


@pytest.mark.parametrize("tree", ["lits"], indirect=True)
def test_ids_are_sorted_as_text(tree, tmp_path):
    cases = [case.id for case in scan(tree.top, tree.card(tmp_path / "datasets"))]
    assert cases[:4] == ["liver_0", "liver_1", "liver_10", "liver_100"]


def converted(tree, tmp_path):
    card = tree.card(tmp_path / "datasets")
    return {
        case.id: convert_case(case, card, tmp_path / "converted") for case in scan(tree.top, card)
    }


@pytest.mark.parametrize("tree", ["toothfairy2", "mama_mia"], indirect=True)
def test_converted_files_keep_the_geometry_and_hold_small_labels(tree, tmp_path):
    card = tree.card(tmp_path / "datasets")
    sources = {case.id: case for case in scan(tree.top, card)}
    for name, files in converted(tree, tmp_path).items():
        label = SimpleITK.ReadImage(str(files.label))
        image = SimpleITK.ReadImage(str(files.files[0]))
        source = SimpleITK.ReadImage(str(sources[name].files[0]))
        assert label.GetPixelID() == SimpleITK.sitkUInt8
        assert image.GetPixelID() == SimpleITK.sitkInt16
        case = tree.cases[name]
        np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(label), case.label)
        np.testing.assert_array_equal(SimpleITK.GetArrayFromImage(image), case.image)
        for part in (label, image):
            for get in ("GetSpacing", "GetOrigin", "GetDirection"):
                wanted = getattr(source, get)()
                np.testing.assert_allclose(getattr(part, get)(), wanted, rtol=1e-6, atol=1e-6)


@pytest.mark.parametrize("tree", ["toothfairy2"], indirect=True)
def test_toothfairy2_is_converted_as_by_nnunet(tree, tmp_path):
    from nnunetv2.dataset_conversion import Dataset119_ToothFairy2_All as theirs

    for name, files in converted(tree, tmp_path).items():
        root = tree.top / "Dataset112_ToothFairy2"
        image, label = tmp_path / "image.nii.gz", tmp_path / "label.nii.gz"
        theirs.image_to_nifi(str(root / "imagesTr" / f"{name}_0000.mha"), str(image))
        source = root / "labelsTr" / f"{name}.mha"
        theirs.label_mapping(str(source), str(label), theirs.mapping_DS119())
        assert_same_image(files.files[0], image)
        assert_same_image(files.label, label)


@pytest.mark.parametrize("tree", ["acdc"], indirect=True)
def test_acdc_is_found_as_by_nnunet(tree, tmp_path):
    from nnunetv2.dataset_conversion.Dataset027_ACDC import copy_files

    images, labels, test = (tmp_path / part for part in ("images", "labels", "test"))
    for folder in (images, labels, test):
        folder.mkdir()
    assert copy_files(tree.top / "ACDC" / "database", images, labels, test) == 8
    cases = scan(tree.top, tree.card(tmp_path / "datasets"))
    assert {f"{case.id}_0000.nii.gz" for case in cases} == {p.name for p in images.iterdir()}
    assert "patient090_frame04" in {case.id for case in cases}
    for case in cases:
        assert_same_image(case.files[0], images / f"{case.id}_0000.nii.gz")
        assert_same_image(case.label, labels / f"{case.id}.nii.gz")


def assert_same_image(a, b):
    a, b = (SimpleITK.ReadImage(str(path)) for path in (a, b))
    np.testing.assert_array_equal(*(SimpleITK.GetArrayFromImage(i) for i in (a, b)))
    for get in ("GetSpacing", "GetOrigin", "GetDirection"):
        np.testing.assert_allclose(getattr(a, get)(), getattr(b, get)(), rtol=1e-6)


def test_it_is_whole_but_not_the_real_test_set(done):
    findings = verify(done.card, done.data, lambda *_: None)
    failed = [finding.what for finding in findings if not finding.ok]
    known = done.card.fingerprints
    tells = known.authors_test if done.card.split.kind == "authors" else known.rule_test
    assert failed == (["test set"] if tells else [])


def test_the_guideline_measures_raw_and_prepared_labels_alike(done):
    cases = scan(done.tree.top, done.card)
    raw = raw_boxes(done.card, cases, lambda *_: None)
    prepared = prepared_boxes(done.card, done.data, lambda *_: None)
    assert raw.spacing == prepared.spacing
    # A raw box is scaled, a prepared one has whole voxels.
    np.testing.assert_allclose(raw.cases, prepared.cases, atol=1)
    classes = done.card.classes[1:]
    guide = derive(classes, raw.cases, raw.spacing, (classes[0],))
    assert guide.patches_per_loop == 50 * len(classes) + 50
