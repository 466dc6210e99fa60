"""Where findings go: the command's table and JSON, prepared data, verify, and one guideline."""

import json
import shutil

import numpy as np
import pytest

from benchmark.cli.main import main
from nnactive.data.cards import load_card
from nnactive.data.own.guide import derive
from nnactive.data.own.structure_sizes import prepared_boxes, raw_boxes
from nnactive.data.prepare.prepare import prepare
from nnactive.data.prepared import PreparedDataset
from nnactive.data.raw.scan import scan
from nnactive.data.verify import verify
from nnactive.errors import UserError


def silent(*_):
    return None


@pytest.fixture
def cards(tmp_path, monkeypatch):
    monkeypatch.setenv("NNACTIVE_DATASETS", str(tmp_path / "cards"))
    return tmp_path / "cards"


def without_tear_in_the_test_set(own):
    for case in own.check().sides.test:
        label = own.case(int(case[-3:]))[1]
        own.write(int(case[-3:]), label=np.where(label == 2, 0, label).astype(np.uint8))


UNSCORED = "class 'tear' is in no test case, so it can't be scored: Mean Dice is that of bone"


def test_a_warning_is_told_recorded_and_verified(own, cards, tmp_path, capsys):
    without_tear_in_the_test_set(own)
    data = ["--data", str(tmp_path / "data")]
    assert main(["data", "add", str(own.raw)]) == 0
    assert f"warning: unscored: {UNSCORED}" in capsys.readouterr().err
    assert main(["data", "prepare", "knees", "--raw", str(own.raw), *data]) == 0
    assert f"warning: unscored: {UNSCORED}" in capsys.readouterr().err
    dataset = PreparedDataset(tmp_path / "data" / "knees")
    assert [warning.line for warning in dataset.info.warnings] == [f"unscored: {UNSCORED}"]
    findings = verify(load_card("knees"), dataset, silent)
    assert [(f.ok, f.detail) for f in findings if f.warning] == [(True, UNSCORED)]


def test_prepare_refuses_before_anything_is_made_and_says_how_many_errors(own, cards, tmp_path):
    assert main(["data", "add", str(own.raw)]) == 0
    for number in (4, 6):
        own.label(number).write_bytes(own.label(number).read_bytes()[:-10])
    with pytest.raises(UserError) as refusal:
        prepare(load_card("knees"), own.raw, tmp_path / "data" / "knees", 1, silent)
    assert str(refusal.value).startswith(f"{own.label(4)}: truncated")
    assert "(and 1 more: nnactive-bench data check knees" in str(refusal.value)
    assert not (tmp_path / "data" / "knees" / "scratch" / "images").exists()


def test_the_cards_ids_are_the_folders_when_it_was_added(own, cards, tmp_path):
    assert main(["data", "add", str(own.raw), "--tumour", "tear", "--patch-from", "bone"]) == 0
    card = load_card("knees")
    assert card.ids == tuple(f"knee_{n:03d}" for n in range(1, 9))
    assert (card.tumour, card.patch_from) == (("tear",), ("bone",))
    for file in (own.image(7), own.label(7)):
        file.rename(file.with_name(file.name.replace("007", "7")))
    with pytest.raises(UserError, match=r"case 'knee_007' is missing .* case 'knee_7' is unknown"):
        prepare(card, own.raw, tmp_path / "data" / "knees", 1, silent)


def test_add_and_guide_give_one_answer(own, cards, tmp_path):
    """Resampled boxes differ from scaled ones by rounding; both are measured before resampling."""
    for number in range(1, 9):
        own.write(number, spacing=(1, 1, 1) if number % 2 else (1.3, 0.7, 0.7))
    assert main(["data", "add", str(own.raw)]) == 0
    card = load_card("knees")
    raw = raw_boxes(card, scan(own.raw, card), silent)
    prepare(card, own.raw, tmp_path / "data" / "knees", 1, silent)
    prepared = prepared_boxes(card, PreparedDataset(tmp_path / "data" / "knees"), silent)
    np.testing.assert_array_equal(raw.cases, prepared.cases)
    assert (
        raw.spacing == prepared.spacing == PreparedDataset(tmp_path / "data" / "knees").info.spacing
    )
    assert derive(card.classes[1:], prepared.cases, prepared.spacing).patch == card.query_patch


def test_the_command_lists_every_error_and_exits_with_2(own, capsys):
    assert main(["data", "check", str(own.raw)]) == 0
    out = capsys.readouterr().out
    assert f"{own.raw}: not a known dataset; treated as your own, in nnU-Net's raw layout" in out
    assert "8 cases read: errors 0" in out
    own.write(5, spacing=(0.1,) * 3)
    own.label(6).unlink()
    assert main(["data", "check", str(own.raw)]) == 2
    told = capsys.readouterr()
    assert "errors 2" in told.out
    assert told.err.splitlines()[-1] == f"error: {own.raw}: 2 errors; correct the data"


def test_json_has_facts_sides_and_findings(own, capsys):
    own.write(5, spacing=(0.1,) * 3)
    assert main(["data", "check", str(own.raw), "--json"]) == 2
    told = json.loads(capsys.readouterr().out)
    (error,) = [finding for finding in told["findings"] if finding["severity"] == "error"]
    assert (error["kind"], error["cases"]) == ("spacing", ["knee_005"])
    assert (len(told["cases"]), len(told["pool"]), len(told["test"])) == (8, 6, 2)


def test_a_known_dataset_is_recognised(own, cards, capsys):
    assert main(["data", "add", str(own.raw)]) == 0
    capsys.readouterr()
    assert main(["data", "check", str(own.raw)]) == 0
    assert "Dataset601_Knees (knees), in nnU-Net's raw layout" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("spoil", "cause"),
    [
        (lambda own: shutil.rmtree(own.raw / "imagesTr"), "contains no imagesTr"),
        (lambda own: (own.raw / "dataset.json").write_text("{"), "dataset.json: not valid JSON"),
        (lambda own: own.describe(labels=[]), "field 'labels': must be a mapping"),
    ],
)
def test_json_tells_of_a_folder_that_cannot_be_read(own, capsys, spoil, cause):
    spoil(own)
    assert main(["data", "check", str(own.raw), "--json"]) == 2
    told = json.loads(capsys.readouterr().out)
    (finding,) = told["findings"]
    assert (finding["severity"], finding["kind"], told["cases"]) == ("error", "folder", [])
    assert cause in finding["detail"]


def test_a_surplus_channel_hides_no_other_finding(own, capsys):
    shutil.copy(own.image(2), own.image(2, channel=1))
    own.label(4).write_bytes(own.label(4).read_bytes()[:-10])
    assert main(["data", "check", str(own.raw), "--json"]) == 2
    told = json.loads(capsys.readouterr().out)
    details = [finding["detail"] for finding in told["findings"] if finding["kind"] == "file"]
    assert len(details) == 2
    assert details[0].startswith(f"{own.image(2, channel=1)}: channel 1, but ")
    assert details[1].startswith(f"{own.label(4)}: truncated")
    assert len(told["cases"]) == 7
