"""Labels that aren't 0, 1, 2, ...: each refusal names a way to a dataset, and the way is open."""

import json
import shutil

import numpy as np
import pytest
import SimpleITK

from benchmark.cli.main import main
from nnactive.data.cards import load_card
from nnactive.data.own.add import describe_raw
from nnactive.data.own.own_labels import read_mapping
from nnactive.data.prepare.prepare import prepare
from nnactive.errors import UserError

LABELS = {"background": 0, "ball": 1, "dot": 2}


@pytest.fixture
def raw(tiny):
    shutil.rmtree(tiny.datasets, ignore_errors=True)
    folder = tiny.raw.with_name("Dataset123_Knees")
    tiny.raw.rename(folder)
    describe(folder, LABELS)
    return folder


def describe(folder, labels):
    content = {
        "channel_names": {"0": "MRI"},
        "labels": labels,
        "numTraining": 8,
        "file_ending": ".nii.gz",
    }
    (folder / "dataset.json").write_text(json.dumps(content))


def relabel(tiny, raw, values):
    """Write ``values[k]`` for label k into every label map."""
    for number in range(1, 9):
        label = np.array(values, np.int16)[tiny.case(number)[1]]
        tiny.write(raw / "labelsTr" / f"tiny_{number}.nii.gz", label, (2, 1, 1))


def run(capsys, *arguments):
    code = main(["data", "add", *map(str, arguments)])
    told = capsys.readouterr()
    return code, told.out + told.err


@pytest.mark.parametrize(
    ("values", "labels", "hint", "label_map"),
    [
        ((0, 1, 255), LABELS, "--map 255=2", {1: 1, 255: 2}),
        ((0, 100, 255), LABELS, "--map 100=1,255=2", {100: 1, 255: 2}),
        ((0, 1, 4), {"background": 0, "ball": 1, "dot": 4}, "--map 4=2", {1: 1, 4: 2}),
        ((0, 2, 5), {"background": 0, "dot": 5, "ball": 2}, "--map 2=1,5=2", {2: 1, 5: 2}),
        ((0, 1, -1), LABELS, "--map -1=2", {-1: 2, 1: 1}),
        ((0, -2, -1), {"background": 0, "ball": -2, "dot": -1}, "--map -2=1,-1=2", {-2: 1, -1: 2}),
    ],
)
def test_the_way_that_is_named_leads_to_the_same_dataset(
    tiny, raw, whole, capsys, tmp_path, values, labels, hint, label_map
):
    relabel(tiny, raw, values)
    describe(raw, labels)
    code, told = run(capsys, raw)
    assert code == 2
    assert hint in told
    assert "card" not in told.split("error: ")[1]
    code, told = run(capsys, raw, *hint.split())
    assert code == 0, told
    card = load_card("knees")
    assert (card.label_map, card.labels) == (label_map, LABELS)
    info = prepare(card, raw, tmp_path / "data" / "knees", 1, lambda *_: None)
    assert info.checksum == whole.checksum


def test_a_second_foreign_value_keeps_the_first_ones_label(tiny, raw, capsys):
    relabel(tiny, raw, (0, 7, 9))
    code, told = run(capsys, raw, "--map", "7=1")
    assert code == 2
    assert "such as --map 7=1,9=2" in told


def test_labels_that_are_not_whole_have_no_mapping(tiny, raw, capsys):
    label = tiny.case(1)[1] + np.float32(0.5)
    tiny.write(raw / "labelsTr" / "tiny_1.nii.gz", label, (2, 1, 1))
    code, told = run(capsys, raw)
    assert code == 2
    assert "and not whole; fix or replace the file" in told
    assert "--map" not in told


def test_once_there_is_a_card_its_field_is_named(tiny, raw, capsys, tmp_path):
    run(capsys, raw)
    relabel(tiny, raw, (0, 1, 7))
    with pytest.raises(UserError, match=r"give the card a 'label_map' with the label of every"):
        prepare(load_card("knees"), raw, tmp_path / "data" / "knees", 1, lambda *_: None)


def test_rounded_labels_are_noted(tiny, raw, capsys):
    label = tiny.case(1)[1] + np.float32(1e-4)
    tiny.write(raw / "labelsTr" / "tiny_1.nii.gz", label, (2, 1, 1))
    code, told = run(capsys, raw)
    assert code == 0
    assert "note: labels: tiny_1.nii.gz: label values differ" in told


@pytest.mark.parametrize(
    ("labels", "cause"),
    [
        (
            {"0": "background", "1": "ball"},
            r'the wrong way round; write {"background": 0, "ball": 1}$',
        ),
        (
            {"background": 0, "whole": [1, 2], "core": [2]},
            r'regions overlap; .* write {"background": 0, "part1": 1, "part2": 2}, with names',
        ),
        (
            LABELS | {"ignore": 3},
            r"only cases without the value 3 and remove 'ignore', or give --map 3=0 if",
        ),
        ({"background": 0, "a": 2, "b": 2}, r"give each class a value of its own"),
        ({"background": 0, "a": True}, r"'a' must be one whole number, not True; correct it"),
        ({"background": 0, "a": "1"}, r'not .1.; write {"background": 0, "a": 1}$'),
    ],
)
def test_labels_of_which_no_dataset_can_be_made_name_one_that_can(raw, labels, cause):
    describe(raw, labels)
    with pytest.raises(UserError, match=cause) as refusal:
        describe_raw(raw)
    assert str(refusal.value).startswith(f"{raw / 'dataset.json'}: field 'labels': ")


def test_ignored_voxels_can_be_declared_background(tiny, raw, capsys):
    describe(raw, LABELS | {"ignore": 3})
    label = tiny.case(1)[1]
    label[0, 0, 0] = 3
    tiny.write(raw / "labelsTr" / "tiny_1.nii.gz", label, (2, 1, 1))
    code, told = run(capsys, raw, "--map", "3=0")
    assert code == 0, told
    assert load_card("knees").label_map == {1: 1, 2: 2, 3: 0}


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("255", "--map: '255' isn't VALUE=LABEL"),
        ("a=1", "--map: 'a=1' isn't VALUE=LABEL"),
        ("1=2,1=3", "--map: 1 has two labels; give one"),
    ],
)
def test_a_wrong_mapping_is_told(text, cause):
    with pytest.raises(UserError, match=cause):
        read_mapping(text)


def test_a_mapping_is_read():
    assert read_mapping("255=1, -3=0") == {255: 1, -3: 0}
    assert read_mapping(None) == {}


def test_a_label_that_is_none_is_refused(raw):
    with pytest.raises(UserError, match=r"--map: 7 is no label; those of .*json are 0 to 2"):
        describe_raw(raw, mapping={255: 7})


def names(raw):
    return sorted(path.name for path in (raw / "imagesTr").iterdir())


def test_rename_adds_the_channel(tiny, raw, capsys):
    before = names(raw)
    for path in (raw / "imagesTr").iterdir():
        path.rename(path.with_name(path.name.replace("_0000", "")))
    code, told = run(capsys, raw)
    assert code == 2
    assert f"'nnactive-bench data add {raw} --rename' adds _0000 to all names" in told
    code, told = run(capsys, raw, "--rename")
    assert code == 0, told
    assert "8 images renamed" in told
    assert names(raw) == before


def test_rename_moves_both_files_of_a_pair(raw, capsys):
    content = json.loads((raw / "dataset.json").read_text()) | {"file_ending": ".hdr"}
    (raw / "dataset.json").write_text(json.dumps(content))
    for folder in ("imagesTr", "labelsTr"):
        for path in list((raw / folder).iterdir()):
            name = path.name.removesuffix(".nii.gz").removesuffix("_0000")
            SimpleITK.WriteImage(SimpleITK.ReadImage(str(path)), str(path.with_name(f"{name}.hdr")))
            path.unlink()
    code, told = run(capsys, raw, "--rename")
    assert code == 0, told
    assert names(raw)[:2] == ["tiny_1_0000.hdr", "tiny_1_0000.img"]


def test_rename_guesses_no_channel_and_overwrites_nothing(raw, capsys):
    image = raw / "imagesTr" / "tiny_1_0000.nii.gz"
    plain = raw / "imagesTr" / "tiny_1.nii.gz"
    shutil.copy(image, plain)
    code, told = run(capsys, raw, "--rename")
    assert (code, "exists, so tiny_1.nii.gz can't get this name" in told) == (2, True)
    image.unlink()
    content = json.loads((raw / "dataset.json").read_text())
    content["channel_names"] = {"0": "T1", "1": "T2"}
    (raw / "dataset.json").write_text(json.dumps(content))
    code, told = run(capsys, raw, "--rename")
    assert (code, "which of the 2 channels this is can't be known" in told) == (2, True)
    assert plain.is_file()
