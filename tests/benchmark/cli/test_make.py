"""``make`` hands on what it is given, whatever that contains."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest

ROOT: Final = Path(__file__).parents[3]
GIVEN: Final = ("DATA", "RUNS", "OUT", "METHOD", "TRACK", "KEEP", "NNACTIVE_DATA", "NNACTIVE_RUNS")
HARD_TO_QUOTE: Final = '-a {x} {{it\'s}} $HOME $(OUT) `id` 50% "q" [*] ~ Größe #;&|\\ \n<b>'

Made = Callable[..., list[str]]


@pytest.fixture
def made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Made:
    """The arguments that a target gives to ``nnactive-bench``."""
    for name in GIVEN:
        monkeypatch.delenv(name, raising=False)
    stub, told = tmp_path / "stub.py", tmp_path / "told.json"
    stub.write_text(f"import json, sys\njson.dump(sys.argv[1:], open({str(told)!r}, 'w'))\n")
    (tmp_path / "venv").mkdir()
    (tmp_path / "venv" / ".done").touch()

    def call(target: str, *variables: str) -> list[str]:
        words = ["make", target, f"VENV={tmp_path / 'venv'}", f"BENCH={sys.executable} {stub}"]
        subprocess.run([*words, *variables], cwd=ROOT, capture_output=True, check=True)
        return [str(word) for word in json.loads(told.read_text())]

    return call


def after(option: str, words: list[str]) -> str:
    return words[words.index(option) + 1]


def test_a_part_of_a_track_is_passed_on(made: Made) -> None:
    part = made("submit", "METHOD=bald", "TRACK=main", "DATASET=hippocampus", "REGIME=low")
    assert part[:7] == ["submit", "--track", "main", "--dataset", "hippocampus", "--regime", "low"]
    assert part[-2:] == ["--", "bald"]
    assert "--dataset" not in made("submit", "METHOD=bald", "TRACK=main")


def test_the_places_are_those_that_the_command_line_takes(made: Made, monkeypatch) -> None:
    assert made("benchmark") == [
        *("track", "run", "--data", "data", "--runs", "runs", "--out", "leaderboard.html"),
        *("--", "demo"),
    ]
    monkeypatch.setenv("NNACTIVE_DATA", "/my/own $data")
    monkeypatch.setenv("NNACTIVE_RUNS", "/my/runs")
    words = made("benchmark", "DATA=")
    assert (after("--data", words), after("--runs", words)) == ("", "/my/runs")
    words = made("benchmark")
    assert (after("--data", words), after("--runs", words)) == ("/my/own $data", "/my/runs")
    assert after("--data", made("benchmark", "DATA=elsewhere")) == "elsewhere"


@pytest.mark.parametrize("odd", [HARD_TO_QUOTE, os.fsdecode(b"\xff")], ids=["quotes", "not utf-8"])
def test_any_path_is_passed_on_as_it_is(made: Made, monkeypatch, odd) -> None:
    places = {"--data": "DATA", "--runs": "RUNS", "--out": "OUT", "--track": "TRACK"}
    words = made("submit", f"METHOD={odd}", *(f"{name}={odd}" for name in places.values()))
    assert words[-2:] == ["--", odd]
    assert {after(option, words) for option in places} == {odd}
    monkeypatch.setenv("DATA", odd)
    assert after("--data", made("benchmark")) == odd
    words = made("leaderboard", f"RUNS={odd}", f"OUT={odd}")
    assert words == ["leaderboard", "build", "--results", odd, "--out", odd]


def test_submit_leaves_a_bundle_unless_told_otherwise(made: Made) -> None:
    assert after("--offer", made("submit", "METHOD=bald")) == "bundles/{id}"
    assert after("--offer", made("submit", "METHOD=bald", "BUNDLE=my $b.zip")) == "my $b.zip"
    assert "--offer" not in made("submit", "METHOD=bald", "BUNDLE=")
    assert "--offer" not in made("benchmark")


def test_submit_keeps_networks_only_if_told(made: Made) -> None:
    assert "--keep" in made("submit", "METHOD=bald", "KEEP=1")
    assert "--keep" not in made("submit", "METHOD=bald")


def test_containers_are_asked_for(made: Made) -> None:
    words = made("submit", "METHOD=bald", "IMAGE=1")
    assert words[-7:-2] == ["--runtime", "docker", "--image", "nnactive-benchmark", "--layer"]
    words = made("benchmark", "RUNTIME=apptainer", "SIF=a b.sif", "CORES=2")
    assert words[-8:-2] == ["--cores", "2", "--runtime", "apptainer", "--image", "a b.sif"]
