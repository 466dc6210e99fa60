from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from replayed import Run

from benchmark.cli.main import main
from benchmark.pictures import scenes
from benchmark.show import overview
from benchmark.show.overview import loop_colours
from benchmark.show.queries import PIXELS, queries_page
from benchmark.show.subject import ASSUMED, ERRORLESS, Subject
from nnactive.data.prepared import POOL_LABELS, PreparedDataset
from nnactive.errors import UserError
from nnactive.geometry import Patch
from nnactive.settings import Annotator


def quiet(*_: object) -> None:
    """No progress."""


def test_each_loop_has_its_patches_and_the_planes_through_them(subject: Subject) -> None:
    page = queries_page(subject, 3, quiet)
    places, *loops = page.sections
    assert [section.title for section in loops] == ["Starting budget", "Loop 1", "Loop 2"]
    assert loops[1].text.startswith("4 patches in 4 images. 3 are shown")
    assert loops[2].text == "2 patches in 1 image."
    assert [len(section.figures) for section in loops] == [3, 3, 2]
    for section in loops:
        for figure in section.figures:
            assert [each.caption for each in figure.pictures] == ["axial", "coronal", "sagittal"]
            assert all(each.pixels.shape == (PIXELS, PIXELS, 3) for each in figure.pictures)
            assert all(each.pixels.std() > 20 for each in figure.pictures)
    assert [figure.title for figure in places.figures] == [
        *("All loops", "Starting budget", "Loop 1", "Loop 2")
    ]
    assert set(page.sheets) == {"overview", "loop_000", "loop_001", "loop_002"}
    assert ASSUMED not in page.notes


def test_the_voxels_told_are_those_in_the_patch(subject: Subject) -> None:
    page = queries_page(subject, 1, quiet)
    patch = subject.queries()[1][0]
    label = subject.dataset.pool_label(patch.case)[patch.slices]
    names = subject.dataset.info.classes
    counts = np.bincount(label.ravel(), minlength=len(names))
    told = ", ".join(f"{name} {n:,}" for name, n in zip(names, counts, strict=True) if n)
    assert page.sections[2].figures[0].text == f"starts at 2, 4, 6: {told} voxels"


def test_no_label_outside_a_patch_is_read(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    read: dict[Path, set[tuple[slice, ...]]] = {}

    def watched(file: Path, box: object) -> np.ndarray:
        if POOL_LABELS in file.parts:
            read.setdefault(file, set()).add(tuple(map(str, box)))
        return scenes_read(file, box)

    def never(*_: object) -> np.ndarray:
        raise AssertionError("a complete label map is read")

    scenes_read = scenes.read_box
    monkeypatch.setattr(scenes, "read_box", watched)
    monkeypatch.setattr(overview, "read_box", watched)
    monkeypatch.setattr(PreparedDataset, "pool_label", never)
    monkeypatch.setattr(PreparedDataset, "test_label", never)
    queries_page(subject, 99, quiet)
    patches = [patch for chosen in subject.queries().values() for patch in chosen]
    assert {(file.stem, box) for file, boxes in read.items() for box in boxes} == {
        (patch.case, tuple(map(str, patch.slices))) for patch in patches
    }


def test_the_overview_shows_where_the_patches_are(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(overview, "lettered", lambda picture, _: picture)
    dataset = subject.dataset
    case = dataset.info.pool[0].id
    z, y, _ = dataset.shape(case)
    # On the right, at the back and at the top: z points up, y to the back, x to the left.
    patch = Patch(case, (z - 4, y - 4, 0), (4, 4, 4))
    (figure,) = overview.overview(dataset, {1: [patch]}, quiet).section.figures
    (_, colour), *_ = loop_colours([1])
    for picture, (low, right) in zip(
        figure.pictures, [(True, False), (False, False), (False, True)], strict=True
    ):
        rows, columns = np.nonzero((picture.pixels == colour).all(axis=2))
        middle = overview.PIXELS / 2
        assert ((rows > middle).all(), (columns > middle).all()) == (low, right), picture.caption
        assert rows.size >= overview.DOT**2


def test_loops_differ_in_colour() -> None:
    colours = [colour for _, colour in loop_colours(range(6))]
    assert len(set(colours)) == 6
    assert len({colour for _, colour in loop_colours([0, 1])}) == 2


def test_unknown_orientation_is_said(subject: Subject, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PreparedDataset, "toward", lambda *_: None)
    assert ASSUMED in queries_page(subject, 1, quiet).notes


def test_an_annotators_errors_are_said_not_to_be_shown(subject: Subject) -> None:
    errs = Annotator(boundary_sd_mm=1, boundary_length_mm=10, missed_share=0, missed_below_mm3=1)
    setting = subject.setting.model_copy(update={"annotator": errs})
    assert ERRORLESS in queries_page(replace(subject, setting=setting), 1, quiet).notes
    assert ERRORLESS not in queries_page(subject, 1, quiet).notes


def test_the_command_writes_the_page_and_the_pictures(
    shown: Run, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    places = ["--data", str(shown.data), "--runs", str(shown.root.parent)]
    out = tmp_path / "deep" / "q.html"
    assert (
        main(["show", "queries", "tiny/bald/7", "--patches", "1", "--out", str(out), *places]) == 0
    )
    told = capsys.readouterr()
    assert told.out.splitlines() == [f"page: {out}", f"pictures: {tmp_path / 'deep/q_files'}"]
    assert "patches: 3" in told.err
    assert "phantom_" in out.read_text(encoding="utf-8")
    assert len(list((tmp_path / "deep/q_files").glob("*.png"))) == 4
    first = out.read_bytes()
    assert main(["show", "queries", "bald", "--patches", "1", "--out", str(out), *places]) == 0
    assert out.read_bytes() == first


def test_an_experiment_without_patches_has_nothing_to_show(
    subject: Subject, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Subject, "patches", lambda *_: None)
    with pytest.raises(UserError, match="has no patches yet; continue the run"):
        subject.queries()


@pytest.mark.parametrize(
    ("name", "told"),
    [("nothing", "nothing: no such run here"), ("tiny", "holds several experiments; name one of")],
)
def test_a_name_that_fits_none_or_several_is_one_line(
    shown: Run, name: str, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    places = ["--data", str(shown.data), "--runs", str(shown.root.parent)]
    assert main(["show", "queries", name, *places]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert told in line
