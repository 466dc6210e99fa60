import os
import shutil
from types import SimpleNamespace

import psutil
import pytest

from nnactive.data.prepare import estimate as module
from nnactive.data.prepare.estimate import Estimate, estimate
from nnactive.data.prepare.prepare import estimate_needs, prepare
from nnactive.data.raw.scan import scan
from nnactive.errors import UserError

GIB = 1 << 30


def voxels(tiny):
    return [tiny.case(number)[1].size for number in range(1, 9)]


def needs(tiny, out, **changes):
    card = tiny.card(**changes)
    return estimate(card, scan(tiny.raw, card), out)


def test_a_file_that_vanishes_counts_nothing(tiny, tmp_path, monkeypatch):
    (tmp_path / "tiny").mkdir()
    (tmp_path / "tiny" / "x").write_bytes(bytes(1000))
    expected = needs(tiny, tmp_path / "none").disk - 1000
    walk = os.walk
    monkeypatch.setattr(
        os, "walk", lambda folder: ((at, [], [*names, ".gone"]) for at, _, names in walk(folder))
    )
    assert needs(tiny, tmp_path / "tiny").disk == expected


def test_it_covers_what_a_preparation_takes(tiny, tmp_path):
    expected = needs(tiny, tmp_path / "tiny")
    taken = []

    def progress(*_):
        files = (path for path in (tmp_path / "tiny").rglob("*") if path.is_file())
        taken.append(sum(path.stat().st_size for path in files))

    prepare(tiny.card(), tiny.raw, tmp_path / "tiny", 1, progress)
    # Plans and per-file overhead come on top; neither grows with the size of a case.
    assert max(taken) < expected.disk + (1 << 17)
    assert expected.disk == 9 * sum(voxels(tiny))


def test_finer_spacing_needs_more(tiny, tmp_path):
    one = needs(tiny, tmp_path / "tiny")
    finer = needs(tiny, tmp_path / "tiny", spacing=[1.0, 1.0, 1.0])
    assert finer.disk == 2 * one.disk
    assert finer.memory == 2 * one.memory
    coarser = needs(tiny, tmp_path / "tiny", spacing=[4.0, 2.0, 2.0])
    assert coarser.memory == one.memory


def test_what_is_there_already_is_taken_off(tiny, tmp_path):
    one = needs(tiny, tmp_path / "tiny")
    folder = tmp_path / "tiny" / "scratch" / "images"
    folder.mkdir(parents=True)
    (folder / "tiny_1.b2nd").write_bytes(bytes(5000))
    assert needs(tiny, tmp_path / "tiny").disk == one.disk - 5000


def test_conversion_needs_room_too(tiny, tmp_path):
    one = needs(tiny, tmp_path / "tiny")
    assert needs(tiny, tmp_path / "tiny", label_map={1: 2, 2: 1}).disk > one.disk


@pytest.mark.parametrize(
    ("cores", "cases", "workers"), [(4, 2.9, 2), (4, 0.1, 1), (2, 100, 2), (64, 100, 8)]
)
def test_workers_follow_from_memory_cores_and_cases(
    tiny, tmp_path, monkeypatch, cores, cases, workers
):
    memory = needs(tiny, tmp_path / "tiny").memory
    free = SimpleNamespace(available=cases * memory / module.SHARE)
    monkeypatch.setattr(psutil, "virtual_memory", lambda: free)
    monkeypatch.setattr(module, "usable_cores", lambda: cores)
    assert needs(tiny, tmp_path / "tiny").workers == workers


def test_a_disk_that_is_too_small_is_refused_before_anything_is_written(
    tiny, tmp_path, monkeypatch
):
    usage = shutil.disk_usage("/")._replace(free=3 * GIB)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    Estimate(3 * GIB, 3 * GIB, 1, 1).check(tmp_path)
    with pytest.raises(UserError, match=r"needs up to 3\.5 GiB, with only 3\.0 GiB free; free"):
        Estimate(7 * GIB // 2, 3 * GIB, 1, 1).check(tmp_path)
    monkeypatch.setattr(module, "STORED", GIB)
    with pytest.raises(UserError, match=r"only 3\.0 GiB free"):
        prepare(tiny.card(), tiny.raw, tmp_path / "data" / "tiny", 1, lambda *_: None)
    assert not (tmp_path / "data").exists()


def test_nothing_is_estimated_where_nothing_is_left_to_do(tiny, tmp_path):
    from nnactive.data.cards import load_card

    assert estimate_needs(tiny.card(), tiny.raw, tmp_path / "tiny") is not None
    prepare(tiny.card(), tiny.raw, tmp_path / "tiny", None, lambda *_: None)
    assert estimate_needs(tiny.card(), tiny.raw, tmp_path / "tiny") is None
    assert estimate_needs(load_card("phantom"), None, tmp_path / "phantom") is None


def test_a_broken_header_does_not_stop_the_estimate(tiny, tmp_path):
    one = needs(tiny, tmp_path / "tiny")
    tiny.image(3).write_text("broken")
    assert needs(tiny, tmp_path / "tiny").disk == one.disk - 9 * voxels(tiny)[2]
