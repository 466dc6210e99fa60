import doctest
import json

import pytest

from nnactive.errors import UserError
from nnactive.io.beside import companions
from nnactive.io.beside.companions import MANIFEST, folder_of, write_with_companions, written


@pytest.fixture
def page(tmp_path):
    return tmp_path / "site" / "page.html"


def files(page):
    return {path.name: path.read_bytes() for path in folder_of(page).iterdir()}


def test_the_example_is_true():
    assert doctest.testmod(companions).failed == 0


def test_a_file_and_its_companions_are_written_and_those_of_an_earlier_one_go(page):
    write_with_companions(page, b"1", {"a-1.js": b"one", "b-1.js": b"two"})
    (folder_of(page) / "own.txt").write_bytes(b"mine")
    (folder_of(page) / "own.js").write_bytes(b"mine, too")
    write_with_companions(page, b"2", {"a-1.js": b"one", "b-2.js": b"three"})
    found = files(page)
    assert written(folder_of(page)) == ("a-1.js", "b-2.js")
    del found[MANIFEST]
    assert found == {
        "a-1.js": b"one",
        "b-2.js": b"three",
        "own.txt": b"mine",
        "own.js": b"mine, too",
    }
    assert page.read_bytes() == b"2"


def test_a_damaged_companion_is_written_again_and_an_unchanged_one_is_not(page):
    write_with_companions(page, b"1", {"a.js": b"one", "b.js": b"two"})
    kept, damaged = folder_of(page) / "a.js", folder_of(page) / "b.js"
    before = kept.stat().st_ino
    damaged.write_bytes(b"tw")
    write_with_companions(page, b"1", {"a.js": b"one", "b.js": b"two"})
    assert damaged.read_bytes() == b"two"
    assert kept.stat().st_ino == before


def test_without_companions_there_is_no_folder(page):
    write_with_companions(page, b"1", {})
    assert not folder_of(page).exists()
    write_with_companions(page, b"2", {"a.js": b"one"})
    write_with_companions(page, b"3", {})
    assert not folder_of(page).exists()
    write_with_companions(page, b"4", {"a.js": b"one"})
    (folder_of(page) / "own.txt").write_bytes(b"mine")
    write_with_companions(page, b"5", {})
    assert files(page) == {"own.txt": b"mine"}


@pytest.mark.parametrize("name", ["../page.html", "/etc/passwd", "own.txt", ".a.js", "a/b.js"])
def test_a_manifest_removes_nothing_but_companions(page, name):
    write_with_companions(page, b"1", {"a.js": b"one"})
    (folder_of(page) / "own.txt").write_bytes(b"mine")
    manifest = folder_of(page) / MANIFEST
    content = json.loads(manifest.read_text())
    manifest.write_text(json.dumps(content | {"files": [name, "a.js"]}))
    write_with_companions(page, b"2", {})
    assert page.read_bytes() == b"2"
    assert files(page) == {"own.txt": b"mine"}
    with pytest.raises(ValueError, match="no name of a companion"):
        write_with_companions(page, b"3", {name: b""})


@pytest.mark.parametrize("text", ["{", "[]", '{"files": 3}', '{"schema_version": 99, "files": []}'])
def test_a_folder_with_a_broken_manifest_keeps_what_it_holds(page, text):
    write_with_companions(page, b"1", {"a.js": b"one"})
    (folder_of(page) / MANIFEST).write_text(text)
    write_with_companions(page, b"2", {"b.js": b"two"})
    assert {"a.js", "b.js"} < set(files(page))
    assert written(folder_of(page)) == ("b.js",)


def test_a_file_in_the_way_is_named_and_nothing_is_written(page):
    page.parent.mkdir()
    folder_of(page).write_bytes(b"mine")
    with pytest.raises(UserError, match="page_files: in the way"):
        write_with_companions(page, b"1", {"a.js": b"one"})
    assert not page.exists()


def test_a_write_that_breaks_off_leaves_the_earlier_page_whole(page, monkeypatch):
    write_with_companions(page, b"1", {"a-1.js": b"one", "b-1.js": b"two"})
    whole = companions.write_bytes

    def broken(path, content):
        if path == page:
            raise OSError("no space left")
        whole(path, content)

    monkeypatch.setattr(companions, "write_bytes", broken)
    with pytest.raises(OSError, match="no space"):
        write_with_companions(page, b"2", {"a-2.js": b"three"})
    monkeypatch.undo()
    assert page.read_bytes() == b"1"
    assert {"a-1.js", "b-1.js"} < set(files(page))
    write_with_companions(page, b"2", {"a-3.js": b"four"})
    assert set(files(page)) == {"a-3.js", MANIFEST}
