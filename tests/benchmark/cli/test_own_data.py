"""What the commands for your own dataset say next, and that it can be done as it is written."""

import json
import shlex
from pathlib import Path

import numpy as np
import pytest
import SimpleITK

from benchmark.cli.main import main
from nnactive.data.cards import load_card
from nnactive.streams import stream

SHAPE = (8, 10, 12)


def write(path, array):
    path.parent.mkdir(parents=True, exist_ok=True)
    SimpleITK.WriteImage(SimpleITK.GetImageFromArray(array), str(path))


def make(folder, cases=8, values=(1, 2)):
    for number in range(cases):
        label = np.zeros(SHAPE, np.int16)
        label[1:4, 2:6, 2:6] = values[0]
        label[5:7, 6:9, 6 : 9 + number % 3] = values[1]
        image = stream("tests", "commands", number).normal(100, 10, SHAPE) + 50 * (label != 0)
        write(folder / "imagesTr" / f"knee_{number}_0000.nii.gz", image.astype(np.float32))
        write(folder / "labelsTr" / f"knee_{number}.nii.gz", label)
    content = {
        "channel_names": {"0": "MRI"},
        "labels": {"background": 0, "bone": 1, "tear": 2},
        "numTraining": cases,
        "file_ending": ".nii.gz",
    }
    (folder / "dataset.json").write_text(json.dumps(content))


@pytest.fixture
def raw(tmp_path, monkeypatch):
    monkeypatch.setenv("NNACTIVE_DATASETS", str(tmp_path / "cards"))
    monkeypatch.setenv("NNACTIVE_DATA", str(tmp_path / "data"))
    monkeypatch.chdir(tmp_path)
    return Path("Dataset601_Knees")


@pytest.fixture
def run(capsys):
    """Run a command line; its code, output and errors."""

    def command(*words):
        capsys.readouterr()
        code = main(["data", *map(str, words)])
        told = capsys.readouterr()
        return code, told.out, told.err

    return command


def test_where_no_budget_fits_no_track_follows(raw, run):
    make(raw, cases=6)
    code, out, err = run("add", raw)
    assert code == 0
    assert "the pool has 5 cases, but the starting budget takes two unused cases for each" in err
    assert "class 'background'" not in err
    assert "data prepare knees" in out
    assert "no track was written because no budget from the guideline fits: see the warning" in out
    assert "data guide" not in out
    assert "make submit" not in out


def test_where_a_budget_fits_the_track_follows(raw, run):
    make(raw)
    code, out, _ = run("add", raw)
    assert code == 0
    assert "data guide knees" in out
    assert "make submit" in out
    assert "no track follows" not in out


def test_notes_of_a_preparation_are_counted_and_the_command_that_lists_them_runs(raw, run):
    make(raw)
    assert run("add", raw)[0] == 0
    first = SimpleITK.ReadImage(str(raw / "labelsTr/knee_0.nii.gz"))
    moved = SimpleITK.GetArrayFromImage(first).astype(np.float32) * np.float32(1.0001)
    write(raw / "labelsTr/knee_0.nii.gz", moved)
    code, _, err = run("prepare", "knees", "--raw", raw, "--data", "data")
    assert code == 0
    (line,) = (line for line in err.splitlines() if line.startswith("note: "))
    count, _, command = line.removeprefix("note: ").partition(" notes on the raw data; ")
    words = shlex.split(command.removesuffix(" lists them"))
    assert words[:2] == ["nnactive-bench", "data"]
    code, out, _ = run(*words[2:])
    assert code == 0
    assert f"notes {count}" in out
    assert "label values differ from whole numbers by up to 0.0002" in " ".join(out.split())
    again = run("prepare", "knees", "--raw", raw, "--data", "data")[2]
    assert line in again


@pytest.mark.parametrize("form", [["--map", "-1=2"], ["--map=-1=2"]])
def test_a_negative_value_is_mapped_as_the_message_writes_it(raw, run, form):
    make(raw, values=(1, -1))
    code, _, err = run("add", raw)
    assert code == 2
    assert "such as --map -1=2 (0: background)" in err
    assert run("check", raw)[0] == 2
    assert run("check", raw, *form)[0] == 0
    assert run("add", raw, *form)[0] == 0
    assert load_card("knees").label_map == {-1: 2, 1: 1}


def test_many_errors_are_a_bounded_list_and_the_command_for_all(raw, run):
    make(raw, cases=20, values=(1, 7))
    code, _, err = run("add", raw, "--group", "(.+)")
    assert code == 2
    assert len([line for line in err.splitlines() if "label values 7" in line]) == 10
    assert (
        "(20 errors; nnactive-bench data check Dataset601_Knees --group '(.+)' lists them)" in err
    )
    out = run("check", raw, "--group", "(.+)")[1]
    out = " ".join(out.split())
    assert out.count("label values 7") == 1
    assert "; and 19 more: knee_1, knee_10, " in out
    told = json.loads(run("check", raw, "--group", "(.+)", "--json")[1])
    assert len([each for each in told["findings"] if "label values 7" in each["detail"]]) == 20


def test_a_value_that_map_does_not_name_or_that_occurs_nowhere_is_told(raw, run):
    make(raw, values=(255, 2))
    label = raw / "labelsTr/knee_3.nii.gz"
    array = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(label)))
    write(label, np.where(array == 255, 1, array))
    code, out, _ = run("check", raw, "--map", "255=1")
    assert code == 2
    assert (
        "has the label value 1, which --map doesn't name, though it gives its label to another; "
        "name it, too, as in --map 2=2,255=1,1=1"
    ) in " ".join(out.split())
    code, out, _ = run("check", raw, "--map", "1=1,255=1,2=2,9=0")
    assert code == 0
    assert "note labels --map (label_map in a card) names 9, which no label map has" in " ".join(
        out.split()
    )


def test_a_pool_without_room_for_the_starting_budget_is_told_by_check_too(raw, run):
    make(raw, cases=6)
    code, out, _ = run("check", raw)
    assert code == 0
    assert "the pool has 5 cases, but the starting budget takes two for each of the 3" in " ".join(
        out.split()
    )
    assert "warning: room" not in run("add", raw)[2]


@pytest.mark.parametrize("option", ["--map", "--group"])
def test_options_that_a_card_answers_are_refused(raw, run, option):
    make(raw)
    run("add", raw)
    code, _, err = run("check", "knees", "--raw", raw, option, "(.+)")
    assert code == 2
    assert f"error: {option}: is for a folder without a card; knees has one" in err


@pytest.mark.parametrize("pattern", ["knee_([12])|.*", "knee_[0-9]()"])
def test_a_group_that_matches_nothing_in_some_id_is_told(raw, run, pattern):
    make(raw)
    for command in ("add", "check"):
        code, out, err = run(command, raw, "--group", pattern)
        assert code == 2
        assert "doesn't match" in " ".join((out + err).split())


def test_the_hint_of_guide_asks_for_a_folder_of_cards_where_none_is_set(raw, run, monkeypatch):
    make(raw)
    assert "data add Dataset601_Knees\n" in run("guide", raw)[1]
    monkeypatch.delenv("NNACTIVE_DATASETS")
    assert "data add Dataset601_Knees --out FOLDER_OF_YOUR_CARDS\n" in run("guide", raw)[1]
