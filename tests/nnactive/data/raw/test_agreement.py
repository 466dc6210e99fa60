"""A folder is an own card's dataset only if its ``dataset.json`` says what the card says."""

import json

import pytest
import yaml

from nnactive.data.check.known import recognise
from nnactive.data.own.add import describe_raw
from nnactive.data.own.check_folder import check_folder
from nnactive.data.prepare.prepare import prepare
from nnactive.data.raw.known.agreement import disagreement
from nnactive.errors import UserError


def silent(*_):
    return None


@pytest.fixture
def card(tiny):
    labels = {f"c{n}" if n else "background": n for n in range(3)}
    return tiny.card(labels=labels, channels={"T1": "zscore"}, cases=8)


def describe(tiny, **changes):
    content = {
        "channel_names": {"0": "T1"},
        "labels": {"background": 0, "c1": 1, "c2": 2},
        "numTraining": 8,
        "file_ending": ".nii.gz",
    }
    (tiny.raw / "dataset.json").write_text(json.dumps(content | changes))


SWAPPED = {"background": 0, "c2": 1, "c1": 2}


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"labels": SWAPPED},
            "dataset.json's labels (c2=1, c1=2) differ from the card's (c1=1, c2=2)",
        ),
        ({"labels": {"background": 0, "c1": 1}}, "labels (c1=1) differ"),
        ({"labels": {"background": 0, "c1": 1, "c2": [1, 2]}}, "labels (c1=1, c2=[1, 2]) differ"),
        ({"channel_names": {"0": "T1", "1": "T2"}}, "channels (T1, T2) differ from the card's (T1"),
        ({"file_ending": ".nii"}, "dataset.json's ending (.nii) differs from the card's (.nii.gz)"),
    ],
)
def test_another_description_is_an_error_of_every_command_that_names_the_card(
    tiny, card, tmp_path, changes, told
):
    describe(tiny, **changes)
    assert told in (disagreement(tiny.raw, card) or "")
    with pytest.raises(UserError) as refusal:
        prepare(card, tiny.raw, tmp_path / "tiny", 1, silent)
    assert told in str(refusal.value)
    found = check_folder(card, tiny.raw, silent).findings
    assert [told in f.detail for f in found if f.kind == "description"] == [True]
    assert any(f.severity == "error" for f in found)


def test_the_folder_itself_is_then_a_dataset_of_its_own(tiny, card):
    describe(tiny)
    seen = recognise(tiny.raw)
    assert seen is not None
    assert (seen.complete, seen.card.name) == (True, "tiny")
    describe(tiny, labels=SWAPPED)
    seen = recognise(tiny.raw)
    assert seen is not None
    assert not seen.complete
    assert seen.text.startswith(
        f"no known dataset, though its cases have the ids of {card.title} (tiny): dataset.json's "
    )
    assert describe_raw(tiny.raw, "x").labels == SWAPPED


def test_of_several_cards_with_the_same_ids_the_one_that_agrees_is_named(tiny, card):
    other = tiny.datasets / "another"
    other.mkdir()
    content = yaml.safe_load((card.folder / "card.yaml").read_text())
    content |= {"name": "another", "labels": SWAPPED}
    (other / "card.yaml").write_text(yaml.safe_dump(content, sort_keys=False))
    for labels, name in ((SWAPPED, "another"), (None, "tiny")):
        describe(tiny, **({"labels": labels} if labels else {}))
        seen = recognise(tiny.raw)
        assert seen is not None
        assert (seen.complete, seen.card.name) == (True, name)


@pytest.mark.parametrize(
    ("labels", "label_map"),
    [
        ({"background": 0, "c1": 1, "c2": 2}, {255: 1, 2: 2}),  # masks of 0 and 255
        ({"background": 0, "c1": 5, "c2": 2}, {5: 1, 2: 2}),
        ({"background": 0, "gone": 1, "c1": 2, "c2": 3}, {1: 0, 2: 1, 3: 2}),
        ({"background": 0, "c1": 1, "c2": 2, "ignore": 3}, {1: 1, 2: 2, 3: 0}),
    ],
)
def test_what_the_cards_label_map_leads_to_agrees(tiny, card, labels, label_map):
    describe(tiny, labels=labels)
    assert disagreement(tiny.raw, card.model_copy(update={"label_map": label_map})) is None


@pytest.mark.parametrize("text", [None, '{"labels": 3, "channel_names": []}'])
def test_where_nothing_can_be_compared_nothing_is_said(tiny, card, text):
    if text is not None:
        (tiny.raw / "dataset.json").write_text(text)
    assert disagreement(tiny.raw, card) is None


@pytest.mark.parametrize("text", ["", "[]", "{", "[" * 100_000, "1" * 5000])
def test_a_description_that_cannot_be_read_does_not_agree(tiny, card, text):
    (tiny.raw / "dataset.json").write_text(text)
    assert "dataset.json can't be read" in (disagreement(tiny.raw, card) or "")
    seen = recognise(tiny.raw)
    assert seen is not None
    assert not seen.complete
