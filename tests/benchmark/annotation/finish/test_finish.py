"""What `finish` writes, in full: a model, predictions, a raw dataset and a report."""

from pathlib import Path

import numpy as np
import pytest
import SimpleITK
from trained_projects import OBLIQUE, ORIGIN, drawable

from benchmark.annotation.ensembles import find_ensemble
from benchmark.annotation.finish import run as module
from benchmark.annotation.finish.names import dataset_name
from benchmark.annotation.finish.raw import imports_by_case, merged
from benchmark.annotation.project.places import load_project
from nnactive.data.prepare.resume import Note
from nnactive.data.raw.raw_checksums import read_files
from nnactive.data.unlabelled.prepare.stayed import NOTE, image_files
from nnactive.data.unlabelled.source import Box
from nnactive.errors import UserError
from nnactive.io.files import read_json, write_model
from nnactive.io.queries import PatchRecord
from nnactive.oracle.keep import Drawing, keep, keep_source


def read(file: Path) -> SimpleITK.Image:
    return SimpleITK.ReadImage(file)


def check_grid(image: SimpleITK.Image) -> None:
    assert image.GetOrigin() == pytest.approx(ORIGIN)
    assert image.GetDirection() == pytest.approx(OBLIQUE)
    assert image.GetSpacing() == pytest.approx((1, 1, 1))


def test_everything_is_there_and_in_the_images_geometry(places, sources, finished) -> None:
    outcome = finished(places)
    project, name = load_project(places.root), dataset_name(load_project(places.root))
    assert outcome.made
    assert (outcome.record.last_round, outcome.record.labelled, outcome.record.open) == (1, 5, 1)
    top = {path.name for path in places.finished.iterdir()}
    assert top == {"model", "predictions", "raw", "report.html", "README.txt", "finished.json"}
    for case, source in sources.cases.items():
        image = read(places.finished / "predictions" / f"{case}.nii.gz")
        check_grid(image)
        assert image.GetSize() == source.grid.shape[::-1]
    raw = places.finished / "raw" / name
    description = read_json(raw / "dataset.json")
    assert description["numTraining"] == 3
    assert description["labels"]["ignore"] == project.ignore
    label = read(raw / "labelsTr" / f"{next(iter(sources.cases))}.nii.gz")
    check_grid(label)
    array = SimpleITK.GetArrayFromImage(label)
    assert (array != project.ignore).sum() == 2 * 6 * 2 * 6
    assert (array[:6, :4, :6] < project.ignore).all()
    check_grid(read(raw / "imagesTr" / f"{next(iter(sources.cases))}_0000.nii.gz"))


def test_the_report_says_what_is_known_and_nothing_else(places, sources, finished) -> None:
    finished(places)
    page = (places.finished / "report.html").read_text()
    assert "5 labelled patches" in page
    assert "1 patches are still open" not in page
    assert "1 patch is still open" in page
    assert "There is no test set" in page
    assert "Prediction against labels that came later" in page
    assert page.count("<img ") == 3 * 3 * 2
    for text in (page, (places.finished / "README.txt").read_text()):
        assert str(places.root) not in text
        assert ".mha" not in text


def test_the_same_labels_give_nothing_new_others_keep_the_old(places, sources, finished) -> None:
    finished(places)
    mine = places.finished / "predictions" / "corrected by hand.nii.gz"
    mine.write_text("mine")
    again = finished(places)
    assert not again.made
    assert mine.is_file()
    project = load_project(places.root)
    one, other = find_ensemble(places, project, 1).members
    one.write_bytes(other.read_bytes())
    new = finished(places)
    assert new.made
    assert new.aside == places.root / "finished_01"
    assert (new.aside / "predictions" / mine.name).read_text() == "mine"
    assert not (places.finished / "predictions" / mine.name).exists()


def test_killed_on_the_way_it_goes_on_and_shows_nothing_before_all_is_there(
    places, sources, finished, monkeypatch
) -> None:
    writing = module.write_raw

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(module, "write_raw", killed)
    with pytest.raises(KeyboardInterrupt):
        finished(places)
    assert not places.finished.exists()
    monkeypatch.setattr(module, "write_raw", writing)
    made = next((places.root / "work" / "finishing").glob("*/out/predictions"))
    first = min(made.iterdir())
    before = first.stat().st_mtime_ns
    assert finished(places).made
    assert (places.finished / "predictions" / first.name).stat().st_mtime_ns == before
    assert not (places.root / "work" / "finishing").exists()


def test_an_image_that_changed_since_it_was_prepared_is_refused(places, sources, finished) -> None:
    project = load_project(places.root)
    found = image_files(places.root / "images", project.images)
    raw = read_files(found, {}, lambda *_: None)
    write_model(places.prepared(project) / NOTE, Note(card="", raw=raw))
    file = found[1].files[0]
    content = file.read_bytes()
    file.write_bytes(content + b"0")
    with pytest.raises(UserError, match=rf"{file.name}: has changed since its image was prepared"):
        finished(places)
    assert not places.finished.exists()
    file.write_bytes(content)
    assert finished(places).made


def test_nothing_imported_is_said(places, finished) -> None:
    drawable(places)
    with pytest.raises(UserError, match=r"no patch is imported yet; .*annotate import"):
        finished(places)


def test_each_patchs_own_labels_hold_where_a_neighbours_box_reaches_in(places, sources) -> None:
    case, source = next(iter(sources.cases.items()))
    labels, file = places.root / "other", places.root / "file"
    file.touch()
    for n, (first, start) in enumerate([(0, 0), (2, 1)], start=1):
        drawing = Drawing(
            patch=PatchRecord(case=case, start=(first, 0, 0), size=(2, 6, 6)),
            box=Box(start=(0, start, 0), size=(6, 3, 6)),
            grid=source.grid,
            voxels=np.full((6, 3, 6), n),
            classes=4,
            how="drawn",
            source=keep_source(labels, file),
            imported=f"2026-11-30T18:00:0{3 - n}Z",
        )
        keep(labels, "round_00", f"p0{n}", drawing)
    found = merged(imports_by_case(labels)[case], source, 4)
    assert found[0, :5, 0].tolist() == [1, 1, 2, 2, 4]
