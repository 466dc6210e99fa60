"""A user's dataset on its way through the commands, and the list of all datasets."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from benchmark.cli.main import main
from benchmark.tracks import load_track
from nnactive.data.cards import load_card
from nnactive.data.prepared import PreparedDataset
from nnactive.nnunet.store import read_volume, write_volume
from nnactive.streams import stream

CASES = 8


def write(path: Path, array: np.ndarray) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    image = SimpleITK.GetImageFromArray(array)
    image.SetSpacing((0.5, 0.5, 2.0))
    SimpleITK.WriteImage(image, str(path))


def make_own(folder: Path) -> None:
    for number in range(CASES):
        shape = (14, 16, 18)
        label = np.zeros(shape, np.uint8)
        label[2:7, 3:9, 3 : 10 + number % 2] = 1
        label[9:11, 8:11, 8:12] = 2
        image = stream("tests", "own", number).normal(100, 10, shape) + 50 * label
        write(folder / "imagesTr" / f"knee_{number}_0000.nii.gz", image.astype(np.float32))
        write(folder / "labelsTr" / f"knee_{number}.nii.gz", label)
    content = {
        "channel_names": {"0": "MRI"},
        "labels": {"background": 0, "bone": 1, "tumour [left]": 2},
        "numTraining": CASES,
        "file_ending": ".nii.gz",
    }
    (folder / "dataset.json").write_text(json.dumps(content))


@pytest.fixture
def own(tmp_path, monkeypatch):
    monkeypatch.setenv("NNACTIVE_DATASETS", str(tmp_path / "cards"))
    monkeypatch.setenv("NNACTIVE_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    make_own(tmp_path / "Dataset321_Knees")
    return Path("Dataset321_Knees")


def listed(capsys, name) -> str:
    capsys.readouterr()
    assert main(["data", "list"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert max(map(len, lines)) <= 100
    return next(line.rstrip() for line in lines if line.startswith(name))


def test_an_own_dataset_is_added_prepared_verified_and_guided(own, capsys) -> None:
    assert main(["data", "guide", str(own), "--tumour", "tumour [left]"]) == 0
    said = capsys.readouterr()
    typed = "Dataset321_Knees --tumour 'tumour [left]'"
    assert f"it needs a card first: nnactive-bench data add {typed}\n" in said.out
    assert "query patch on the card" not in said.out
    # Six of eight images of 14 x 16 x 18 hold 27 patches of 4 x 5 x 6 each.
    warning = (
        "warning: knees: no room for the guideline's 750 patches (150 + 4 x 150): the pool's 6 "
        "images hold at most 162; "
    )
    smaller = "the largest budget likely to fit, 35 patches (7 + 4 x 7)"
    end = f"guide_knees.yaml has {smaller}, and its results can only be compared with each other\n"
    assert warning + end in said.err
    before = Path("guide_knees.yaml").read_text()
    assert main(["data", "add", str(own), "--tumour", "tumour [left]"]) == 0
    said = capsys.readouterr()
    assert f"{warning}{smaller}\n" in said.err
    steps = [line.strip() for line in said.out.splitlines()[-4:]]
    assert steps == [
        "nnactive-bench data prepare knees --raw Dataset321_Knees",
        "nnactive-bench data verify knees",
        "nnactive-bench data guide knees --tumour 'tumour [left]'",
        "make submit METHOD=clasp_pe TRACK=guide_knees.yaml",
    ]
    assert listed(capsys, "knees").split()[-4:] == ["not", "stated", "no", "nothing"]
    assert main(["data", "prepare", "knees", "--raw", str(own)]) == 0
    assert "knees: needs up to 283.5 KiB of disk space (" in capsys.readouterr().err
    assert listed(capsys, "knees").split()[-1] == "prepared"
    assert main(["data", "verify", "knees"]) == 0
    out = capsys.readouterr().out
    assert "FAILED" not in out
    assert "the rule's split" in out

    assert main(["data", "guide", "knees", "--tumour", "tumour [left]"]) == 0
    said = capsys.readouterr()
    table = said.out
    assert warning in said.err
    assert max(map(len, table.splitlines())) <= 100
    assert "tumour [left]" in table
    assert "query patch: 4,5,6 voxels of 2,0.5,0.5 mm" in table
    # Raw and prepared label maps give the same file, which submit accepts.
    assert Path("guide_knees.yaml").read_text() == before
    track = load_track("guide_knees.yaml")
    (setting,) = track.settings
    assert (setting.dataset, setting.name) == ("knees", "knees_guide")
    # Medians over cases: 5, 6, 7.5 and 2, 3, 4; halves of the median over classes are rounded up.
    assert setting.patch_size == load_card("knees").query_patch == (4, 5, 6)
    # What the pool has room for; the card keeps the guideline's.
    assert (setting.starting_budget, setting.query_size, setting.loops) == (7, 7, 5)
    assert setting.candidates == 7
    assert not track.comparable
    assert load_card("knees").budgets["guide"].query == 150
    assert main(["track", "show", "guide_knees.yaml"]) == 0
    assert "it isn't certain that 35 patches (7 + 4 x 7)" in capsys.readouterr().err
    assert (setting.training.epochs, setting.training.folds) == (200, 5)


def test_the_guide_of_a_folder_names_the_cards_patch(own, capsys) -> None:
    assert main(["data", "add", str(own)]) == 0
    card = Path("cards/knees/card.yaml")
    card.write_text(card.read_text().replace("query_patch: [4, 5, 6]", "query_patch: [3, 4, 5]"))
    capsys.readouterr()
    assert main(["data", "guide", str(own), "--patch-from", "bone"]) == 0
    out = capsys.readouterr().out
    assert "query patch: 5,6,8 voxels" in out
    assert "\nquery patch on the card: 3,4,5\n" in out
    assert "needs a card" not in out


def test_a_spoilt_dataset_fails_its_verification_with_one_line(own, capsys) -> None:
    assert main(["data", "add", str(own)]) == 0
    assert main(["data", "prepare", "knees", "--raw", str(own), "--workers", "1"]) == 0
    file = PreparedDataset(Path("data/knees")).image_file("knee_3")
    image = read_volume(file)
    image[0, 0, 0, 0] += 1
    write_volume(file, image, (4, 4, 4))
    capsys.readouterr()
    assert main(["data", "verify", "knees"]) == 2
    said = capsys.readouterr()
    error = said.err.splitlines()[-1]
    assert error.startswith("error: ")
    assert "data/knees: failed: checksum; remove that folder" in error
    assert [line.split()[0] for line in said.out.splitlines() if "FAILED" in line] == ["checksum"]


def test_an_unfinished_preparation_is_listed_as_such(own, capsys) -> None:
    assert main(["data", "add", str(own)]) == 0
    Path("data/knees/scratch").mkdir(parents=True)
    assert listed(capsys, "knees").endswith("partly prepared")
    assert listed(capsys, "phantom").endswith("generated on demand")


def test_the_list_says_what_a_dataset_takes(own, capsys) -> None:
    assert listed(capsys, "toothfairy2").split() == [
        "toothfairy2", "CBCT", "42", "480", "unknown", "CC-BY-SA-4.0", "yes", "nothing",
    ]  # fmt: skip
    line = listed(capsys, "acdc")
    assert "2.3 GiB" in line
    assert line.split()[-2:] == ["no", "nothing"]


def test_a_wrong_card_leaves_the_list_of_the_others(own, capsys) -> None:
    folder = Path("cards/broken")
    folder.mkdir(parents=True)
    (folder / "card.yaml").write_text("name: other")
    assert main(["data", "list"]) == 0
    said = capsys.readouterr()
    assert [line for line in said.out.splitlines() if line.startswith("broken")]
    assert [line for line in said.out.splitlines() if line.startswith("word")]
    (line,) = said.err.splitlines()
    assert line.startswith("warning: ")
    assert "cards/broken/card.yaml: field 'id'" in line


def test_the_list_tells_of_a_folder_of_cards_that_is_not_there(own, capsys) -> None:
    assert main(["data", "list"]) == 0
    assert "warning: NNACTIVE_DATASETS is " in capsys.readouterr().err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (
            ["guide", "nowhere"],
            "nowhere: neither a folder nor a dataset; known datasets: acdc, amos",
        ),
        (["guide", "hippocampus"], "raw/hippocampus/files: no raw data of hippocampus"),
        (["guide", "Dataset321_Knees", "--tumour", "cyst"], "no foreground class 'cyst'"),
        (
            ["guide", "Dataset321_Knees", "--out", "mine.txt"],
            "mine.txt: not written by this command",
        ),
        (["add", "nowhere"], "nowhere: no such folder"),
        (["add", "Dataset321_Knees", "--group", "(.+)_left"], "case 'knee_0': doesn't match"),
        (["verify", "acdc", "--data", "da ta"], "run nnactive-bench data prepare acdc --data 'da "),
        (["prepare", "acdc", "--data", "da ta"], "run nnactive-bench data download acdc --data 'd"),
        (["verify", "knees"], "unknown dataset 'knees'"),
    ],
)
def test_mistakes_are_one_line_and_code_2(own, capsys, arguments, message) -> None:
    Path("mine.txt").write_text("of my own")
    assert main(["data", *arguments]) == 2
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: ")
    assert message in error
    assert Path("mine.txt").read_text() == "of my own"
    assert not Path("cards").exists()


def test_a_card_needs_a_folder(own, capsys, monkeypatch) -> None:
    monkeypatch.delenv("NNACTIVE_DATASETS")
    assert main(["data", "add", str(own)]) == 2
    assert "set NNACTIVE_DATASETS to one of your folders, or give --out" in capsys.readouterr().err
    assert main(["data", "add", str(own), "--out", "elsewhere"]) == 0
    assert "export NNACTIVE_DATASETS=" in capsys.readouterr().out
    assert Path("elsewhere/knees/card.yaml").is_file()


def test_the_guide_writes_no_track_where_no_budget_fits(own, capsys) -> None:
    shape = (2, 3, 4)
    for number in range(CASES):
        label = np.zeros(shape, np.uint8)
        label[0] = 1
        label[1] = 2
        write(own / "labelsTr" / f"knee_{number}.nii.gz", label)
        write(own / "imagesTr" / f"knee_{number}_0000.nii.gz", np.ones(shape, np.float32))
    assert main(["data", "guide", str(own), "--patch-from", "bone"]) == 2
    # 1 x 3 x 4 voxels: two places in each of six images.
    error = capsys.readouterr().err.splitlines()[-1]
    assert error.startswith("error: knees: no room for the guideline's 500 patches")
    assert "hold at most 12" in error
    assert "the starting budget needs 6 patches" in error
    assert "no track was written" in error
    assert not list(Path().glob("guide_*.yaml"))


def test_images_are_not_renamed_where_raw_data_are_read_only(tmp_path, monkeypatch, capsys):
    raw = tmp_path / "knees"
    make_own(raw)
    before = sorted(path.name for path in raw.rglob("*"))
    writable = os.access
    monkeypatch.setattr(os, "access", lambda path, mode: mode != os.W_OK and writable(path, mode))
    assert main(["data", "add", str(raw), "--out", str(tmp_path / "cards"), "--rename"]) == 2
    error = capsys.readouterr().err.strip()
    assert error.startswith(f"error: {raw}: can't be written, so --rename can't rename; in a")
    assert error.endswith("run the same command outside, with --runtime local")
    assert sorted(path.name for path in raw.rglob("*")) == before
