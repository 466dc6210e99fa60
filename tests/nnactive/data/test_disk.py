import shutil

import pytest

from nnactive.data.disk import free, require
from nnactive.errors import UserError


def test_free_space_is_that_of_the_nearest_folder_that_exists(tmp_path, monkeypatch):
    asked = []
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(shutil, "disk_usage", lambda place: (asked.append(place), usage)[1])
    assert free(tmp_path / "a" / "b") == free(tmp_path) == usage.free
    (tmp_path / "file").touch()
    free(tmp_path / "file" / "in it")
    assert asked == [tmp_path] * 3


def test_a_relative_place_is_below_the_current_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert free(tmp_path.relative_to(tmp_path) / "none") > 0


def test_too_little_space_is_one_line(tmp_path):
    require(tmp_path, 2048, 2048, "needs", "free up some space")
    with pytest.raises(UserError) as refusal:
        require(tmp_path, 2049, 2048, "needs", "free up some space")
    line = f"{tmp_path}: needs 2.0 KiB, with only 2.0 KiB free; free up some space"
    assert str(refusal.value) == line
