"""A project file that was edited, and files of a person's work that broke."""

import json
from pathlib import Path

import pytest
from projects import Built, build

from benchmark.annotation.project.places import WORK
from benchmark.annotation.settled import FILE, Settled
from benchmark.cli.main import main
from nnactive.io.files import write_model


@pytest.fixture
def built(tmp_path: Path) -> Built:
    found = build(tmp_path)
    known = Settled(project=found.project, method="random", patch_size=(2, 2, 2), stride=(1, 1, 1))
    write_model(found.places.root / WORK / FILE, known)
    return found


def edit(built: Built, **fields: object) -> None:
    content = json.loads(built.places.project.read_text())
    built.places.project.write_text(json.dumps(content | fields))


@pytest.mark.parametrize("command", ["import", "status"])
@pytest.mark.parametrize("classes", [["tumour", "liver"], ["liver"]])
def test_with_other_classes_nothing_is_imported_or_counted(
    built: Built, command: str, classes: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    built.draw("p01")
    main(["annotate", "import", str(built.places.root)])
    built.draw("p02")
    before = sorted(built.places.labels.rglob("*"))
    edit(built, classes=classes)
    capsys.readouterr()
    assert main(["annotate", command, str(built.places.root)]) == 2
    told = capsys.readouterr()
    assert "field 'classes' was ['liver', 'tumour'] when round 0 was chosen" in told.err
    assert "set it back" in told.err
    assert sorted(built.places.labels.rglob("*")) == before


def test_what_may_change_may_change(built: Built) -> None:
    edit(built, rounds=9, draft="none")
    assert main(["annotate", "status", str(built.places.root)]) == 0


def test_no_one_is_told_to_remove_what_nothing_makes_again(
    built: Built, capsys: pytest.CaptureFixture[str]
) -> None:
    built.draw("p01")
    root = str(built.places.root)
    main(["annotate", "import", root])
    (record,) = built.places.labels.glob("round_00/p01/*.json")
    for file, told in (
        (record, "restore it from a copy; or remove it, and import the patch again"),
        (built.places.project, "correct it, or restore it from a copy"),
    ):
        file.write_text(file.read_text()[:40])
        capsys.readouterr()
        assert main(["annotate", "status", root]) == 2
        assert capsys.readouterr().err.rstrip().endswith(told)
