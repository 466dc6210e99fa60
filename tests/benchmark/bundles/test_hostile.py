"""Bundles that try to harm whoever opens them: each is refused in one line, and leaves nothing."""

import os
import stat
import struct
import tempfile
import time
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from benchmark.bundles import limits, zips
from benchmark.bundles.read import open_bundle
from nnactive.errors import UserError

Change = Callable[[Path], object]


def _link(folder: Path) -> None:
    (folder / "results" / "s" / "seed_1.json").unlink()
    (folder / "results" / "s" / "seed_1.json").symlink_to("/etc/hostname")


def _linked_folder(folder: Path) -> None:
    (folder / "notes").symlink_to("/etc")


def _large(folder: Path) -> None:
    with (folder / "track.json").open("ab") as file:
        file.truncate(limits.largest("track.json") + 1)


def _references(folder: Path) -> None:
    lines = ["a: &a [x, x, x, x, x, x, x, x, x]"]
    for one, two in zip("abcdefgh", "bcdefghi", strict=True):
        lines.append(f"{two}: &{two} [{', '.join([f'*{one}'] * 9)}]")
    (folder / "submission.yaml").write_text("\n".join(lines))


def _deep_yaml(folder: Path) -> None:
    (folder / "submission.yaml").write_text("[" * 60000)


def _many(folder: Path) -> None:
    for number in range(limits.MOST_FILES + 1):
        (folder / f"{number}").touch()


def _record_of_ones(folder: Path) -> None:
    (folder / "bundle.json").write_text('{"files": [' + "1, " * 300_000 + "1]}")


FOLDERS: dict[str, tuple[Change, str]] = {
    "link": (_link, "a link or a device"),
    "link to a folder": (_linked_folder, "a link or a device"),
    "pipe": (lambda folder: os.mkfifo(folder / "pipe"), "a link or a device"),
    "large file": (_large, "at most 1.0 MiB"),
    "many files": (_many, "more than 5,000 files"),
    "no record": (lambda folder: (folder / "bundle.json").unlink(), "so no bundle"),
    "deep record": (
        lambda folder: (folder / "bundle.json").write_text("[" * 500_000),
        "nested too deeply",
    ),
    "record of ones": (_record_of_ones, "must list at most 5,000 files"),
    "newer record": (
        lambda folder: (folder / "bundle.json").write_text('{"schema_version": 99, "files": {}}'),
        "schema version 99",
    ),
    "bell in a name": (lambda folder: (folder / "a\a").touch(), "can't be seen"),
    "backslash in a name": (lambda folder: (folder / "a\\b").touch(), "some systems refuse"),
    "not UTF-8 in a name": (
        lambda folder: Path(os.fsdecode(os.fsencode(folder) + b"/\xff")).touch(),
        "can't be seen",
    ),
    "names alike": (
        lambda folder: (folder / "Track.json").write_text("{}"),
        "may be the same file",
    ),
    "YAML references": (_references, "has a YAML reference"),
    "deep YAML": (_deep_yaml, "nested too deeply"),
}


@pytest.mark.parametrize("name", FOLDERS)
def test_a_hostile_folder_is_refused(bundle, name) -> None:
    change, cause = FOLDERS[name]
    began = time.monotonic()
    change(bundle)
    with pytest.raises(UserError, match=cause) as told:
        _ = open_bundle(bundle).manifest
    assert len(str(told.value).splitlines()) == 1
    assert time.monotonic() - began < 60  # not for ever


def _zip(path: Path, *entries: tuple[str, bytes], mode: int = stat.S_IFREG | 0o644) -> None:
    with zipfile.ZipFile(path, "w") as packed:
        for name, data in entries:
            info = zipfile.ZipInfo(name)
            info.external_attr = mode << 16
            info.compress_type = zipfile.ZIP_DEFLATED
            packed.writestr(info, data)


def _commented(path: Path) -> None:
    _zip(path, ("a", b""))
    with zipfile.ZipFile(path, "a") as packed:
        packed.comment = b"hello"


def _overlapping(path: Path) -> None:
    """Two names for the bytes of one entry, as a bomb has thousands."""
    _zip(path, ("a", b"x" * 1000), ("b", b"x" * 1000))
    content = path.read_bytes()
    second = content.index(b"PK\1\2", content.index(b"PK\1\2") + 1)
    path.write_bytes(content[: second + 42] + struct.pack("<L", 0) + content[second + 46 :])


def _encrypted(path: Path) -> None:
    _zip(path, ("a", b"x"))
    content = bytearray(path.read_bytes())
    content[content.index(b"PK\1\2") + 8] |= 1
    path.write_bytes(bytes(content))


def _lying(path: Path) -> None:
    """An entry that is larger than the directory says."""
    _zip(path, ("a", bytes(range(256)) * 100))
    content = bytearray(path.read_bytes())
    place = content.index(b"PK\1\2") + 24
    content[place : place + 4] = struct.pack("<L", 10)
    path.write_bytes(bytes(content))


def _crowded(path: Path) -> None:
    _zip(path, *((f"{number}", b"") for number in range(zips.MOST_ENTRIES + 1)))


def _lzma(path: Path) -> None:
    with zipfile.ZipFile(path, "w", zipfile.ZIP_LZMA) as packed:
        packed.writestr("a", b"x")


ZIPS: dict[str, tuple[Change, str]] = {
    "above": (lambda path: _zip(path, ("../a", b"")), "'..' part"),
    "absolute": (lambda path: _zip(path, ("/etc/a", b"")), "is absolute"),
    "backslashes": (lambda path: _zip(path, ("..\\a", b"")), "some systems refuse"),
    "drive": (lambda path: _zip(path, ("C:/a", b"")), "some systems refuse"),
    "link": (lambda path: _zip(path, ("a", b"/etc"), mode=stat.S_IFLNK | 0o777), "a link"),
    "device": (lambda path: _zip(path, ("a", b""), mode=stat.S_IFCHR | 0o666), "a device"),
    "alike": (lambda path: _zip(path, ("a/b", b""), ("A/b", b"")), "may be the same file"),
    "ligature": (lambda path: _zip(path, ("\ufb01le", b""), ("file", b"")), "may be the same"),
    "file and folder": (
        lambda path: _zip(path, ("a", b""), ("a/b", b"")),
        "is a file and a folder",
    ),
    "bomb": (lambda path: _zip(path, ("a", bytes(9 << 20))), "compressed more than"),
    "large": (lambda path: _zip(path, ("a", bytes(11 << 20))), "at most 10.0 MiB"),
    "large together": (
        lambda path: _zip(path, *((f"{n}", bytes(9 << 20)) for n in range(30))),
        "unpacked",
    ),
    "crowded": (_crowded, "entries; a bundle has at most"),
    "commented": (_commented, "a broken zip"),
    "overlapping": (_overlapping, "overlap|broken zip"),
    "encrypted": (_encrypted, "encrypted"),
    "lying": (_lying, "larger than declared|a broken zip"),
    "LZMA": (_lzma, "neither stored nor deflated"),
    "cut off": (lambda path: path.write_bytes(b"PK\5\6"), "a broken zip"),
    "not a zip": (lambda path: path.write_bytes(b"x" * 1000), "a broken zip"),
    "empty": (_zip, "so no bundle"),
}


@pytest.mark.parametrize("name", ZIPS)
def test_a_hostile_zip_is_refused(tmp_path, monkeypatch, name) -> None:
    room = tmp_path / "temporary"
    room.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(room))
    change, cause = ZIPS[name]
    path = tmp_path / "b.zip"
    change(path)
    with pytest.raises(UserError, match=cause) as told:
        open_bundle(path)
    assert len(str(told.value).splitlines()) == 1
    assert sorted(each.name for each in tmp_path.iterdir()) == ["b.zip", "temporary"]
    assert name == "empty" or not list(room.iterdir())  # that one could be unpacked


def test_neither_folder_nor_zip(tmp_path) -> None:
    (tmp_path / "b.tar").write_bytes(b"x")
    with pytest.raises(UserError, match=r"neither a folder nor a \.zip"):
        open_bundle(tmp_path / "b.tar")
    with pytest.raises(UserError, match="no such bundle"):
        open_bundle(tmp_path / "missing")
