import os
from contextlib import suppress
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, Field, ValidationError

from nnactive.errors import UserError
from nnactive.io import files


class Point(BaseModel, extra="forbid"):
    x: int


def test_model_survives_the_round_trip(tmp_path):
    path = tmp_path / "deep" / "point.json"
    files.write_model(path, Point(x=3))
    assert files.read_model(path, Point) == Point(x=3)
    assert [p.name for p in path.parent.iterdir()] == ["point.json"]


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ('{"x": 1', "not valid JSON"),
        (b"\xff\xfe", "not valid JSON"),
        ('{"x": "one"}', "field 'x'"),
        ('{"x": 1, "y": 2}', "field 'y'"),
        ("{}", "field 'x'"),
    ],
)
def test_broken_file_is_named_in_one_line(tmp_path, content, told):
    path = tmp_path / "point.json"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UserError) as caught:
        files.read_model(path, Point)
    line = str(caught.value)
    assert str(path) in line
    assert told in line
    assert "\n" not in line


def test_missing_file_is_a_user_error(tmp_path):
    with pytest.raises(UserError, match="no such file"):
        files.read_json(tmp_path / "none.json")


def test_failed_write_keeps_the_old_content(tmp_path, monkeypatch):
    path = tmp_path / "a.txt"
    files.write_text(path, "old")

    def full(*_args):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.write_text(path, "new")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["a.txt"]


def test_nan_is_not_json(tmp_path):
    with pytest.raises(ValueError, match="JSON"):
        files.write_json(tmp_path / "a.json", float("nan"))
    assert list(tmp_path.iterdir()) == []


def test_folder_appears_whole_or_not_at_all(tmp_path):
    target = tmp_path / "folder"
    with suppress(RuntimeError), files.atomic_folder(target) as draft:
        (draft / "half").write_text("x")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    for content in ("first", "second"):
        with files.atomic_folder(target) as draft:
            (draft / content).write_text(content)
    assert [p.name for p in target.iterdir()] == ["second"]
    assert list(tmp_path.iterdir()) == [target]


def test_path_appears_whole_or_not_at_all(tmp_path):
    target = tmp_path / "array.npy"
    with suppress(RuntimeError), files.atomic_path(target) as draft:
        draft.write_text("half")
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []
    with files.atomic_path(target) as draft:
        assert draft.suffix == ".npy"
        draft.write_text("whole")
    assert target.read_text() == "whole"
    assert list(tmp_path.iterdir()) == [target]


def test_link_survives_a_move_of_the_tree(tmp_path):
    (tmp_path / "tree" / "sub").mkdir(parents=True)
    (tmp_path / "tree" / "data").write_text("content")
    files.link(tmp_path / "tree" / "data", tmp_path / "tree" / "sub" / "link")
    (tmp_path / "tree").rename(tmp_path / "moved")
    assert (tmp_path / "moved" / "sub" / "link").read_text() == "content"


def test_sha256_of_a_known_text(tmp_path):
    (tmp_path / "abc").write_bytes(b"abc")
    known = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert files.sha256(tmp_path / "abc") == known


def test_the_way_out_of_broken_json_is_the_callers(tmp_path):
    (tmp_path / "mine.json").write_text("{")
    with pytest.raises(UserError, match=r"mine\.json: not valid JSON .*; fix it$"):
        files.read_json(tmp_path / "mine.json", "fix it")


def test_a_sweep_takes_drafts_alone(tmp_path):
    (tmp_path / "inner").mkdir()
    for name in ("a.txt", ".hidden", ".DS_Store", "inner/.tidy.TXT"):
        (tmp_path / name).touch()

    class Killed(BaseException):
        """What nothing cleans up after, as nothing does after SIGKILL."""

    kept = set(tmp_path.rglob("*"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(os, "fsync", lambda _: (_ for _ in ()).throw(Killed))
        patch.setattr("pathlib.Path.unlink", lambda *_, **__: None)
        with suppress(Killed):
            files.write_text(tmp_path / "inner" / "b.txt", "half")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("shutil.rmtree", lambda *_, **__: None)
        with suppress(Killed), files.atomic_folder(tmp_path / "c") as draft:
            (draft / "part").touch()
            raise Killed
    assert len(set(tmp_path.rglob("*")) - kept) == 3
    files.sweep(tmp_path)
    assert set(tmp_path.rglob("*")) == kept


def test_sizes_leave_out_what_vanishes(tmp_path, monkeypatch):
    (tmp_path / "inner").mkdir()
    for name, size in (("a", 3), ("b", 5), ("inner/c", 7)):
        (tmp_path / name).write_bytes(b"x" * size)
    assert sorted(files.file_sizes(tmp_path)) == [3, 5, 7]
    walk = os.walk

    def with_vanished(folder):
        for inner, folders, names in walk(folder):
            yield inner, folders, [*names, ".b.dwf0rc8t"]

    monkeypatch.setattr(os, "walk", with_vanished)
    assert sorted(files.file_sizes(tmp_path)) == [3, 5, 7]
    assert files.file_sizes(tmp_path / "none") == []


def test_a_duplicate_key_is_refused_at_any_depth(tmp_path):
    path = tmp_path / "a.json"
    path.write_text('{"b": [{"c": 1, "d": 2, "c": 3}]}')
    with pytest.raises(UserError, match=r'a\.json: duplicate key "c"; remove it'):
        files.read_json(path)


@pytest.mark.parametrize(
    ("text", "cause"),
    [("[" * 100_000, "nested too deeply"), ("1" * 5000, "a number with too many digits")],
)
def test_absurd_json_is_one_line(tmp_path, text, cause):
    path = tmp_path / "x.json"
    path.write_text(text)
    with pytest.raises(UserError) as refusal:
        files.read_json(path)
    assert str(refusal.value) == f"{path}: not valid JSON ({cause}); remove it and run again"


def test_a_field_of_several_types_is_named_as_the_user_wrote_it():
    class Some(BaseModel):
        number: Annotated[int, Field(gt=0)] | Literal["all"]

    with pytest.raises(ValidationError) as refusal:
        Some(number=0)
    assert files.first_problem(refusal.value).startswith("field 'number': ")
