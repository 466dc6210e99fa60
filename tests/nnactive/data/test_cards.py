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
    with pytest.raises(UserError, match=r"unknown dataset 'liver'.*hippocampus, .*phantom"):
        load_card("liver")


def test_a_further_folder_that_is_not_there_is_told(monkeypatch, tmp_path):
    monkeypatch.setenv("NNACTIVE_DATASETS", str(tmp_path / "none"))
    with pytest.raises(UserError, match=r"known are: .*; NNACTIVE_DATASETS is .*/none, which"):
        load_card("knees")
    (tmp_path / "none").mkdir()
    with pytest.raises(UserError, match=r"word$"):
        load_card("knees")


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
        ({"ids": ["a", "b"]}, "ids"),
        ({"ids": ["a"] * 8}, "ids"),
        ({"nnunet_name": "Dataset902_Tiny"}, "nnunet_name"),
        ({"label_map": {7: 3}}, "label_map"),
        ({"label_map": {70000: 1}}, "label_map"),
        ({"label_map": {-32769: 1}}, "label_map"),
        ({"labels": {"background": 0} | {f"c{n}": n for n in range(1, 256)}}, "labels"),
        ({"channels": {"T1": "zscore", "T2": "zscore"}, "source": {"layout": "msd"}}, "source"),
        ({"source": {"layout": "code"}}, "source.layout"),
        ({"split": {"kind": "authors"}}, "split"),
        ({"split": {"kind": "rule", "file": "split.json"}}, "split"),
        ({"split": {"kind": "authors", "file": "../split.json"}}, "split.file"),
        ({"split": {"kind": "authors", "file": "split.json"}}, "split.file"),
        ({"download": {"size_gib": 1.0}}, "download"),
        ({"download": {"files": [{"name": "a.zip", "sha256": "12"}]}}, "download.files.0.sha256"),
        ({"download": {"files": [{"name": "../a.zip"}]}}, "download.files.0.name"),
        (
            {"download": {"series": [{"count": 2, "name": "a_{:02d}", "url": "https://x/a"}]}},
            "download.series.0.url",
        ),
        ({"inference": {"test_tile_step": 2.0}}, "inference.test_tile_step"),
        (
            {"fingerprints": {"authors_test": {"voxels": 9, "classes": [1]}}},
            "fingerprints",
        ),
        ({"full_data_dice": {200: 91.0}}, "full_data_dice.200"),
        ({"spacing": [1.0, 1.0]}, "spacing.2"),
        ({"spacing": [1.0, 0.0, 1.0]}, "spacing.1"),
        ({"spacing": [1.0, -1.0, 1.0]}, "spacing.1"),
        ({"spacing": [1.0, float("inf"), 1.0]}, "spacing.1"),
        ({"spacing": [1.0, float("nan"), 1.0]}, "spacing.1"),
        ({"labels": {"background": 0, "": 1}}, "labels"),
        ({"labels": {"background": 0, "a\nb": 1}}, "labels"),
        ({"channels": {"a\x1b[31m": "zscore"}}, "channels"),
        ({"title": "Two\nlines"}, "title"),
        ({"source": {"root": "/imagesTr"}}, "source.root"),
        ({"source": {"root": "../imagesTr"}}, "source.root"),
        ({"cases": "eight"}, "cases"),
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


def test_a_cause_is_in_plain_words(tiny):
    for changes, told in (
        ({"labels": {"background": 0, "ball": 2}}, "field 'labels': values must be 0, 1, 2, ..."),
        ({"nnunet_name": "Tiny"}, "'Tiny' isn't a name such as Dataset123_Knees"),
        ({"source": {"ending": "nii.gz"}}, "'nii.gz' isn't a file ending such as .nii.gz"),
        ({"split": {"kind": "authors", "file": "../a"}}, "isn't a file name without a folder"),
        ({"download": {"files": [{"name": "a", "md5": "12"}]}}, "'12' isn't 32 hexadecimal"),
    ):
        with pytest.raises(UserError) as refusal:
            tiny.card(**changes)
        assert told in str(refusal.value)


def test_a_field_that_is_given_twice_is_refused(tiny):
    tiny.card()
    file = tiny.datasets / "tiny" / "card.yaml"
    file.write_text(file.read_text() + "cases: 9\n")
    with pytest.raises(UserError, match=r"card\.yaml: .*duplicate key 'cases'"):
        load_card("tiny")


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
    for free in ({"ids": [f"tiny_{n}" for n in range(8)]}, {"licence_url": "https://x"}):
        assert tiny.card(**free).preparation_hash() == base
    assert tiny.card(label_map={1: 2, 2: 1}).preparation_hash() != base
    generator = tiny.datasets / "tiny" / "generate.py"
    generator.write_text("one")
    first = tiny.card().preparation_hash()
    generator.write_text("two")
    assert len({base, first, tiny.card().preparation_hash()}) == 3


def test_a_script_or_list_that_changes_changes_the_hash(tiny):
    hashes = set()
    folder = tiny.datasets / "tiny"
    tiny.card()
    changes = {
        "source": {"layout": "code"},
        "split": {"kind": "authors", "file": "split.json"},
    }
    for code, groups in (("a = 1", "[]"), ("a = 2", "[]"), ("a = 2", "[1]")):
        (folder / "convert.py").write_text(code)
        (folder / "split.json").write_text(groups)
        hashes.add(tiny.card(**changes).preparation_hash())
    assert len(hashes) == 3


def test_prepared_data_of_a_card_without_the_newer_fields_stay_valid():
    expected = "44e0dfb4006e"
    assert load_card("hippocampus").preparation_hash().startswith(expected)


def test_the_name_of_raw_datas_folder_is_taken(tiny):
    folder = tiny.datasets / "raw"
    tiny.card()
    (tiny.datasets / "tiny").rename(folder)
    file = folder / "card.yaml"
    file.write_text(file.read_text().replace("name: tiny", "name: raw"))
    with pytest.raises(UserError, match="field 'name'"):
        load_card("raw")


def test_cards_hold_no_field_twice():
    folder = Path(__file__).parents[3] / "datasets"
    for file in folder.glob("*/card.yaml"):
        content = file.read_text()
        top = [line.split(":")[0] for line in content.splitlines() if line[:1].isalpha()]
        assert sorted(top) == sorted(yaml.safe_load(content))


def test_the_repositorys_scripts_have_not_changed():
    """They are part of the hash: after a change, users must prepare the dataset again."""
    hashes = {
        "acdc": "7fde9b0058db",
        "amos": "848a2f74cec3",
        "hippocampus": "44e0dfb4006e",
        "kits": "b18557278606",
        "lits": "20e4ae021b06",
        "mama_mia": "ff2d12eebe30",
        "phantom": "fa0f4d2b3a5d",
        "toothfairy2": "daf398fff24f",
        "word": "add3d3496da6",
    }
    assert {name: load_card(name).preparation_hash()[:12] for name in hashes} == hashes


def test_raw_labels_are_the_cards_unless_it_maps_them(tiny):
    assert tiny.card().raw_labels == {1: 1, 2: 2}
    assert tiny.card(label_map={5: 1, 7: 2, 9: 0}).raw_labels == {5: 1, 7: 2, 9: 0}
