"""The layouts in which people have the datasets: taken, with the same cases and voxels; or told."""

import gzip
import json
import shutil
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from miniature import NAMES, Miniature, build

from nnactive.data.cards import DATASETS, Card, list_cards, load_card
from nnactive.data.own.structure_sizes import raw_boxes
from nnactive.data.prepare.prepare import prepare
from nnactive.data.raw.convert import convert_case, is_needed
from nnactive.data.raw.known.recognise import identify
from nnactive.data.raw.layout import Found
from nnactive.data.raw.scan import recognised, scan
from nnactive.errors import UserError


@pytest.fixture
def tree(request, tmp_path, monkeypatch) -> Miniature:
    monkeypatch.setenv("NNACTIVE_DATASETS", str(tmp_path / "datasets"))
    made = build(request.param, tmp_path / "archive")
    made.card(tmp_path / "datasets")
    return made


def card_of(tree: Miniature) -> Card:
    return load_card(tree.name)


def as_nnunet(tree: Miniature, folder: Path) -> Path:
    """What nnU-Net's own converter makes of the archive, under its name."""
    card, root = card_of(tree), folder / tree.real.nnunet_name
    for part in ("imagesTr", "labelsTr"):
        (root / part).mkdir(parents=True)
    for case in scan(tree.top, card):
        found = convert_case(case, card, folder.parent / "made by us") if is_needed(card) else case
        shutil.copy(found.files[0], root / "imagesTr" / f"{case.id}_0000.nii.gz")
        shutil.copy(found.label, root / "labelsTr" / f"{case.id}.nii.gz")
    describe(root, max(card.labels.values()))
    return root


def describe(root: Path, highest: int) -> None:
    content = {"name": root.name, "labels": {"background": 0, "last": highest}}
    (root / "dataset.json").write_text(json.dumps(content))


def gunzip(folder: Path) -> None:
    for path in folder.rglob("[!.]*.nii.gz"):
        path.with_suffix("").write_bytes(gzip.decompress(path.read_bytes()))
        path.unlink()


def voxels(cases: list[Found], card: Card, folder: Path) -> dict[str, list[np.ndarray]]:
    """What is prepared of each case, image and label."""
    found = {}
    for case in cases:
        made = convert_case(case, card, folder) if is_needed(card) else case
        read = [SimpleITK.ReadImage(str(path)) for path in (*made.files, made.label)]
        found[case.id] = [
            *(SimpleITK.GetArrayFromImage(image) for image in read),
            *(np.array(image.GetDirection() + image.GetSpacing()) for image in read),
        ]
    return found


def same(one: dict[str, list[np.ndarray]], other: dict[str, list[np.ndarray]]) -> None:
    assert one.keys() == other.keys()
    for case, arrays in one.items():
        for a, b in zip(arrays, other[case], strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-6, err_msg=case)


@pytest.mark.parametrize("tree", NAMES, indirect=True)
def test_nnunets_folder_is_taken(tree, tmp_path) -> None:
    card, root = card_of(tree), as_nnunet(tree, tmp_path / "nnunet")
    assert tree.real.nnunet_name in recognised(root, card)
    assert recognised(tree.top, card) is None
    theirs = voxels(scan(tree.top, card), card, tmp_path / "a")
    same(theirs, voxels(scan(root, card), card, tmp_path / "b"))
    same(theirs, voxels(scan(root.parent, card), card, tmp_path / "c"))
    seen = identify(root)
    assert (seen.card.name, seen.complete) == (tree.name, card.cases)


@pytest.mark.parametrize(
    "tree", ["hippocampus", "lits", "kits", "amos", "word", "acdc", "mama_mia"], indirect=True
)
def test_files_that_somebody_has_uncompressed_are_taken(tree, tmp_path) -> None:
    card = card_of(tree)
    before = voxels(scan(tree.top, card), card, tmp_path / "a")
    gunzip(tree.top)
    same(before, voxels(scan(tree.top, card), card, tmp_path / "b"))
    assert recognised(tree.top, card).endswith(", not compressed")


@pytest.mark.parametrize("tree", ["hippocampus"], indirect=True)
def test_compressed_and_not_at_once_is_refused(tree) -> None:
    card = card_of(tree)
    gunzip(tree.top)
    file = next((tree.top / "Task04_Hippocampus" / "imagesTr").glob("h*.nii"))
    Path(f"{file}.gz").write_bytes(gzip.compress(file.read_bytes()))
    with pytest.raises(UserError, match=rf"{file}: beside it is {file.name}.gz; remove one of"):
        scan(tree.top, card)


@pytest.mark.parametrize("tree", ["mama_mia"], indirect=True)
def test_uncompressed_files_of_mama_mia_are_found_in_either_spelling(tree) -> None:
    card = card_of(tree)
    gunzip(tree.top)
    expert = tree.top / "segmentations" / "expert"
    assert {path.stem for path in expert.iterdir()} > {"duke_001", "ISPY1_1001"}
    assert [case.id for case in scan(tree.top, card)] == sorted(tree.cases)
    missing = tree.top / "images" / "DUKE_001" / "duke_001_0001.nii"
    content = missing.read_bytes()
    missing.unlink()
    with pytest.raises(UserError, match=r"_0001\.nii\.gz: missing, though case 'DUKE_001' has"):
        scan(tree.top, card)
    missing.write_bytes(content)
    other = expert / "DUKE_001.nii"
    shutil.copy(expert / "duke_001.nii", other)
    with pytest.raises(UserError, match=r"duke_001\.nii: beside it is DUKE_001\.nii; remove one"):
        scan(tree.top, card)


@pytest.mark.parametrize("tree", ["acdc"], indirect=True)
@pytest.mark.parametrize("text", [None, "ED: 1\nGroup: DCM\n"])
def test_acdc_needs_no_info(tree, text) -> None:
    card = card_of(tree)
    before = scan(tree.top, card)
    for file in tree.top.rglob("Info.cfg"):
        file.unlink() if text is None else file.write_text(text)
    assert scan(tree.top, card) == before
    assert recognised(tree.top, card) == "ACDC's archive without Info.cfg"


@pytest.mark.parametrize("tree", ["lits"], indirect=True)
@pytest.mark.parametrize("batches", [1, 2])
@pytest.mark.parametrize("compressed", [False, True])
def test_codalabs_lits_is_taken(tree, tmp_path, batches, compressed) -> None:
    card, folder = card_of(tree), tmp_path / "LiTS"
    cases = scan(tree.top, card)
    for number, case in enumerate(cases):
        batch = folder / f"Training {{x}} Batch {number % batches + 1}"
        batch.mkdir(parents=True, exist_ok=True)
        for path, name in ((case.files[0], "volume"), (case.label, "segmentation")):
            shutil.copy(path, batch / f"{name}-{case.id.removeprefix('liver_')}.nii.gz")
    if not compressed:
        gunzip(folder)
    same(voxels(cases, card, tmp_path), voxels(scan(folder, card), card, tmp_path))
    told = "CodaLab's LiTS" + (" in batches" if batches > 1 else "")
    assert recognised(folder, card) == told + ("" if compressed else ", not compressed")
    next(folder.rglob("volume-10.nii*")).unlink()
    with pytest.raises(UserError, match=r"volume-10\.nii\.gz: missing, though case 'liver_10' has"):
        scan(folder, card)


@pytest.mark.parametrize("tree", ["toothfairy2"], indirect=True)
def test_label_values_tell_toothfairys_folders_apart(tree, tmp_path) -> None:
    """As published they go to 48, closed up to 42; a map applied twice would shift teeth."""
    card, published = card_of(tree), tree.top / "Dataset112_ToothFairy2"
    nnunet = as_nnunet(tree, tmp_path / "nnunet")
    before = voxels(scan(tree.top, card), card, tmp_path / "a")
    for file in published.rglob("*.mha"):
        SimpleITK.WriteImage(SimpleITK.ReadImage(str(file)), str(file.with_suffix(".nii.gz")))
        file.unlink()
    assert recognised(published, card) == "Dataset112_ToothFairy2 as NIfTI"
    same(before, voxels(scan(published, card), card, tmp_path / "b"))
    boxes = [raw_boxes(card, scan(root, card), lambda *_: None) for root in (published, nnunet)]
    np.testing.assert_array_equal(boxes[0].cases, boxes[1].cases)
    for harm in (lambda: describe(nnunet, 34), (nnunet / "dataset.json").unlink):
        harm()
        with pytest.raises(UserError, match=r"must be 48 \(.*\) or 42 \(nnU-Net's Dataset119_To"):
            scan(nnunet, card)


@pytest.mark.parametrize("tree", ["amos"], indirect=True)
def test_cases_that_are_not_the_benchmarks_are_left_out(tree, tmp_path) -> None:
    card, root = card_of(tree), as_nnunet(tree, tmp_path / "nnunet")
    for part, name in (("imagesTr", "amos_0008_0000"), ("labelsTr", "amos_0008")):
        (root / part / f"{name}.nii.gz").write_bytes(b"of the validation set")
    assert [case.id for case in scan(root, card)] == sorted(tree.cases)


@pytest.mark.parametrize("tree", ["acdc"], indirect=True)
@pytest.mark.parametrize(
    ("labels", "cause"),
    [
        (
            {"background": 0, "LVC": 1, "MLV": 2, "RV": 3},
            "label 'RV' is 3, but 1 in ACDC; renumber",
        ),
        ({"background": 0, "heart": 1}, "labels go up to 1, but to 3 in ACDC; give the published"),
        ({"background": 0, "whole": [1, 2, 3], "LVC": 3}, None),
        ({"background": 0, "rv": 1, "MYO": 2, "LV": 3}, None),
    ],
)
def test_label_values_in_another_order_are_refused(tree, tmp_path, labels, cause) -> None:
    """nnU-Net's folder is read as it is; swapped classes would be found nowhere else."""
    card, root = card_of(tree), as_nnunet(tree, tmp_path / "nnunet")
    (root / "dataset.json").write_text(json.dumps({"labels": labels}))
    if cause is None:
        assert len(scan(root, card)) == card.cases
        return
    with pytest.raises(UserError, match=rf"dataset\.json: {cause}"):
        scan(root, card)


def kits23(tree, folder):
    for number in (0, 400, 401):
        case = folder / "dataset" / f"case_{number:05d}"
        case.mkdir(parents=True)
        for name in ("imaging", "segmentation"):
            (case / f"{name}.nii.gz").write_bytes(b"x")
    return "KiTS23"


def kits19(tree, folder):
    for case in scan(tree.top, card_of(tree)):
        (folder / "data" / case.id).mkdir(parents=True)
        for path, name in ((case.files[0], "imaging"), (case.label, "segmentation")):
            shutil.copy(path, folder / "data" / case.id / f"{name}.nii.gz")
    return "KiTS19"


def kits23_of_nnunet(tree, folder):
    root = as_nnunet(tree, folder).rename(folder / "Dataset220_KiTS2023")
    for part in ("imagesTr/case_00400_0000", "labelsTr/case_00400"):
        (root / f"{part}.nii.gz").write_bytes(b"x")
    return "KiTS23"


def acdc_testing(tree, folder):
    shutil.copytree(tree.top / "ACDC" / "database" / "testing", folder / "testing")
    return "the test set of ACDC"


def lits_testing(tree, folder):
    folder.mkdir()
    (folder / "test-volume-0.nii").write_bytes(b"x")
    return "the test set of LiTS, which has no labels"


def toothfairy3(tree, folder):
    for part in ("imagesTr", "labelsTr"):
        (folder / part).mkdir(parents=True)
    (folder / "imagesTr" / "ToothFairy3F_001_0000.nii.gz").write_bytes(b"x")
    (folder / "labelsTr" / "ToothFairy3F_001.nii.gz").write_bytes(b"x")
    return "ToothFairy3"


@pytest.mark.parametrize(
    ("tree", "make"),
    [
        ("kits", kits23),
        ("kits", kits19),
        ("kits", kits23_of_nnunet),
        ("acdc", acdc_testing),
        ("lits", lits_testing),
        ("toothfairy2", toothfairy3),
    ],
    indirect=["tree"],
)
def test_what_resembles_it_is_named(tree, make, tmp_path) -> None:
    title = make(tree, tmp_path / "given")
    card = card_of(tree)
    with pytest.raises(UserError) as refusal:
        scan(tmp_path / "given", card)
    assert str(refusal.value) == (
        f"{tmp_path / 'given'}: this is {title}; {card.title} is wanted, give its folder "
        f"(from {card.url})"
    )


@pytest.mark.parametrize("tree", ["hippocampus"], indirect=True)
def test_another_dataset_is_named(tree, tmp_path) -> None:
    other = build("lits", tmp_path / "other")
    other.card(tmp_path / "datasets")
    for wanted in ("hippocampus", "kits", "acdc"):
        card = load_card(wanted)
        with pytest.raises(UserError, match=rf"this is MSD's Task03_Liver; {card.title} is wanted"):
            scan(other.top, card)


@pytest.mark.parametrize("tree", ["hippocampus"], indirect=True)
def test_a_copy_that_is_not_complete_is_told_as_that(tree, tmp_path) -> None:
    card, root = card_of(tree), as_nnunet(tree, tmp_path / "nnunet")
    file = root / "imagesTr" / "hippocampus_003_0000.nii.gz"
    file.unlink()
    with pytest.raises(UserError, match=rf"{file}: missing, though case 'hippocampus_003' has ot"):
        scan(root, card)
    (root / "labelsTr" / "hippocampus_003.nii.gz").unlink()
    with pytest.raises(UserError, match=r"case 'hippocampus_003' is missing \(1 in total\)"):
        scan(root, card)


@pytest.mark.parametrize("tree", ["hippocampus"], indirect=True)
def test_the_prepared_dataset_is_the_same(tree, tmp_path) -> None:
    card, root = card_of(tree), as_nnunet(tree, tmp_path / "nnunet")
    gunzip(root)
    made = [
        prepare(card, raw, tmp_path / name, 1, lambda *_: None)
        for name, raw in (("a", tree.top), ("b", root))
    ]
    assert made[0].checksum == made[1].checksum
    assert [info.layout for info in made] == [
        "",
        "nnU-Net's Dataset004_Hippocampus, not compressed",
    ]
    assert made[0].source == made[1].source == card.preparation_hash()


def test_the_first_layout_of_a_card_is_its_archives_unless_that_is_no_nifti() -> None:
    for name in list_cards():
        card = load_card(name)
        if card.folder.parent == DATASETS and card.download:
            assert card.layouts
            assert any(card.nnunet_name in one.title for one in card.layouts.known)


@pytest.mark.parametrize(
    ("layout", "cause"),
    [
        ({"label": "/abs/{}", "images": ["i/{}"]}, "layouts.known.0.label"),
        ({"label": "l/all", "images": ["i/{}"]}, "layouts.known.0.label"),
        ({"label": "l/{}", "images": ["*/{}"]}, "must not have more"),
        ({"label": "l/{}", "images": []}, "layouts.known.0.images"),
        ({"label": "l_{}/x", "images": ["i/{}"]}, "'case' is required"),
        ({"label": "l/{}", "images": ["i/{}"], "case": "a/{}"}, "layouts.known.0.case"),
    ],
)
def test_a_layout_that_can_not_be(layout, cause, tmp_path, monkeypatch) -> None:
    monkeypatch.setenv("NNACTIVE_DATASETS", str(tmp_path / "datasets"))
    tree = build("hippocampus", tmp_path / "archive")
    with pytest.raises(UserError, match=cause):
        tree.card(tmp_path / "datasets", layouts={"known": [{"title": "x"} | layout]})
