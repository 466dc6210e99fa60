"""`bundle`, and the bundles that `submit` leaves."""

import shlex
from pathlib import Path

import click
import pytest
from by_hand import METHOD, run_by_hand

from benchmark import layout
from benchmark.bundles.read import open_bundle
from benchmark.cli.command_line import command_line
from benchmark.cli.commands import tracks
from benchmark.cli.main import main
from benchmark.layout import Experiment

TRACK = """
name: toy
title: Toy
description: A toy.
comparable: false
settings:
  - {name: s, dataset: phantom, regime: r, patch_size: [4, 4, 4], starting_budget: 1,
     query_size: 1, loops: 3, training: {folds: 2, epochs: 1}}
methods: [random]
seeds: [1, 2]
"""


@pytest.fixture
def place(tmp_path, monkeypatch) -> Path:
    """A folder with a track, an author's file without a manifest, and its finished run."""
    monkeypatch.chdir(tmp_path)
    Path("toy.yaml").write_text(TRACK)
    Path("mine.py").write_text(METHOD, encoding="utf-8")
    run_by_hand(Path("runs"), "mine.py:Mine", Path("mine.py"))
    return tmp_path


@pytest.fixture
def no_run(monkeypatch) -> list[str]:
    """`submit` finds everything finished; the command lines of its runs."""
    lines: list[str] = []

    def run(*_: object) -> int:
        lines.append(command_line())
        return 0

    monkeypatch.setattr(tracks, "run_track", run)
    return lines


def describe_it(**more: str) -> None:
    fields = {"authors": "[Jane Doe]", "licence": "MIT", **more}
    Path("submission.yaml").write_text("".join(f"{k}: {v}\n" for k, v in fields.items()))


def test_a_finished_method_is_bundled(place, capsys) -> None:
    words = ["bundle", "mine.py:Mine", "--track", "toy.yaml"]
    assert main(words) == 2
    assert "add there: authors: [First Last]; licence: Apache-2.0" in capsys.readouterr().err
    describe_it(description="It is good.")
    assert main(words) == 0
    (made,) = Path("bundles").iterdir()
    assert f"nnactive-bench verify {made}" in capsys.readouterr().out
    opened = open_bundle(made)
    assert opened.manifest.description == "It is good."
    assert opened.record.command == "nnactive-bench bundle --track toy.yaml mine.py:Mine"
    # By its id, with a manifest from elsewhere; as a zip.
    Path("submission.yaml").rename("other.yaml")
    words = ["bundle", made.name, "--track", "toy.yaml", "--manifest", "other.yaml"]
    assert main([*words, "--out", "mine.zip"]) == 0
    assert open_bundle(Path("mine.zip")).record.digest == opened.record.digest


def test_submit_leaves_a_bundle_and_says_what_is_next(place, capsys, no_run) -> None:
    words = ["submit", "mine.py:Mine", "--track", "toy.yaml", "--bundle", "out/{id}"]
    assert main(words) == 2  # before anything ran
    assert "authors: [First Last]" in capsys.readouterr().err
    assert not no_run
    describe_it()
    assert main(words) == 0
    (made,) = Path("out").iterdir()
    assert open_bundle(made).wrong_files() == []
    assert "next: nnactive-bench verify" in capsys.readouterr().out
    assert no_run == ["nnactive-bench submit --track toy.yaml mine.py:Mine"]


def test_an_offered_bundle_is_never_in_the_way(place, capsys, no_run) -> None:
    words = ["submit", "mine.py:Mine", "--track", "toy.yaml", "--offer", "out/{id}"]
    assert main(words) == 0
    told = capsys.readouterr().err
    assert "note: mine.py:Mine: a bundle needs more in submission.yaml beside it" in told
    assert "no bundle: " in told
    describe_it()
    (root,) = Path("runs").iterdir()
    method = next((root / "methods").glob("Mine-*.json")).stem
    result = root / layout.result_file(Experiment("s", method, 2))
    result.rename("kept.json")
    assert main(words) == 0
    assert f"no result of s, {method}, seed 2" in capsys.readouterr().err
    Path("kept.json").rename(result)
    assert main(words) == 0
    assert capsys.readouterr().err == ""
    assert Path("out", method).is_dir()


def test_several_methods_need_a_place_each(place, capsys, no_run) -> None:
    words = ["submit", "mine.py:Mine", "random", "--track", "toy.yaml", "--bundle", "out"]
    assert main(words) == 2
    assert "write {id} for their ids" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ("--data data --runs /home/jane/runs a.py:A", "--data data --runs RUNS a.py:A"),
        ("--runs ../runs /home/jane/my/a.py:A,beta=1", "--runs RUNS a.py:A,beta=1"),
        ("examples/a.py:A bald,beta=0.5", "examples/a.py:A bald,beta=0.5"),
        ("~jane/a.py:A --keep --seed 1 --seed 2", "--keep --seed 1 --seed 2 a.py:A"),
        ("A --param w=/home/jane/w.pt", "--param w=w.pt A"),
    ],
)
def test_a_command_line_has_no_places_of_this_machine(words, told, monkeypatch) -> None:
    monkeypatch.delenv("NNACTIVE_RUNS", raising=False)
    path = click.Path(path_type=Path)
    lines = []

    @click.command("submit")
    @click.argument("methods", nargs=-1)
    @click.option("--data", type=path, default="data")
    @click.option("--runs", type=path)
    @click.option("--keep", is_flag=True)
    @click.option("--seed", "seeds", type=int, multiple=True)
    @click.option("--param", multiple=True)
    def submit(**_: object) -> None:
        lines.append(command_line())

    submit.main(shlex.split(words), prog_name="x submit", standalone_mode=False)
    assert lines[0].startswith("nnactive-bench submit ")
    assert sorted(shlex.split(lines[0])[2:]) == sorted(shlex.split(told))
