from pathlib import Path

import pytest
import yaml

from nnactive.data.cards import list_cards, load_card
from nnactive.errors import UserError


def test_the_repository_brings_its_datasets():
    assert {"phantom", "hippocampus"} <= set(list_cards())


def test_hippocampus_is_the_protocols():
    card = load_card("hippocampus")
    assert card.nnunet_name == "Dataset004_Hippocampus"
    assert card.classes == ("background", "Anterior", "Posterior")
    assert card.cases == 260
    assert card.spacing == (1, 1, 1)
    assert card.query_patch == (20, 20, 20)
    assert card.half_patch == (10, 10, 10)
    assert card.stride == (1, 1, 1)
    assert card.candidates == 20
    totals = {n: b.starting + (b.loops - 1) * b.query for n, b in card.budgets.items()}
    assert totals == {"low": 100, "medium": 200, "high": 300}


def test_unknown_dataset_lists_the_known_ones():
    with pytest.raises(UserError, match=r"unknown dataset 'liver'.*hippocampus, phantom"):
        load_card("liver")


def test_a_further_folder_adds_datasets(tiny):
    tiny.card()
    assert "tiny" in list_cards()
    assert "phantom" in list_cards()


def test_a_card_that_says_nothing_takes_every_place_and_20_candidates(tiny):
    card = tiny.card()
    assert (card.stride, card.candidates) == ((1, 1, 1), 20)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"cases": "many"}, "cases"),
        ({"spacing": [1.0, 1.0]}, "spacing.2"),
        ({"spacing": [1.0, 0.0, 1.0]}, "spacing.1"),
        ({"query_patch": [4, 4, 0]}, "query_patch.2"),
        ({"channels": {"MRI": "zscores"}}, "channels.MRI"),
        ({"channels": {}}, "channels"),
        ({"labels": {"ball": 0, "background": 1}}, "labels"),
        ({"labels": {"background": 0, "ball": 2}}, "labels"),
        ({"labels": {"background": 0, "ignore": 1}}, "labels"),
        ({"split": {"kind": "rule", "group": "(a"}}, "split.group"),
        ({"split": {"kind": "rule", "group": "patient"}}, "split.group"),
        ({"budgets": {"low": {"starting": 4, "query": 2, "loops": 1}}}, "budgets.low.loops"),
        ({"colour": "red"}, "colour"),
        ({"name": "other"}, "name"),
    ],
)
def test_a_wrong_card_is_refused_by_file_and_field(tiny, changes, field):
    with pytest.raises(UserError) as refusal:
        tiny.card(**changes)
    message = str(refusal.value)
    assert str(tiny.datasets / "tiny" / "card.yaml") in message
    assert f"field '{field}'" in message
    assert "\n" not in message


@pytest.mark.parametrize("text", ["a: [1, 2", "- one\n- two\n", ""])
def test_what_is_no_card_is_refused_by_file(tiny, text):
    tiny.card()
    file = tiny.datasets / "tiny" / "card.yaml"
    file.write_text(text)
    with pytest.raises(UserError, match=r"card\.yaml") as refusal:
        load_card("tiny")
    assert "\n" not in str(refusal.value)


def test_only_what_decides_the_arrays_is_in_the_hash(tiny):
    base = tiny.card().preparation_hash()
    assert tiny.card(description="other", query_patch=[2, 2, 2]).preparation_hash() == base
    assert tiny.card(spacing=[1.0, 1.0, 1.0]).preparation_hash() != base
    assert tiny.card(channels={"MRI": "ct"}).preparation_hash() != base
    generator = tiny.datasets / "tiny" / "generate.py"
    generator.write_text("one")
    first = tiny.card().preparation_hash()
    generator.write_text("two")
    assert len({base, first, tiny.card().preparation_hash()}) == 3


def test_cards_hold_no_field_twice():
    folder = Path(__file__).parents[3] / "datasets"
    for file in folder.glob("*/card.yaml"):
        content = file.read_text()
        top = [line.split(":")[0] for line in content.splitlines() if line[:1].isalpha()]
        assert sorted(top) == sorted(yaml.safe_load(content))
