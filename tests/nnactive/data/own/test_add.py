import json
import shutil

import pytest
import yaml

from nnactive.data.cards import load_card
from nnactive.data.own.add import describe_raw, free_folder, write_card
from nnactive.data.own.guide import derive
from nnactive.data.own.structure_sizes import raw_boxes
from nnactive.data.prepare.prepare import prepare
from nnactive.data.raw.scan import scan
from nnactive.errors import UserError

OWN = {
    "channel_names": {"0": "MRI"},
    "labels": {"background": 0, "ball": 1, "dot": 2},
    "numTraining": 8,
    "file_ending": ".nii.gz",
}


def silent(*_):
    return None


@pytest.fixture
def raw(tiny):
    """Tiny as a user's dataset: in nnU-Net's raw layout, without a card."""
    shutil.rmtree(tiny.datasets, ignore_errors=True)
    folder = tiny.raw.with_name("Dataset123_MyKnees")
    tiny.raw.rename(folder)
    describe(folder)
    return folder


def describe(folder, **changes):
    content = {key: value for key, value in (OWN | changes).items() if value is not None}
    (folder / "dataset.json").write_text(json.dumps(content))


def add(raw, out, tumours=(), **arguments):
    card = describe_raw(raw, **arguments)
    boxes = raw_boxes(card, scan(raw, card), silent)
    guide = derive(card.classes[1:], boxes.cases, boxes.spacing, tumours)
    return write_card(card, guide, free_folder(card, out))


def test_a_dataset_json_becomes_a_card_that_prepares(raw, tiny, tmp_path):
    file = add(raw, tiny.datasets, tumours=("dot",))
    assert file == tiny.datasets / "myknees" / "card.yaml"
    card = load_card("myknees")
    assert (card.id, card.nnunet_name, card.cases) == (123, "Dataset123_MyKnees", 8)
    assert (card.channels, card.labels) == ({"MRI": "zscore"}, OWN["labels"])
    assert (card.source.layout, card.source.ending) == ("nnunet", ".nii.gz")
    assert (card.spacing, card.stride, card.split.kind) == (None, (1, 1, 1), "rule")
    # The ball's box has 5 x 6 x 6 voxels, the dot's 2 x 2 x 2.
    assert card.query_patch == (4, 4, 4)
    budget = card.budgets["guide"]
    assert (budget.starting, budget.query, budget.loops, card.candidates) == (150, 150, 5, 150)
    info = prepare(card, raw, tmp_path / "data" / "myknees", 1, silent)
    assert (len(info.pool), len(info.test), info.spacing) == (6, 2, (2, 1, 1))


def test_what_else_the_file_says_is_kept(raw, tiny):
    describe(raw, name="My knees", description="Left ones.", licence="CC0", reference="Me 2026")
    add(raw, tiny.datasets, name="knees", group=r"(tiny_\d)")
    card = load_card("knees")
    assert (card.title, card.description) == ("My knees", "Left ones.")
    assert (card.licence, card.citation, card.split.group) == ("CC0", "Me 2026", r"(tiny_\d)")


def test_a_folder_without_a_number_gets_a_free_id(raw, tiny):
    plain = raw.rename(raw.with_name("my-knees"))
    add(plain, tiny.datasets)
    # A broken card doesn't get in the way of others.
    (tiny.datasets / "broken").mkdir()
    (tiny.datasets / "broken" / "card.yaml").write_text("name: [")
    add(plain, tiny.datasets, name="again")
    assert (load_card("my_knees").id, load_card("again").id) == (500, 501)


@pytest.mark.parametrize(
    ("names", "channels"),
    [
        ({"0": "CT"}, {"CT": "ct"}),
        ({"0": "T1", "1": "noNorm"}, {"T1": "zscore", "noNorm": "nonorm"}),
        ({"1": "b", "0": "a"}, {"a": "zscore", "b": "zscore"}),
        ({"0": "MRI", "1": "MRI"}, {"MRI 0": "zscore", "MRI 1": "zscore"}),
    ],
)
def test_channels_are_normalised_as_nnunet_would(raw, names, channels):
    describe(raw, channel_names=names)
    assert describe_raw(raw).channels == channels


def test_labels_are_taken_in_the_order_of_their_values(raw):
    describe(raw, labels={"dot": 2, "background": 0, "ball": 1})
    assert describe_raw(raw).classes == ("background", "ball", "dot")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"labels": None}, "field 'labels' is missing"),
        ({"channel_names": None}, "field 'channel_names' is missing"),
        ({"channel_names": None, "modality": {"0": "MRI"}}, "nnUNetv2_convert_MSD_dataset"),
        ({"channel_names": {"0": "a", "2": "b"}}, "field 'channel_names': keys must be '0'"),
        ({"channel_names": "MRI"}, "field 'channel_names': must be a mapping, not 'MRI'"),
        ({"numTraining": "8"}, "field 'numTraining': must be a whole number, not '8'; write 8"),
        ({"numTraining": 2}, "2 cases, but at least 4 are needed: .*with 2 classes give 7 or more"),
        ({"file_ending": None}, "field 'file_ending' is missing"),
        ({"file_ending": "nii"}, "field 'file_ending': 'nii' isn't a file ending such as .nii"),
        ({"labels": {"background": 0, "whole": [1, 2], "a": 1}}, "'whole' must be one whole"),
        ({"labels": {"background": 0, "a": 1, "ignore": 2}}, "'ignore' is not supported"),
        ({"labels": {"background": 0, "a": 2}}, "field 'labels': values must be"),
        ({"labels": {"a": 0, "b": 1}}, "the first class must be 'background'"),
    ],
)
def test_a_wrong_dataset_json_is_one_line_with_file_and_field(raw, change, message):
    describe(raw, **change)
    with pytest.raises(UserError, match=message) as caught:
        describe_raw(raw)
    assert "dataset.json: " in str(caught.value)
    assert "\n" not in str(caught.value)


def test_other_mistakes_are_one_line(raw, tiny, tmp_path):
    with pytest.raises(UserError, match="nowhere: no such folder"):
        describe_raw(tmp_path / "nowhere")
    with pytest.raises(UserError, match=r"^--name: '3d' isn't a name of"):
        describe_raw(raw, "3d")
    with pytest.raises(
        UserError, match=r"^--name: 'raw' is reserved for raw data; choose another name$"
    ):
        describe_raw(raw, "raw")
    with pytest.raises(UserError, match=r"^--group: .*not a regular expression"):
        describe_raw(raw, group="(")
    describe(raw, numTraining=9)
    with pytest.raises(UserError, match="8 cases, but Dataset123_MyKnees has 9"):
        add(raw, tiny.datasets)
    (raw / "dataset.json").write_text("[]")
    with pytest.raises(UserError, match=r"dataset\.json: must contain fields"):
        describe_raw(raw)
    (raw / "dataset.json").write_text("{")
    with pytest.raises(UserError, match=r"dataset\.json: not valid JSON"):
        describe_raw(raw)
    (raw / "dataset.json").unlink()
    with pytest.raises(UserError, match=r"dataset\.json: missing"):
        describe_raw(raw)


def test_a_name_is_given_once(raw, tiny):
    file = add(raw, tiny.datasets)
    before = file.read_text()
    with pytest.raises(UserError, match="dataset 'myknees' already exists"):
        add(raw, tiny.datasets)
    with pytest.raises(UserError, match="dataset 'hippocampus' already exists"):
        add(raw, tiny.datasets, name="hippocampus")
    assert file.read_text() == before
    assert yaml.safe_load(before)["spacing"] is None


def test_a_broken_dataset_json_is_to_be_fixed_not_removed(raw):
    (raw / "dataset.json").write_text('{"labels": ')
    with pytest.raises(UserError, match=r"dataset\.json: not valid JSON .*; fix it$"):
        describe_raw(raw)


def test_more_cases_than_are_told_name_the_field(raw):
    describe(raw, numTraining=7)
    card = describe_raw(raw)
    with pytest.raises(UserError, match=r"8 cases, .* has 7; .*'numTraining' in .*dataset\.json$"):
        scan(raw, card)
