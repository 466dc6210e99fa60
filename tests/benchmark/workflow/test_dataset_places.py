"""Folders of a track's datasets. The image is a stand-in: a folder with an empty ``image.json``."""

from pathlib import Path

from benchmark.image import record
from benchmark.machine import places
from benchmark.workflow.datasets import dataset_folder


def prepare(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "prepared.json").touch()
    return folder


def test_data_is_the_place_where_it_can_be_written(tmp_path) -> None:
    data, runs = tmp_path / "data", tmp_path / "runs"
    assert dataset_folder("phantom", data, runs) == data / "phantom"
    assert not list(tmp_path.iterdir())


def test_below_the_runs_lies_only_what_generates_itself(tmp_path) -> None:
    data, runs = tmp_path / "file", tmp_path / "runs"
    data.touch()
    assert dataset_folder("phantom", data, runs) == runs / ".datasets" / "phantom"
    assert dataset_folder("hippocampus", data, runs) == data / "hippocampus"


def test_what_is_prepared_stays_where_it_is(tmp_path) -> None:
    data, runs = tmp_path / "data", tmp_path / "runs"
    own = prepare(runs / ".datasets" / "phantom")
    assert dataset_folder("phantom", data, runs) == own
    usual = prepare(data / "phantom")
    assert dataset_folder("phantom", data, runs) == usual


def test_an_images_own_folder_keeps_nothing(tmp_path, monkeypatch) -> None:
    data, runs = tmp_path / "data", tmp_path / "runs"
    (tmp_path / "image.json").touch()
    monkeypatch.setattr(record, "HOME", tmp_path)
    monkeypatch.setattr(places, "mount_points", lambda: frozenset({runs}))
    assert dataset_folder("phantom", data, runs) == runs / ".datasets" / "phantom"
    monkeypatch.setattr(places, "mount_points", lambda: frozenset({runs, data}))
    assert dataset_folder("phantom", data, runs) == data / "phantom"
