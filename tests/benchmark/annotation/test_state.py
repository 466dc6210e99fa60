"""Where a project is, from its small files alone."""

import json
import shlex
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from projects import Built, build, date

from benchmark.annotation.agreement.counts import Change, HeldOut
from benchmark.annotation.agreement.intervals import Interval
from benchmark.annotation.agreement.read import Agreement
from benchmark.annotation.finished import Finished
from benchmark.annotation.imports.take import import_labels
from benchmark.annotation.rounds.model import Round
from benchmark.annotation.state import Minutes, State, state_of
from benchmark.cli.commands.annotate.status import _agreement_lines as agreement_lines
from benchmark.cli.main import main
from nnactive.data.unlabelled.source import Box
from nnactive.errors import UserError
from nnactive.io.files import read_model, write_model
from nnactive.io.queries import PatchRecord
from nnactive.oracle.drawn import GIVEN
from nnactive.oracle.keep import Drawing, keep, keep_source

NOW = datetime(2026, 11, 30, 18, 0, tzinfo=UTC)


def saved(built: Built, patch_id: str, minute: int, number: int = 0) -> None:
    """Draw a patch, saved that many minutes after 13:00."""
    file = built.draw(patch_id, number=number)
    date(file, f"2026-11-30T{13 + minute // 60}:{minute % 60:02d}:00+00:00")


def take(built: Built, **options: object) -> State:
    import_labels(built.places, built.project, now=NOW, **options)  # type: ignore[arg-type]
    return state_of(built.places, built.project)


def test_all_that_is_labelled_is_finished_until_more_is_imported(tmp_path: Path) -> None:
    built = build(tmp_path)
    built = replace(built, project=built.project.model_copy(update={"rounds": 1}))
    assert "annotate finish" in take(built, empty=["all"]).todo
    content = {"ensemble": "e", "last_round": 0, "labelled": 3, "open": 0, "folds": 2}
    done = Finished(**content, dataset="Dataset500_Mine", begun="2026-11-30T18:01:00Z")
    write_model(built.places.finished / "finished.json", done)
    state = state_of(built.places, built.project)
    assert state.todo.startswith(f"nothing: {tmp_path}/finished has all labels; raise rounds in")
    saved(built, "p01", 5)
    import_labels(built.places, built.project, now=NOW + timedelta(minutes=2))
    assert "annotate finish" in state_of(built.places, built.project).todo


def test_nothing_is_there_yet(tmp_path: Path) -> None:
    built = build(tmp_path, rounds=0)
    (built.places.prepared(built.project) / "sources.json").unlink()
    state = state_of(built.places, built.project)
    assert (state.rounds, state.share, state.images) == ((), None, 2)
    assert state.todo == f"choose the first patches: nnactive-bench annotate next {tmp_path}"


def test_rounds_patches_and_voxels_are_counted(tmp_path: Path) -> None:
    built = build(tmp_path, rounds=2)
    saved(built, "p01", 0)
    saved(built, "p02", 6)
    saved(built, "p01", 30, number=1)
    state = take(built, empty=["round_00/p03"])
    first, second = state.rounds
    assert (first.patches, first.labelled, first.open, first.images) == (3, 3, (), 2)
    assert first.voxels == (688, 64, 16)
    assert (second.labelled, second.open) == (1, ("p02", "p03"))
    assert state.voxels == (904, 96, 24)
    assert state.images_labelled == 2
    assert state.missing == ()
    assert state.share == 1024 / (10 * 24 * 30 + 12 * 20 * 22)
    assert state.todo.startswith(f"label the open patches in {tmp_path}/round_01")


@pytest.mark.parametrize("number", [0, 1])
def test_a_round_whose_file_is_gone_is_missed(tmp_path: Path, number: int) -> None:
    built = build(tmp_path, rounds=2)
    saved(built, "p01", 0, number=number)
    take(built)
    file = built.places.round_file(number)
    file.unlink()
    with pytest.raises(UserError, match=f"{file}: missing, .*; restore it"):
        state_of(built.places, built.project)


def test_minutes_lie_between_saves_of_one_session(tmp_path: Path) -> None:
    built = build(tmp_path, rounds=2)
    for patch_id, minute in (("p01", 0), ("p02", 6), ("p03", 10)):
        saved(built, patch_id, minute)
    for patch_id, minute in (("p01", 90), ("p02", 105), ("p03", 121)):
        saved(built, patch_id, minute, number=1)
    state = take(built)
    assert state.rounds[0].minutes == Minutes(10, 2, 3)
    assert state.rounds[1].minutes == Minutes(15, 1, 3)
    assert state.minutes == Minutes(25, 3, 6)
    saved(built, "p03", 125, number=1)
    state = take(built)
    assert state.minutes.saved == 6  # the same labels again are nothing new


def test_training_between_two_rounds_is_no_work(tmp_path: Path) -> None:
    built = build(tmp_path, rounds=2)
    saved(built, "p01", 0)
    saved(built, "p01", 10, number=1)
    saved(built, "p02", 13, number=1)
    assert take(built).minutes == Minutes(13, 2, 3)
    file = built.places.round_file(1)
    write_model(
        file, read_model(file, Round).model_copy(update={"written": "2026-11-30T13:08:00Z"})
    )
    assert state_of(built.places, built.project).minutes == Minutes(3, 1, 3)


def test_what_was_saved_since_is_to_be_imported(tmp_path: Path) -> None:
    built = build(tmp_path)
    assert state_of(built.places, built.project).rounds[0].changed == ()
    saved(built, "p02", 0)
    state = state_of(built.places, built.project)
    assert state.rounds[0].changed == ("p02",)
    assert state.todo == (
        f"import what was saved in round_00: nnactive-bench annotate import {tmp_path}"
    )


def test_a_file_that_an_import_has_asked_about_is_no_news(tmp_path: Path) -> None:
    built = build(tmp_path, rounds=2)
    file, erased = built.label_file("p02", number=1), built.drawn("p02", 1, classes=False)
    built.save(file, erased, "case_001", built.patch("p02", 1).crop.start)
    assert state_of(built.places, built.project).rounds[1].changed == ("p02",)
    assert take(built).rounds[1].changed == ()


@pytest.mark.parametrize("view", ["crop", "image"])
def test_what_was_saved_again_as_it_was_is_no_news(tmp_path: Path, view: str) -> None:
    built = build(tmp_path, rounds=2, view=view)  # type: ignore[arg-type]
    folder = built.places.round(1)
    for file in folder.glob("*_label.nii.gz"):
        image = SimpleITK.ReadImage(str(file))
        SimpleITK.WriteImage(SimpleITK.Cast(image, SimpleITK.sitkInt16), str(file))
        date(file)
    assert state_of(built.places, built.project).rounds[1].changed == ()
    name, start = ("p01", built.patch("p01", 1).crop.start)
    if view == "image":
        name, start = "case_001", (0, 0, 0)
    file = folder / f"{name}_label.nii.gz"
    array = SimpleITK.GetArrayFromImage(SimpleITK.ReadImage(str(file)))
    array[tuple(np.subtract(built.patch("p01", 1).box.start, start))] = 2
    built.save(file, array, "case_001", start)
    assert state_of(built.places, built.project).rounds[1].changed == ("p01",)
    file.write_bytes(b"cut off")
    refused = ("p01", "p02") if view == "image" else ("p01",)
    assert state_of(built.places, built.project).rounds[1].changed == refused


def test_a_correction_is_to_be_imported_and_a_repeated_save_is_not(tmp_path: Path) -> None:
    built = build(tmp_path)
    saved(built, "p01", 0)
    take(built)
    saved(built, "p01", 9)
    assert state_of(built.places, built.project).rounds[0].changed == ()
    array = built.drawn("p01")
    array[array == 2] = 1
    built.save(built.label_file("p01"), array, "case_001", built.patch("p01").crop.start)
    state = state_of(built.places, built.project)
    assert state.rounds[0].changed == ("p01",)
    assert state.todo.startswith("import what was saved in round_00")


def test_files_of_too_many_voxels_count_as_new_without_being_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = build(tmp_path)
    date(built.label_file("p01"))
    assert state_of(built.places, built.project).rounds[0].changed == ()
    monkeypatch.setattr("benchmark.annotation.imports.saved.MOST_VOXELS", 9)
    assert state_of(built.places, built.project).rounds[0].changed == ("p01",)


def test_the_command_prints_a_table_or_json(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    built = build(tmp_path, rounds=2)
    saved(built, "p01", 0)
    take(built)
    assert main(["annotate", "status", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "round  patches  labelled" in told
    assert "labelled voxels: 216 background, 32 liver, 8 tumour" in told
    assert "agreement between rounds: not yet" in told
    assert main(["annotate", "status", str(tmp_path), "--json"]) == 0
    content = json.loads(capsys.readouterr().out)
    assert content["voxels"] == [216, 32, 8]
    assert content["agreement"] is None


def test_labels_from_the_start_count(tmp_path: Path) -> None:
    built = build(tmp_path)
    grid = built.grid("case_002")
    voxels = np.zeros(grid.shape, np.uint8)
    voxels[2:4] = 1
    box = Box(start=(0, 0, 0), size=grid.shape)
    file = built.save(tmp_path / "given.nii.gz", voxels, "case_002", (0, 0, 0))
    drawing = Drawing(
        patch=PatchRecord(case="case_002", start=box.start, size=box.size),
        box=box,
        grid=grid,
        voxels=voxels,
        classes=3,
        how="given",
        source=keep_source(built.places.labels, file),
        imported="2026-11-30T12:00:00Z",
    )
    keep(built.places.labels, GIVEN, "case_002", drawing)
    state = state_of(built.places, built.project)
    assert (state.given, state.images_labelled) == (1, 1)
    assert state.voxels == (4400, 880, 0)
    assert state.missing == ("tumour",)
    assert state.rounds[0].voxels == (0, 0, 0)


def test_agreement_is_told_in_words() -> None:
    sure = Interval(value=0.914, low=0.9, high=0.92)
    found = Agreement(
        watched=("case_001",),
        changes=(
            Change(number=2, images=7, dice=(sure, None), disagreement=sure, uncertainty=None),
        ),
        held_out=(
            HeldOut(number=1, patches=3, images=2, drafted=3, dice=(sure, None), right=sure),
        ),
        wrong=0.0123,
    )
    assert "\n".join(agreement_lines(found, ("liver", "tumour"))) == (
        "rounds 1 and 2, Dice of their predictions for 7 images: liver 0.914, tumour -; 91.4% of "
        "the foreground differs\n"
        "round 1's predictions in the 3 patches labelled next, Dice: liver 0.914, tumour -; 91.4% "
        "of their voxels were predicted right; 3 of the 3 patches were labelled from this "
        "prediction as a draft, which makes these figures look better than they are\n"
        "-: undefined, as neither of the two compared has the class\n"
        "voxels that the newest ensemble gets wrong, by calibrated confidence: 1.23%"
    )
    (line,) = agreement_lines(None, ("liver",))
    assert line.startswith("agreement between rounds: not yet")


def test_an_agreement_that_cant_be_told_hides_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    build(tmp_path)
    (tmp_path / "work/predictions/round_00/case_001").mkdir(parents=True)
    assert main(["annotate", "status", str(tmp_path)]) == 0
    told = capsys.readouterr().out
    assert "agreement between rounds: unknown: " in told
    assert "to do: label the open patches" in told


def test_status_loads_nothing_heavy(tmp_path: Path) -> None:
    build(tmp_path)
    code = (
        "import sys; from benchmark.cli.main import main; "
        f"main(['annotate', 'status', {shlex.quote(str(tmp_path))!r}]); "
        "print([m for m in ('torch', 'nnunetv2', 'SimpleITK', 'scipy') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"
