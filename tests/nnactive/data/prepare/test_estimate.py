import os
import shutil
from types import SimpleNamespace

import numpy as np
import psutil
import pytest

from benchmark.cli.main import main
from nnactive.data.prepare import estimate as module
from nnactive.data.prepare.estimate import Estimate, estimate
from nnactive.data.prepare.prepare import estimate_needs, prepare
from nnactive.data.prepare.sizes import check_memory
from nnactive.data.raw.scan import scan
from nnactive.errors import UserError
from nnactive.io.files import file_sizes

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
        taken.append(sum(file_sizes(tmp_path / "tiny")))

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
    ("cores", "room", "workers"), [(4, 2, 2), (4, 0, 1), (2, 8, 2), (64, 8, 8)]
)
def test_workers_follow_from_cores_and_the_memory_of_the_largest_cases(
    tiny, tmp_path, monkeypatch, cores, room, workers
):
    tiny.write(tiny.image(3), np.ones((14, 40, 40), np.float32), (2, 1, 1))
    largest = sorted(case.memory(1) for case in needs(tiny, tmp_path / "tiny").sizes)[::-1]
    assert largest[0] > 6 * largest[1]
    free = SimpleNamespace(available=(sum(largest[:room]) + 1) / module.SHARE)
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


def respaced(tiny, number, spacing):
    image, label = tiny.case(number)
    tiny.write(tiny.image(number), image, spacing)
    tiny.write(tiny.label(number), label, spacing)


def told(tiny, tmp_path, capsys, **changes):
    """The error of a preparation, which leaves nothing behind."""
    tiny.card(**changes)
    arguments = ["--raw", str(tiny.raw), "--data", str(tmp_path / "data"), "--workers", "1"]
    assert main(["data", "prepare", "tiny", *arguments]) == 2
    (error,) = [x for x in capsys.readouterr().err.splitlines() if x.startswith("error: ")]
    assert not (tmp_path / "data").exists()
    return error


def test_without_a_spacing_on_the_card_nnunets_choice_counts(tiny, tmp_path):
    """One case of eight at half the others' spacing is stored at theirs, an eighth of its size."""
    whole = needs(tiny, tmp_path / "tiny")
    respaced(tiny, 3, (1, 0.5, 0.5))
    found = needs(tiny, tmp_path / "tiny", spacing=None)
    half = [round(n / 2) for n in tiny.case(3)[1].shape]
    assert [case.target for case in found.sizes] == [(2, 1, 1)] * 8
    assert found.sizes[2].resampled == tuple(half)
    assert found.disk == whole.disk - 9 * (voxels(tiny)[2] - np.prod(half))


def test_the_target_is_in_the_axis_order_of_the_files(tiny, tmp_path):
    for number in range(1, 9):
        respaced(tiny, number, (1, 1, 2))
    sizes = needs(tiny, tmp_path / "tiny", spacing=None).sizes
    assert [case.target for case in sizes] == [(1, 1, 2)] * 8
    assert [case.resampled for case in sizes] == [case.raw for case in sizes]


@pytest.fixture
def little_memory(monkeypatch):
    """100 MiB, enough for any case but one of ten times the spacing on each axis."""
    monkeypatch.setattr(psutil, "virtual_memory", lambda: SimpleNamespace(available=100 << 20))
    monkeypatch.setattr(psutil, "swap_memory", lambda: SimpleNamespace(free=0))


@pytest.mark.parametrize("spacing", [None, [2.0, 1.0, 1.0]])
@pytest.mark.usefixtures("little_memory")
def test_a_case_too_large_for_the_memory_is_refused_by_name(tiny, tmp_path, capsys, spacing):
    respaced(tiny, 3, (20, 10, 10))
    error = told(tiny, tmp_path, capsys, spacing=spacing)
    assert f"{tiny.image(3)}: " in error
    assert "voxels of 20, 10, 10 mm become" in error
    assert "of 2, 1, 1 mm (z, y, x), which needs" in error
    assert "MiB of memory, with only 100.0 MiB free" in error
    assert "(a median case needs" in error
    assert "correct the header" in error


def test_memory_is_compared_in_all_channels(tiny, tmp_path):
    case = max(needs(tiny, tmp_path / "tiny").sizes, key=lambda case: case.memory(1))
    check_memory([case], 1, case.memory(1))
    with pytest.raises(UserError, match="of memory, with only"):
        check_memory([case], 2, 2 * case.memory(1) - 1)


@pytest.mark.parametrize("spacing", [None, [2.0, 1.0, 1.0]])
def test_a_header_in_metres_is_refused_by_name(tiny, tmp_path, capsys, spacing):
    respaced(tiny, 3, (0.002, 0.001, 0.001))
    error = told(tiny, tmp_path, capsys, spacing=spacing)
    assert f"{tiny.image(3)}: " in error
    assert "voxels of 0.002, 0.001, 0.001 mm become 0 x 0 x 0 of 2, 1, 1 mm" in error
    assert "median spacing of all cases is 2, 1, 1 mm; correct the header" in error


@pytest.mark.parametrize("axis", [0, 1, 2])
def test_single_slices_are_refused_before_anything_is_read(tiny, tmp_path, capsys, axis):
    for number in range(1, 9):
        image, label = tiny.case(number)
        slices = tuple(slice(5, 6) if a == axis else slice(None) for a in range(3))
        tiny.write(tiny.image(number), image[slices], (2, 1, 1))
        tiny.write(tiny.label(number), label[slices], (2, 1, 1))
    error = told(tiny, tmp_path, capsys, spacing=None)
    assert f"{tiny.image(1)}: " in error
    assert "(8 of 8); volumes of one slice can't be trained in 3D; give whole volumes" in error


def test_the_largest_case_is_named_if_the_disk_is_too_small(tiny, tmp_path, capsys, monkeypatch):
    respaced(tiny, 3, (8, 4, 4))
    usage = shutil.disk_usage("/")._replace(free=1 << 20)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    error = told(tiny, tmp_path, capsys, spacing=None)
    assert "free; free up some space" in error
    assert f"(of it 1.1 MiB for {tiny.image(3)}: " in error


@pytest.mark.usefixtures("little_memory")
def test_memory_is_counted_again_for_what_is_measured(tiny, tmp_path, monkeypatch):
    """Where a header can't be read beforehand, as in a layout of one's own."""
    respaced(tiny, 3, (20, 10, 10))
    card, out = tiny.card(spacing=None), tmp_path / "tiny"
    monkeypatch.setattr(Estimate, "check", lambda *_: None)
    monkeypatch.setattr("nnactive.data.prepare.prepare.check_raw", lambda _, note: (note, (), 0))
    with pytest.raises(UserError, match=r"tiny_3_0000\.nii\.gz: .* of memory, with only"):
        prepare(card, tiny.raw, out, 1, lambda *_: None)
    assert not list(out.rglob("*.b2nd"))


def test_a_slice_of_which_nothing_is_left_is_refused_by_name(tiny, tmp_path, capsys):
    image, label = tiny.case(3)
    tiny.write(tiny.image(3), image[5:6], (0.002, 1, 1))
    tiny.write(tiny.label(3), label[5:6], (0.002, 1, 1))
    error = told(tiny, tmp_path, capsys, spacing=None)
    assert f"{tiny.image(3)}: 1 x " in error
    assert " mm become 0 x " in error


def test_a_spacing_of_the_card_that_fits_no_case_is_its_fault_not_the_files(tiny, tmp_path, capsys):
    error = told(tiny, tmp_path, capsys, spacing=[1e6, 1.0, 1.0])
    assert "all 8 cases are like it; correct 'spacing' in the card (mm, z, y, x)" in error
    assert "header" not in error


@pytest.mark.parametrize("spacing", [None, [2.0, 1.0, 1.0]])
def test_sizes_that_only_a_wrong_header_explains_are_refused_by_name(
    tiny, tmp_path, capsys, spacing
):
    respaced(tiny, 3, (20, 10, 10))
    error = told(tiny, tmp_path, capsys, spacing=spacing)
    assert f"{tiny.image(3)}: " in error
    assert "of 2, 1, 1 mm (z, y, x), more than 500 times as many; the median spacing" in error
    assert "correct the header" in error
