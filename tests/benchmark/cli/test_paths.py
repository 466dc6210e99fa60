"""Any path that the file system allows works, or is refused in one line."""

import os
import shutil
from pathlib import Path

import pytest
from spoilt import Spoilt

from benchmark.child_errors import error_line, reported_cause
from benchmark.cli.commands.author.methods import examine
from benchmark.cli.commands.steps import step
from benchmark.cli.main import main
from benchmark.conformance.parent import command
from benchmark.submission.method_string import Method

HARD_TO_QUOTE = '-a {place} {{it\'s}} $HOME 50%s "q" [*] ~ Größe #;&|\\ \n<b>'
NOT_UTF8 = os.fsdecode(b"\xff-x")
REFUSED = "\\xff-x"

TRACK = Path(__file__).parents[2] / "e2e" / "tiny.yaml"


def told(capfd) -> list[str]:
    return [x for x in capfd.readouterr().err.splitlines() if x.startswith("error: ")]


def test_raw_data_cards_and_data_may_lie_anywhere(tmp_path, monkeypatch, capsys):
    place = tmp_path / HARD_TO_QUOTE
    raw = Spoilt().write(place / "raw" / HARD_TO_QUOTE)
    for file in list(raw.rglob("case_3*")):
        # A case's id is a name, which has neither slashes nor line breaks.
        name = HARD_TO_QUOTE.replace("/", "").replace("\n", "")
        file.rename(file.with_name(file.name.replace("case_3", name)))
    monkeypatch.setenv("NNACTIVE_DATASETS", str(place / "cards"))
    monkeypatch.setenv("NNACTIVE_DATA", str(place / "data"))
    assert main(["data", "add", "--name", "odd", str(raw)]) == 0
    assert main(["data", "prepare", "odd", "--raw", str(raw), "--workers", "1"]) == 0
    assert main(["data", "verify", "odd"]) == 0
    # Its few cases are too small a pool, which is told in one line.
    assert main(["data", "guide", "odd", "--out", str(place / "track.yaml")]) == 2
    assert len(capsys.readouterr().err.split("error: ")[1].splitlines()) == 1
    shutil.copy(TRACK, place / "track.yaml")
    assert main(["track", "show", str(place / "track.yaml")]) == 0


def test_a_folder_that_begins_with_a_dash_may_follow_two_dashes(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("NNACTIVE_DATASETS", "-cards")
    Spoilt().write(Path("-knees"))
    assert main(["data", "add", "--", "-knees"]) == 0
    assert main(["data", "prepare", "knees", "--raw", "-knees", "--data", "-data"]) == 0


@pytest.mark.parametrize("name", ["-mine", HARD_TO_QUOTE.replace("/", "")], ids=["dash", "quotes"])
def test_a_method_in_any_file_is_described_by_a_process_of_its_own(name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path(f"{name}.py").write_text(
        "from nnactive.methods import PowerBald\n\n\nclass Mine(PowerBald):\n    name = 'mine'\n"
    )
    method = Method.parse(f"{name}.py:Mine", ["beta=2"])
    assert examine(method, tmp_path / "track").record.parameters == {"beta": 2.0}
    words = command(method, tmp_path / "out", answers=True)
    asked = step.commands["conform"].make_context("conform", words[words.index("conform") + 1 :])
    given = {"method": method.string, "parameters": ("beta=2",), "answers": True, "frozen": None}
    assert asked.params == given | {"out": tmp_path / "out"}


@pytest.mark.parametrize(
    "arguments",
    [
        ("data", "prepare", "phantom", "--data", NOT_UTF8),
        ("data", "verify", "phantom", "--data", NOT_UTF8),
        ("data", "add", NOT_UTF8),
        ("track", "run", "demo", "--runs", NOT_UTF8),
        ("leaderboard", "build", "--out", NOT_UTF8),
    ],
)
def test_a_path_that_is_not_utf8_is_refused(tmp_path, monkeypatch, capfd, arguments):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert told(capfd) == [
        f"error: {REFUSED}: not in UTF-8, as the names of all files must be; rename it"
    ]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("arguments", "what"),
    [
        (("track", "run", "demo", "--runs", ""), "an argument"),
        (("leaderboard", "build", "--out="), "--out"),
        (("check", ""), "an argument"),
    ],
)
def test_an_empty_path_is_not_the_current_folder(tmp_path, monkeypatch, capfd, arguments, what):
    monkeypatch.chdir(tmp_path)
    assert main(arguments) == 2
    assert told(capfd) == [f"error: {what} is empty, perhaps from an unset variable; give a value"]
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("variable", ["NNACTIVE_DATA", "NNACTIVE_DATASETS", "NNACTIVE_RUNS"])
def test_so_is_a_variable_that_is_not_utf8(monkeypatch, capfd, variable):
    monkeypatch.setenv(variable, NOT_UTF8)
    assert main(["data", "list"]) == 2
    assert told(capfd)[0].startswith(f"error: {REFUSED}: not in UTF-8")


def test_so_are_the_current_folder_and_a_file_in_a_raw_folder(tmp_path, monkeypatch, capfd):
    raw = Spoilt().write(tmp_path / "knees")
    for file in list(raw.rglob("case_3*")):
        file.rename(file.with_name(file.name.replace("case_3", NOT_UTF8)))
    monkeypatch.setenv("NNACTIVE_DATASETS", str(tmp_path / "cards"))
    assert main(["data", "add", str(raw)]) == 2
    assert f"{REFUSED}_0000.nii.gz: not in UTF-8" in told(capfd)[0]
    odd = tmp_path / NOT_UTF8
    odd.mkdir()
    monkeypatch.chdir(odd)
    assert main(["data", "list"]) == 2
    assert f"/{REFUSED}: not in UTF-8" in told(capfd)[0]


def test_an_error_is_one_line_whatever_a_path_contains():
    line = error_line("/a\nb: no such file")
    assert line == "error: /a\\nb: no such file"
    assert reported_cause([line]) == "/a\\nb: no such file"
