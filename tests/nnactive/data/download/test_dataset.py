"""From a card to the unpacked files; the servers are stand-ins."""

import errno
import gzip
import hashlib
import io
import json
import os
import tarfile
import types
from pathlib import Path
from typing import Any

import pytest
from downloads import ARCHIVE, FILES, Place, one, sha, tar, tree
from loopback import Loopback

from nnactive.data.download import consent, dataset
from nnactive.data.download.dataset import space, state
from nnactive.data.download.folders import list_items
from nnactive.data.download.patience import TransferError
from nnactive.errors import UserError
from nnactive.io.files import file_sizes


def test_an_archive(server: Loopback, place: Place) -> None:
    url = server.add("/a.tar", ARCHIVE, cut=[0.3])
    md5 = hashlib.md5(ARCHIVE, usedforsecurity=False).hexdigest()
    card = place.card(**one(url, sha256=sha(ARCHIVE), md5=md5, bytes=len(ARCHIVE)))
    assert state(card, place.folders) == "absent"
    outcome = place.bring(card)
    assert tree(place.folders.files) == FILES
    assert tree(place.folders.archives) == {"a.tar": ARCHIVE}
    assert (outcome.archives, outcome.files, outcome.published) == (1, 2, True)
    assert not outcome.before
    assert [step.stage for step in place.steps if step.done == step.total][:2] == ["fetch", "check"]
    assert state(card, place.folders) == "complete"


def test_a_second_call_reads_and_fetches_nothing(server, place, monkeypatch) -> None:
    card = place.card(**one(server.add("/a.tar", ARCHIVE), sha256=sha(ARCHIVE)))
    place.bring(card)
    server.requests.clear()
    place.steps.clear()
    monkeypatch.setattr("nnactive.data.download.sums.measure", None)
    assert place.bring(card).before
    assert server.requests == place.steps == []


def test_a_check_that_was_cut_off_fetches_nothing_again(server, place, monkeypatch) -> None:
    card = place.card(**one(server.add("/a.tar", ARCHIVE), sha256=sha(ARCHIVE)))
    with monkeypatch.context() as patch:
        patch.setattr(hashlib, "sha256", lambda: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            place.bring(card)
    server.requests.clear()
    place.bring(card)
    assert tree(place.folders.archives) == {"a.tar": ARCHIVE}
    assert server.requests == []


def test_archives_may_be_removed_when_unpacked(server: Loopback, place: Place) -> None:
    card = place.card(**one(server.add("/a.tar", ARCHIVE), sha256=sha(ARCHIVE)))
    place.bring(card)
    (place.folders.archives / "a.tar").unlink()
    assert place.bring(card).before


def test_removed_files_come_from_the_archives_again(server: Loopback, place: Place) -> None:
    card = place.card(**one(server.add("/a.tar", ARCHIVE), sha256=sha(ARCHIVE)))
    place.bring(card)
    server.requests.clear()
    place.folders.files.rename(place.folders.root / "elsewhere")
    place.bring(card)
    assert tree(place.folders.files) == FILES
    assert server.requests == []


def test_a_missing_file_comes_from_the_archives_again(server: Loopback, place: Place) -> None:
    card = place.card(**one(server.add("/a.tar", ARCHIVE), sha256=sha(ARCHIVE)))
    place.bring(card)
    server.requests.clear()
    (place.folders.files / "of a viewer").touch()
    assert state(card, place.folders) == "complete"
    (place.folders.files / "of a viewer").unlink()
    (place.folders.files / min(FILES)).unlink()
    assert state(card, place.folders) == "partial"
    assert not place.bring(card).before
    assert tree(place.folders.files) == FILES
    assert server.requests == []


def test_a_changed_archive_is_noticed(server: Loopback, place: Place) -> None:
    card = place.card(**one(server.add("/a.tar", ARCHIVE), sha256=sha(ARCHIVE)))
    place.bring(card)
    (place.folders.archives / "a.tar").write_bytes(ARCHIVE[:-1] + b"?")
    assert state(card, place.folders) == "partial"
    with pytest.raises(
        UserError, match=r"a\.tar: sha256 is .* instead of the published .*; remove it and run"
    ):
        place.bring(card)


@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        ({"sha256": "0" * 64}, "sha256 is"),
        ({"md5": "0" * 32}, "md5 is"),
        ({"bytes": 7}, "the server offers"),
    ],
)
def test_what_does_not_fit_leaves_nothing(server, place, fields, cause) -> None:
    card = place.card(**one(server.add("/a.tar", ARCHIVE), **fields))
    with pytest.raises(TransferError, match=rf"^a\.tar: download failed: .*: {cause}.*run the"):
        place.bring(card)
    assert tree(place.folders.archives) == {}
    assert not place.folders.files.exists()
    assert state(card, place.folders) == "absent"


def test_a_size_that_nobody_announces_is_checked(server: Loopback, place: Place) -> None:
    url = server.add("/a.tar", ARCHIVE, no_length=True)
    with pytest.raises(TransferError, match="has 112,640 bytes instead of the published 7"):
        place.bring(place.card(**one(url, bytes=7)))


def test_the_next_address_is_tried(server: Loopback, place: Place) -> None:
    urls = [
        server.url + "/missing",
        server.add("/wrong", b"wrong"),
        server.add("/a.tar", ARCHIVE, status=[503, 503]),
    ]
    card = place.card(**one(*urls, sha256=sha(ARCHIVE)))
    place.bring(card)
    assert tree(place.folders.archives) == {"a.tar": ARCHIVE}
    assert [path for path, _ in server.requests] == ["/missing", "/wrong", *["/a.tar"] * 3]


def test_all_addresses_fail(server: Loopback, place: Place) -> None:
    urls = [server.url + "/missing", server.add("/loop", b"", redirect="/loop")]
    with pytest.raises(TransferError) as caught:
        place.bring(place.card(**one(*urls)))
    text = str(caught.value)
    assert f"{urls[0]}: the server responded 404 Not Found; {urls[1]}: Exceeded 10 redir" in text
    assert str(place.folders.archives / "a.tar") in text


def test_a_file_that_the_user_put_there(server: Loopback, place: Place) -> None:
    card = place.card(**one(server.url + "/missing", sha256=sha(ARCHIVE)))
    place.folders.archives.mkdir(parents=True)
    (place.folders.archives / "a.tar").write_bytes(ARCHIVE)
    place.bring(card)
    assert tree(place.folders.files) == FILES
    assert server.requests == []


def test_two_archives_make_one_tree(server: Loopback, place: Place) -> None:
    more = tar({"Tiny/labelsTs/b.nii.gz": b"more"})
    files = [
        {"name": "a.tar", "urls": [server.add("/a", ARCHIVE)]},
        {"name": "b.tar", "urls": [server.add("/b", more)]},
    ]
    place.bring(place.card(files=files))
    assert tree(place.folders.files) == FILES | {"Tiny/labelsTs/b.nii.gz": b"more"}


def test_an_archive_that_is_not_safe_leaves_no_files(server: Loopback, place: Place) -> None:
    bad = tar(FILES | {"../../evil": b"x"})
    card = place.card(**one(server.add("/a", bad), sha256=sha(bad)))
    before = {path for path in place.folders.root.parents[2].rglob("*") if path.is_file()}
    with pytest.raises(UserError, match=r"a\.tar: member '\.\./\.\./evil' would be written outs"):
        place.bring(card)
    assert not place.folders.files.exists()
    assert state(card, place.folders) == "partial"
    after = {path for path in place.folders.root.parents[2].rglob("*") if path.is_file()}
    assert all(place.folders.root in path.parents for path in after - before)


def test_an_unpacking_that_was_cut_off_is_redone(server, place, monkeypatch) -> None:
    card = place.card(**one(server.add("/a", ARCHIVE), sha256=sha(ARCHIVE)))
    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            place.bring(card)
    assert not place.folders.files.exists()
    (place.folders.root / ".files.part" / "stale").write_text("of the broken one")
    server.requests.clear()
    place.bring(card)
    assert tree(place.folders.files) == FILES
    assert server.requests == []


def test_a_full_disk_keeps_what_was_fetched(server, place, monkeypatch) -> None:
    card = place.card(**one(server.add("/a", ARCHIVE), sha256=sha(ARCHIVE)))
    full = OSError(errno.ENOSPC, "No space left on device")
    with monkeypatch.context() as patch:
        patch.setattr(
            "nnactive.data.download.archives.unpack", lambda *_: (_ for _ in ()).throw(full)
        )
        with pytest.raises(
            UserError, match=r"raw/tiny: the disk is full; the download so far is k"
        ):
            place.bring(card)
    server.requests.clear()
    place.bring(card)
    assert server.requests == []


def test_an_interrupted_unpacking_takes_no_room_from_the_next(server, place, monkeypatch) -> None:
    """It is removed before room is counted; what it holds is free by then."""
    url = server.add("/a", ARCHIVE, no_length=True)
    card = place.card(size_gib=2 * len(ARCHIVE) / (1 << 30), **one(url))
    for left in (".files.part", ".files.old"):
        (place.folders.root / left / "Tiny").mkdir(parents=True)
        (place.folders.root / left / "Tiny" / "x").write_bytes(b"x" * 300_000)

    def free(_: Path) -> int:
        return 1_000_000 - sum(file_sizes(place.folders.root))

    monkeypatch.setattr("nnactive.data.disk.free", free)
    assert space(card, place.folders).free > 900_000
    place.bring(card)
    assert tree(place.folders.files) == FILES
    assert not list(place.folders.root.glob(".files.*"))


def test_incomplete_files_make_room_for_complete_ones(server, place, monkeypatch) -> None:
    card = place.card(**one(server.add("/a", ARCHIVE), sha256=sha(ARCHIVE)))
    place.bring(card)
    (place.folders.files / min(FILES)).write_bytes(b"")
    (place.folders.files / "Tiny" / "labelsTr" / "a.nii.gz").unlink()
    (place.folders.files / "Tiny" / "huge").write_bytes(b"x" * 200_000)
    (place.folders.root / "unpacked.json").unlink()
    monkeypatch.setattr(
        "nnactive.data.disk.free", lambda _: 350_000 - sum(file_sizes(place.folders.root))
    )
    place.bring(card)
    assert tree(place.folders.files) == FILES


def test_what_is_not_ours_is_named_where_room_is_short(server, place, monkeypatch) -> None:
    card = place.card(**one(server.add("/a", ARCHIVE), sha256=sha(ARCHIVE)))
    place.folders.archives.mkdir(parents=True, exist_ok=True)
    (place.folders.archives / "old.zip").write_bytes(b"x" * 4096)
    monkeypatch.setattr("nnactive.data.disk.free", lambda _: 1000)
    with pytest.raises(
        UserError, match=r"with --data \(archives/old\.zip \(4\.0 KiB\) there is no part of this d"
    ):
        place.bring(card)
    assert (place.folders.archives / "old.zip").exists()


def test_files_of_another_download_are_not_counted_as_fetched(server, place) -> None:
    card = place.card(**one(server.add("/a", ARCHIVE), bytes=len(ARCHIVE)))
    place.folders.archives.mkdir(parents=True)
    (place.folders.archives / "old.zip").write_bytes(b"x" * 10_000)
    assert space(card, place.folders).needed == 2 * len(ARCHIVE)


def test_drafts_that_no_call_goes_on_with_are_removed(server, place) -> None:
    card = place.card(**one(server.url + "/missing", sha256=sha(ARCHIVE)))
    place.folders.archives.mkdir(parents=True)
    (place.folders.archives / "a.tar").write_bytes(ARCHIVE)
    own = (".a.tar.part", ".a.tar.part.json", ".a.tar.2.part", ".b.tar.part", ".b.tar.part.json")
    for name in (*own, ".c.tar.part", "d.part"):
        (place.folders.archives / name).write_text("x")
    place.bring(card)
    # What has no note, or no dot, may be a browser's.
    assert set(tree(place.folders.archives)) == {"a.tar", ".c.tar.part", "d.part"}


def test_the_draft_from_another_address_makes_room(server, place, monkeypatch) -> None:
    urls = [server.add("/cut", ARCHIVE, cut=[0.9] + [0.0] * 99), server.add("/a", ARCHIVE)]
    card = place.card(unpack=False, **one(*urls, sha256=sha(ARCHIVE)))
    monkeypatch.setattr(
        "nnactive.data.disk.free", lambda _: 150_000 - sum(file_sizes(place.folders.root))
    )
    place.bring(card)
    assert tree(place.folders.archives) == {"a.tar": ARCHIVE}


def test_a_bomb_leaves_the_disk_as_it_was(server, place, monkeypatch) -> None:
    """Nothing announces its size, so its members are refused one by one."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as file:
        for name in ("small", "bomb"):
            info = tarfile.TarInfo(f"Tiny/{name}")
            info.size = 3_000_000
            file.addfile(info, io.BytesIO(bytes(info.size)))
    bomb = buffer.getvalue()
    card = place.card(files=[{"name": "a.tar.gz", "urls": [server.add("/a", bomb)]}])
    monkeypatch.setattr(
        "nnactive.data.disk.free", lambda _: 5_000_000 - sum(file_sizes(place.folders.root))
    )
    with pytest.raises(
        UserError,
        match=r"a\.tar\.gz: its member 'Tiny/bomb' needs 2\.9 MiB, with only 1\.9 MiB free",
    ):
        place.bring(card)
    assert sum(file_sizes(place.folders.root)) < 100_000
    assert not list(place.folders.root.glob(".files*"))


def test_a_disk_that_fills_while_unpacking_is_left_clean(server, place, monkeypatch) -> None:
    card = place.card(**one(server.add("/a", ARCHIVE), sha256=sha(ARCHIVE)))
    real = Path.open

    def full(path: Path, *args: Any, **options: Any) -> Any:
        if path.name == "a.nii.gz" and path.parent.name == "labelsTr":
            raise OSError(errno.ENOSPC, "No space left on device")
        return real(path, *args, **options)

    with monkeypatch.context() as patch:
        patch.setattr(Path, "open", full)
        with pytest.raises(
            UserError,
            match=r"a\.tar: the disk is full after 97\.7 KiB were unpacked, which are rem",
        ):
            place.bring(card)
    assert not list(place.folders.root.glob(".files*"))
    server.requests.clear()
    place.bring(card)
    assert server.requests == []


def test_a_page_in_the_place_of_a_file_is_told(server, place) -> None:
    page = b"\n<!DOCTYPE html>\n<html><head><title>\n Sign in - ditto </title></head></html>"
    urls = [server.add("/a", page), server.url + "/missing"]
    cause = r"is a web page \('Sign in - ditto'\), not the file; its source may require a login"
    with pytest.raises(TransferError, match=rf"/a: {cause}.*404 Not Found"):
        place.bring(place.card(**one(*urls)))
    (place.folders.archives / "a.tar").write_bytes(page)
    with pytest.raises(UserError, match=rf"a\.tar: {cause}.*; remove it and run"):
        place.bring(place.card(**one(*urls, sha256=sha(ARCHIVE))))


def series(server: Loopback, count: int, **faults: Any) -> dict[str, Any]:
    """Like KiTS: images from one source and labels from another, case by case."""
    for number in range(count):
        server.add(f"/master_{number:05d}.nii.gz", gzip.compress(b"i%d" % number * 9000), **faults)
        server.add(f"/raw/case_{number:05d}/seg.nii.gz", gzip.compress(b"l%d" % number))
    name, image = "kits21/data/case_{:05d}/", "/master_{:05d}.nii.gz"
    return {
        "unpack": False,
        "series": [
            {"count": count, "name": name + "imaging.nii.gz", "url": server.url + image},
            {
                "count": count,
                "name": name + "seg.nii.gz",
                "url": server.url + "/raw/case_{:05d}/seg.nii.gz",
            },
        ],
    }


def test_a_series_goes_on_case_by_case(server: Loopback, place: Place) -> None:
    fields = series(server, 4)
    card = place.card(**fields)
    missing = server.served.pop("/master_00002.nii.gz")
    with pytest.raises(TransferError, match=r"case_00002/imaging\.nii\.gz: download f.* 404"):
        place.bring(card)
    assert not place.folders.files.exists()
    server.requests.clear()
    server.served["/master_00002.nii.gz"] = missing
    outcome = place.bring(card)
    assert (outcome.archives, outcome.files, outcome.published) == (8, 8, False)
    assert [path for path, _ in server.requests] == [
        "/master_00002.nii.gz",
        "/raw/case_00002/seg.nii.gz",
        "/master_00003.nii.gz",
        "/raw/case_00003/seg.nii.gz",
    ]
    files = tree(place.folders.files)
    assert gzip.decompress(files["kits21/data/case_00002/imaging.nii.gz"]) == b"i2" * 9000
    assert gzip.decompress(files["kits21/data/case_00003/seg.nii.gz"]) == b"l3"
    assert {(step.number, step.count) for step in place.steps} >= {(1, 8), (8, 8)}
    assert place.bring(card).before


def test_linked_files_take_no_space_twice(server: Loopback, place: Place) -> None:
    place.bring(place.card(**series(server, 1)))
    name = "kits21/data/case_00000/imaging.nii.gz"
    assert (place.folders.files / name).samefile(place.folders.archives / name)


def test_a_file_system_without_hard_links(server, place, monkeypatch) -> None:
    monkeypatch.setattr(os, "link", lambda *_: (_ for _ in ()).throw(OSError(errno.EPERM, "no")))
    place.bring(place.card(**series(server, 1)))
    assert tree(place.folders.files) == tree(place.folders.archives)
    copied = [step for step in place.steps if step.stage == "unpack"]
    assert [(step.number, step.done / step.total) for step in copied] == [(1, 1), (2, 1)]


def test_without_published_sums_the_first_ones_count(server: Loopback, place: Place) -> None:
    card = place.card(**series(server, 1))
    place.bring(card)
    kept = json.loads(place.folders.sums.read_text())["files"]
    name = "kits21/data/case_00000/imaging.nii.gz"
    assert kept[name]["sha256"] == sha((place.folders.archives / name).read_bytes())
    (place.folders.archives / name).unlink()
    place.folders.unpacked.unlink()
    server.add("/master_00000.nii.gz", gzip.compress(b"another"))
    with pytest.raises(TransferError, match=r"instead of the first download's .* sums\.json"):
        place.bring(card)
    assert not (place.folders.archives / name).exists()


@pytest.mark.parametrize(
    "content",
    [b"<html>busy</html>", gzip.compress(b"x" * 99)[:-5], b""],
    ids=["a page", "cut off", "empty"],
)
def test_an_unpublished_file_must_be_readable(server, place, content) -> None:
    card = place.card(**series(server, 1))
    server.add("/master_00000.nii.gz", content)
    with pytest.raises(
        TransferError, match=r"is a web page, not|is not an intact gzip file|is empty"
    ):
        place.bring(card)
    assert not any(path.endswith(".gz") for path in tree(place.folders.archives))


def test_space(server: Loopback, place: Place, monkeypatch) -> None:
    gib = 1 << 30
    free = types.SimpleNamespace(free=gib)
    monkeypatch.setattr("shutil.disk_usage", lambda _: free)
    card = place.card(size_gib=0.75, **one(server.add("/a", ARCHIVE)))
    assert space(card, place.folders) == dataset.Space(round(1.5 * gib), gib)
    with pytest.raises(
        UserError, match=r"raw/tiny: needs about 1\.5 GiB, with only 1\.0 GiB free; .*--dat"
    ):
        place.bring(card)
    assert server.requests == []
    assert space(place.card(**series(server, 2)), place.folders).needed is None
    free.free = 100
    card = place.card(**one(server.url + "/a"))
    with pytest.raises(UserError, match=r"unpacked from it need at least 220\.0 KiB, with only"):
        place.bring(card)
    assert tree(place.folders.archives) == {}
    card = place.card(**one(server.add("/a", ARCHIVE, no_length=True)))
    with pytest.raises(UserError, match="unpacking needs"):
        place.bring(card)
    free.free = gib
    place.bring(card)


def test_what_is_there_is_not_counted_twice(server: Loopback, place: Place) -> None:
    card = place.card(**one(server.add("/a", ARCHIVE), bytes=len(ARCHIVE)))
    place.folders.archives.mkdir(parents=True)
    (place.folders.archives / ".a.tar.part").write_bytes(b"x" * 10_000)
    assert space(card, place.folders).needed == 2 * len(ARCHIVE) - 10_000


def test_two_at_a_time(server: Loopback, place: Place) -> None:
    from nnactive.data.download.folders import locked

    card = place.card(**one(server.add("/a", ARCHIVE)))
    with (
        locked(place.folders),
        pytest.raises(UserError, match="another download of this dataset is running"),
    ):
        place.bring(card)


def test_without_consent(server: Loopback, place: Place) -> None:
    card = place.cards.write(download=one(server.add("/a", ARCHIVE)), terms="Be kind.")
    with pytest.raises(UserError, match=r"tiny: the licence is CC0-1\.0: Be kind; .*--accept-lic"):
        place.bring(card)
    consent.give(card, place.folders)
    place.bring(card)
    changed = place.cards.write(download=one(server.url + "/a"), licence="other")
    assert not consent.is_given(changed, place.folders)


def test_cards_without_a_download(place: Place) -> None:
    with pytest.raises(UserError, match=r"tiny: its card has no download; .*prepare tiny --raw"):
        place.bring(place.cards.write())
    (place.cards.folder / "generate.py").touch()
    with pytest.raises(UserError, match="tiny: generated on this machine"):
        place.bring(place.cards.write())


def test_a_series_stays_in_its_folder(place: Place) -> None:
    wrong = [{"count": 2, "name": "../{:d}", "url": "http://x/{:d}"}]
    with pytest.raises(ValueError, match=r"\.\./0"):
        list_items(place.card(series=wrong).download)
