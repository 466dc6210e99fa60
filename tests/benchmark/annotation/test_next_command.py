"""`annotate next` as a command: what it asks of the loop, and what it says."""

from pathlib import Path

import pytest
from own_project import make_project, make_round

from benchmark.annotation import loop
from benchmark.annotation.loop import Options, Outcome
from benchmark.annotation.project.methods import checked_method, kept_method
from benchmark.annotation.project.places import Places
from benchmark.cli.commands.author import check
from benchmark.cli.main import cli, main
from nnactive.errors import UserError
from nnactive.geometry import Patch
from nnactive.io.files import write_model

MINE = """
from nnactive.methods import QueryMethod

class Mine(QueryMethod):
    def score(self, prediction):
        return prediction.mean[0]
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    write_model(Places(Path("p")).project, make_project())
    return Path("p")


def test_a_round_is_told_with_its_place_and_the_way_on(root, capsys, monkeypatch) -> None:
    asked = []
    patches = [Patch("a", (0, 0, 0), (4, 2, 8)), Patch("b", (0, 0, 0), (4, 2, 8))]

    def run(places, project, options, methods, machine, told) -> Outcome:
        asked.append((options, machine.cores, machine.command))
        start, query = methods()
        assert (start[0].record.id, query[0].record.id) == ("random_start", "random")
        return Outcome(make_round(2, patches, "random"))

    monkeypatch.setattr(loop, "next_round", run)
    (root / "here").mkdir()
    words = ["annotate", "next", "p", "--look", "liver:a=1,2,3", "--with-open", "--cores", "3"]
    assert main([*words, "--images", "p/here"]) == 0
    ((options, cores, command),) = asked
    assert options == Options(
        looks=("liver:a=1,2,3",), with_open=True, images=Path("p/here"), workers=3
    )
    assert cores == 3
    assert command.startswith("nnactive-bench annotate next --look liver:a=1,2,3")
    out = capsys.readouterr().out
    assert "round_02: 2 patches in 2 images, in p/round_02" in out
    assert "p/round_02/round_02.html" in out
    assert "nnactive-bench annotate import p" in out


def test_a_method_of_ones_own_is_the_copy_that_init_made(root, monkeypatch) -> None:
    Path("mine.py").write_text(MINE)
    text = kept_method(Places(root), checked_method("mine.py:Mine", "--method"))
    write_model(Places(root).project, make_project(method=text))
    Path("mine.py").unlink()
    entries = []
    monkeypatch.setattr(loop, "next_round", lambda *a: entries.extend(a[3]()) or Outcome(None))
    monkeypatch.setattr(check, "passes", lambda *_: True)
    assert main(["annotate", "next", "p"]) == 0
    spec, frozen = entries[1]
    assert spec.record.id.startswith("Mine-")
    assert frozen == (root / "methods" / spec.record.id).resolve()
    monkeypatch.setattr(check, "passes", lambda method, _: method.file is None)
    with pytest.raises(UserError, match=r"fails the check; .* whole path in p/project.json in pl"):
        cli(["annotate", "next", "p"], standalone_mode=False)


def test_the_end_points_to_finish(root, capsys, monkeypatch) -> None:
    monkeypatch.setattr(loop, "next_round", lambda *_: Outcome(None))
    assert main(["annotate", "next", "p"]) == 0
    assert "all 3 rounds are labelled; next: nnactive-bench annotate finish p" in (
        capsys.readouterr().out
    )


def test_no_project_is_one_line(tmp_path, capsys, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert main(["annotate", "next", "nothing"]) == 2
    (line,) = [each for each in capsys.readouterr().err.splitlines() if "error" in each]
    assert "nothing: no project.json; begin with: nnactive-bench annotate init nothing" in line
