"""Files that nobody touched aren't read again; touched ones are, whatever their dates say."""

import os
from datetime import UTC, datetime
from pathlib import Path

import pytest
from projects import Built, build

from benchmark.annotation.imports import gather
from benchmark.annotation.imports.files.read import read_labels
from benchmark.annotation.imports.looked import FILE, remember_templates
from benchmark.annotation.imports.report import Report
from benchmark.annotation.imports.take import import_labels
from benchmark.annotation.rounds.model import rounds_of

NOW = datetime(2026, 11, 30, 14, 0, tzinfo=UTC)


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the files that are read."""
    found: list[str] = []

    def noted(file: Path, names: dict[str, int]) -> object:
        found.append(file.name)
        return read_labels(file, names)

    monkeypatch.setattr(gather, "read_labels", noted)
    return found


def run(built: Built, **options: object) -> Report:
    return import_labels(built.places, built.project, now=NOW, **options)  # type: ignore[arg-type]


def test_only_what_was_saved_is_read_again(tmp_path: Path, reads: list[str]) -> None:
    built = build(tmp_path)
    run(built)
    assert len(reads) == 3
    reads.clear()
    built.draw("p02")
    assert [line.patch for line in run(built).of("imported")] == ["p02"]
    assert reads == ["p02_label.nii.gz"]
    reads.clear()
    assert len(run(built).of("kept")) == 1
    assert reads == []


def test_a_file_that_keeps_its_date_and_size_is_read_again(tmp_path: Path) -> None:
    built = build(tmp_path)
    file = built.draw("p01", ".nii")
    run(built)
    before = file.stat()
    patch = built.patch("p01")
    array = built.drawn("p01")
    array[array == 2] = 1
    built.save(file, array, "case_001", patch.crop.start)
    os.utime(file, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert (file.stat().st_size, file.stat().st_mtime_ns) == (before.st_size, before.st_mtime_ns)
    assert len(run(built).of("corrected")) == 1


@pytest.mark.parametrize("view", ["crop", "image"])
def test_templates_are_known_without_reading(tmp_path: Path, view: str, reads: list[str]) -> None:
    built = build(tmp_path, view=view)  # type: ignore[arg-type]
    remember_templates(built.places, rounds_of(built.places)[0])
    report = run(built)
    assert (len(report.of("open")), reads) == (3, [])
    assert len(run(built, empty=["all"]).of("imported")) == 3
    assert reads == []


def test_without_the_memory_all_is_read(tmp_path: Path, reads: list[str]) -> None:
    built = build(tmp_path)
    run(built)
    (tmp_path / "work" / FILE).write_text("{")
    reads.clear()
    assert len(run(built).of("open")) == 3
    assert len(reads) == 3
