import errno
import json
import os
import pickle
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from nnactive.data.cards import load_card
from nnactive.data.check.case_facts import look
from nnactive.data.prepare import stages
from nnactive.data.prepare.prepare import estimate_needs, prepare
from nnactive.data.prepared import PreparedDataset
from nnactive.data.raw.script import load_script
from nnactive.effort import total
from nnactive.errors import NnactiveError, UserError
from nnactive.geometry import Patch
from nnactive.labels import count_work

FILES = {
    "prepared.json",
    "prepared.json.seal.json",
    "plans.json",
    "dataset.json",
    "dataset_fingerprint.json",
    "source.json",
    "images",
    "pool_labels",
    "test_labels",
}


def run(tiny, out, workers=1, progress=lambda *_: None, **changes):
    return prepare(tiny.card(**changes), tiny.raw, out, workers, progress)


def test_a_prepared_dataset_holds_what_the_raw_folder_held(tiny, tmp_path):
    told = []
    info = run(tiny, tmp_path / "tiny", progress=lambda *step: told.append(step))
    dataset = PreparedDataset(tmp_path / "tiny")
    assert {path.name for path in dataset.folder.iterdir()} == FILES
    assert dataset.info == info
    assert (info.name, info.channels, info.classes) == (
        "tiny",
        ("MRI",),
        ("background", "ball", "dot"),
    )
    assert (info.spacing, info.split_kind, info.protocol_version) == ((2, 1, 1), "rule", "1.0")
    assert (len(info.pool), len(info.test)) == (6, 2)
    voxels, works = np.zeros(3, int), []
    for number in range(1, 9):
        case = f"tiny_{number}"
        image, label = tiny.case(number)
        stored = dataset.image(case)
        assert stored.dtype == np.float32
        assert dataset.shape(case) == stored.shape[1:] == label.shape
        np.testing.assert_allclose(stored[0], (image - image.mean()) / image.std(), atol=1e-4)
        if case in {c.id for c in info.pool}:
            np.testing.assert_array_equal(dataset.pool_label(case), label)
            assert dataset.pool_label(case).dtype == np.int16
            voxels += np.bincount(label.ravel(), minlength=3)
            works.append(count_work(label, [Patch(case, (0, 0, 0), label.shape)], 3))
            with pytest.raises(NnactiveError, match=f"{case}: not a test case"):
                dataset.test_label(case)
        else:
            np.testing.assert_array_equal(dataset.test_label(case), label)
            with pytest.raises(NnactiveError, match=f"{case}: not a pool case"):
                dataset.pool_label(case)
    assert info.pool_voxels == tuple(voxels)
    assert info.pool_effort == total(works, 2, images=6)
    assert told[-1] == ("normalise", 8, 8)
    assert ("resample", 8, 8) in told


@pytest.mark.parametrize(
    ("spacing", "transpose", "axis"),
    [((2.0, 1.0, 1.0), (0, 1, 2), 2), ((1.0, 1.0, 5.0), (2, 0, 1), 0)],
    ids=["the card's", "the thickest, which nnU-Net puts first"],
)
def test_a_pools_slices_lie_across_the_cards_axis_of_the_stored_image(
    tiny, tmp_path, spacing, transpose, axis
):
    for number in range(1, 9):
        image, label = tiny.case(number)
        tiny.write(tiny.image(number), image, spacing)
        tiny.write(tiny.label(number), label.astype(np.uint8), spacing)
    info = run(tiny, tmp_path / "tiny", spacing=list(spacing), slice_axis=axis)
    raw = {f"tiny_{number}": tiny.case(number)[1].transpose(transpose) for number in range(1, 9)}
    works = []
    for case in info.pool:
        stored = PreparedDataset(tmp_path / "tiny").pool_label(case.id)
        np.testing.assert_array_equal(stored, raw[case.id])
        works.append(count_work(stored, [Patch(case.id, (0, 0, 0), stored.shape)], 3, axis))
    assert info.slice_axis == axis
    assert info.pool_effort == total(works, 2, images=6)
    effort = info.pool_effort
    assert effort.slices + effort.empty_slices == sum(case.shape[axis] for case in info.pool)
    stated = json.loads((tmp_path / "tiny" / "prepared.json").read_text())
    assert ("slice_axis" in stated) == (axis != 0)


def test_plans_are_nnunets_for_the_resampled_pool(tiny, tmp_path):
    run(tiny, tmp_path / "tiny")
    dataset = PreparedDataset(tmp_path / "tiny")
    plans = json.loads(dataset.plans_file.read_text())
    description = json.loads(dataset.dataset_json_file.read_text())
    assert plans["configurations"]["3d_fullres"]["spacing"] == [2, 1, 1]
    assert plans["transpose_forward"] == [0, 1, 2]
    assert plans["dataset_name"] == "Dataset901_Tiny"
    assert description["labels"] == {"background": 0, "ball": 1, "dot": 2, "ignore": 3}
    assert description["numTraining"] == 6
    shapes = [list(case.shape) for case in dataset.info.pool]
    assert json.loads(dataset.fingerprint_file.read_text())["shapes_after_crop"] == shapes


def test_no_label_enters_plans_fingerprint_or_images(tiny, tmp_path):
    first = run(tiny, tmp_path / "a")
    for number in range(1, 9):
        label = tiny.case(number)[1]
        tiny.write(tiny.label(number), np.array([2, 0, 1], np.uint8)[label], (2, 1, 1))
    second = run(tiny, tmp_path / "b")
    assert first.checksum != second.checksum
    for name in ("plans.json", "dataset.json", "dataset_fingerprint.json"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()
    for case in (*first.pool, *first.test):
        a, b = (PreparedDataset(tmp_path / name).image(case.id) for name in "ab")
        np.testing.assert_array_equal(a, b)


def test_checksum_depends_on_content_not_on_files_or_workers(tiny, whole, tmp_path):
    moved = tmp_path / "moved"
    for part in ("labelsTr", "imagesTr"):
        (moved / part).mkdir(parents=True)
        for file in sorted((tiny.raw / part).iterdir(), reverse=True):
            shutil.copy(file, moved / part / file.name)
    three = prepare(tiny.card(), moved, tmp_path / "three", 3, lambda *_: None)
    assert three == whole
    label = tiny.case(5)[1]
    label[0, 0, 0] = 1
    tiny.write(tiny.label(5), label, (2, 1, 1))
    assert run(tiny, tmp_path / "other").checksum != whole.checksum


def test_the_network_of_nnunet_can_read_it(tiny, tmp_path):
    from nnunetv2.training.dataloading.nnunet_dataset import nnUNetDatasetBlosc2

    from nnactive.nnunet.store import write_volume

    info = run(tiny, tmp_path / "tiny")
    dataset = PreparedDataset(tmp_path / "tiny")
    case = info.pool[0].id
    folder = tmp_path / "train"
    folder.mkdir()
    (folder / f"{case}.b2nd").symlink_to(dataset.image_file(case))
    write_volume(folder / f"{case}_seg.b2nd", dataset.pool_label(case)[None], (4, 4, 4))
    (folder / f"{case}.pkl").write_bytes(pickle.dumps({}))
    loader = nnUNetDatasetBlosc2(str(folder))
    assert loader.identifiers == [case]
    image, label, _, _ = loader.load_case(case)
    np.testing.assert_array_equal(image[...], dataset.image(case))
    np.testing.assert_array_equal(label[:, 1:3], dataset.pool_label(case)[None, 1:3])


def test_prepared_again_returns_at_once(tiny, tmp_path, monkeypatch):
    first = run(tiny, tmp_path / "tiny")
    monkeypatch.setattr(stages, "load_case", None)
    assert run(tiny, tmp_path / "tiny") == first
    assert prepare(tiny.card(), None, tmp_path / "tiny", 1, lambda *_: None) == first


def test_another_card_or_raw_folder_is_refused(tiny, tmp_path):
    run(tiny, tmp_path / "tiny")
    with pytest.raises(UserError, match=r"another card; remove "):
        run(tiny, tmp_path / "tiny", spacing=[1.0, 1.0, 1.0])
    tiny.write(tiny.image(1), tiny.case(1)[0] * 2, (2, 1, 1))
    with pytest.raises(
        UserError, match=r"tiny_1_0000.nii.gz: has changed since .*; restore it, or remove "
    ):
        run(tiny, tmp_path / "tiny")


def test_downloaded_data_are_taken_where_no_folder_is_given(tiny, whole, tmp_path):
    shutil.copytree(tiny.raw, tmp_path / "data" / "raw" / "tiny" / "files" / "Tiny-v1")
    assert prepare(tiny.card(), None, tmp_path / "data" / "tiny", 1, lambda *_: None) == whole


def test_the_command_that_fetches_the_data_is_named(tiny, tmp_path):
    card = tiny.card(download={"files": [{"name": "tiny.zip", "urls": ["https://x"]}]})
    with pytest.raises(
        UserError, match=r"run nnactive-bench data download tiny --data .*, or .* --raw"
    ):
        prepare(card, None, tmp_path / "tiny", 1, lambda *_: None)


def test_label_values_are_mapped_and_conversion_is_not_repeated(tiny, whole, tmp_path, monkeypatch):
    for number in range(1, 9):
        raw = np.array([0, 30, 7], np.int16)[tiny.case(number)[1]]
        tiny.write(tiny.label(number), raw, (2, 1, 1))
    mapped = {"label_map": {30: 1, 7: 2}}
    convert, made = stages.convert_case, []

    def interrupted(found, card, folder):
        if len(made) == 5:
            raise KeyboardInterrupt
        target = convert(found, card, folder)
        made.append((target.label, target.label.stat().st_mtime_ns))
        return target

    with monkeypatch.context() as patch:
        patch.setattr(stages, "convert_case", interrupted)
        with pytest.raises(KeyboardInterrupt):
            run(tiny, tmp_path / "tiny", **mapped)
    kept = []

    def watched(found, card, folder):
        target = convert(found, card, folder)
        kept.append((target.label, target.label.stat().st_mtime_ns))
        return target

    monkeypatch.setattr(stages, "convert_case", watched)
    info = run(tiny, tmp_path / "tiny", **mapped)
    assert kept[:5] == made
    assert info.checksum == whole.checksum
    assert not (tmp_path / "tiny" / "scratch").exists()


def test_a_mended_file_is_converted_again(tiny, tmp_path):
    swap = {"label_map": {1: 2, 2: 1}}
    good = tiny.label(6).read_bytes()
    label = tiny.case(6)[1]
    label[0, 0, 0] = 9
    tiny.write(tiny.label(6), label, (2, 1, 1))
    with pytest.raises(UserError, match=r"tiny_6\.nii\.gz: label values 9"):
        run(tiny, tmp_path / "tiny", **swap)
    tiny.write(tiny.label(1), 0 * tiny.case(1)[1], (2, 1, 1))
    tiny.label(6).write_bytes(good)
    info = run(tiny, tmp_path / "tiny", **swap)
    assert info == run(tiny, tmp_path / "new", **swap)


def test_raw_data_is_asked_for(tiny, tmp_path):
    with pytest.raises(UserError, match=r"tiny: no raw data; .* --raw \(from https://x\)"):
        prepare(tiny.card(url="https://x"), None, tmp_path / "tiny", 1, lambda *_: None)


def test_an_unprepared_folder_names_the_command(tmp_path):
    with pytest.raises(UserError, match=r"not prepared; run nnactive-bench data prepare liver"):
        PreparedDataset(tmp_path / "liver")


@pytest.mark.parametrize("writes", [1, 16, 20])
def test_an_interrupted_run_goes_on_and_repeats_nothing(tiny, whole, tmp_path, monkeypatch, writes):
    written = []
    write = stages.write_volume

    def interrupted(path, *rest):
        if len(written) == writes:
            raise KeyboardInterrupt
        write(path, *rest)
        written.append(path)

    monkeypatch.setattr(stages, "write_volume", interrupted)
    with pytest.raises(KeyboardInterrupt):
        run(tiny, tmp_path / "tiny")
    assert not (tmp_path / "tiny" / "prepared.json").exists()
    finished = set(written)

    again = []

    def counted(path, *rest):
        write(path, *rest)
        again.append(path)

    monkeypatch.setattr(stages, "write_volume", counted)
    assert run(tiny, tmp_path / "tiny") == whole
    # A label is written before its image, so one label may be written twice.
    assert all("labels" in str(path) for path in finished & set(again))
    assert len(finished & set(again)) <= 1
    assert len(finished | set(again)) == 24


def test_an_interrupted_run_is_not_continued_with_another_card(tiny, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(stages, "make_plans", None)
        patch.setattr("nnactive.data.prepare.prepare.make_plans", None)
        with pytest.raises(TypeError):
            run(tiny, tmp_path / "tiny")
    with pytest.raises(UserError, match="another card"):
        run(tiny, tmp_path / "tiny", channels={"MRI": "ct"})


def test_a_mended_file_is_taken_and_the_rest_kept(tiny, whole, tmp_path, monkeypatch):
    content = tiny.image(6).read_bytes()
    tiny.image(6).write_bytes(content[:-50])
    with pytest.raises(UserError, match=r"tiny_6_0000\.nii\.gz: truncated"):
        run(tiny, tmp_path / "tiny")
    tiny.image(6).write_bytes(content)
    read = []

    def counted(case, card):
        read.append(case.id)
        return look(case, card)

    monkeypatch.setattr("nnactive.data.prepare.check_raw.look", counted)
    assert run(tiny, tmp_path / "tiny") == whole
    assert read == ["tiny_6"]


def test_a_file_changed_between_two_runs_is_not_mixed_in(tiny, tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr("nnactive.data.prepare.prepare.store_all", None)
        with pytest.raises(TypeError):
            run(tiny, tmp_path / "tiny", channels={"MRI": "ct"})
    tiny.write(tiny.image(1), tiny.case(1)[0] * 3, (2, 1, 1))
    mixed = run(tiny, tmp_path / "tiny", channels={"MRI": "ct"})
    assert mixed == run(tiny, tmp_path / "new", channels={"MRI": "ct"})


def cut_off_at(stage, tiny, out, **changes):
    """A run that ends just before a stage, as if killed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(f"nnactive.data.prepare.prepare.{stage}", None)
        with pytest.raises(TypeError):
            run(tiny, out, **changes)


def test_volumes_of_another_target_spacing_are_not_kept(tiny, tmp_path):
    cut_off_at("make_plans", tiny, tmp_path / "tiny", spacing=None)
    for number in range(3, 9):
        image, label = tiny.case(number)
        tiny.write(tiny.image(number), image, (4, 2, 2))
        tiny.write(tiny.label(number), label, (4, 2, 2))
    info = run(tiny, tmp_path / "tiny", spacing=None)
    assert info.spacing == (4, 2, 2)
    assert info == run(tiny, tmp_path / "new", spacing=None)


def write_uncompressed(tiny, number, factor):
    """A case whose image file has the same size for any content."""
    tiny.write(tiny.image(number).with_suffix(""), factor * tiny.case(number)[0], (2, 1, 1))
    tiny.write(tiny.label(number).with_suffix(""), tiny.case(number)[1], (2, 1, 1))


@pytest.fixture
def uncompressed(tiny):
    for number in range(1, 9):
        write_uncompressed(tiny, number, 1)
    return {"source": {"ending": ".nii"}, "channels": {"MRI": "nonorm"}}


@pytest.mark.parametrize("stage", ["make_plans", "store_all"])
def test_a_file_of_the_same_size_with_other_content_is_taken_anew(
    tiny, tmp_path, uncompressed, stage
):
    cut_off_at(stage, tiny, tmp_path / "tiny", **uncompressed)
    write_uncompressed(tiny, 4, 3)
    info = run(tiny, tmp_path / "tiny", **uncompressed)
    assert info == run(tiny, tmp_path / "new", **uncompressed)
    np.testing.assert_allclose(
        PreparedDataset(tmp_path / "tiny").image("tiny_4")[0], 3 * tiny.case(4)[0], rtol=1e-5
    )


def test_a_finished_dataset_is_not_one_of_changed_files(tiny, tmp_path, uncompressed):
    first = run(tiny, tmp_path / "tiny", **uncompressed)
    copy = tmp_path / "copy"
    shutil.copytree(tiny.raw, copy, copy_function=shutil.copyfile)
    card = tiny.card(**uncompressed)
    assert prepare(card, copy, tmp_path / "tiny", 1, lambda *_: None) == first
    write_uncompressed(tiny, 4, 3)
    with pytest.raises(
        UserError, match=r"tiny_4_0000.nii: has changed since .*; restore it, or remove "
    ):
        run(tiny, tmp_path / "tiny", **uncompressed)
    # Prepared before contents were compared: only names and sizes are known.
    (tmp_path / "tiny" / "source.json").unlink()
    assert run(tiny, tmp_path / "tiny", **uncompressed) == first


def test_a_file_that_changes_while_it_is_read_is_not_overlooked(tiny, tmp_path, uncompressed):
    def progress(stage, done, _):
        if (stage, done) == ("normalise", 8):
            write_uncompressed(tiny, 4, 3)

    with pytest.raises(UserError, match="changed while being read; run the same command again"):
        run(tiny, tmp_path / "tiny", progress=progress, **uncompressed)
    info = run(tiny, tmp_path / "tiny", **uncompressed)
    assert info == run(tiny, tmp_path / "new", **uncompressed)


def test_an_earlier_versions_unfinished_folder_is_begun_anew(tiny, whole, tmp_path):
    cut_off_at("make_plans", tiny, tmp_path / "tiny")
    note = tmp_path / "tiny" / "scratch" / "source.json"
    note.write_text(json.dumps({"card": tiny.card().preparation_hash(), "raw": {"tiny_1": "[]"}}))
    spoilt = tmp_path / "tiny" / "scratch" / "images" / "tiny_2.b2nd"
    spoilt.write_bytes(b"")
    assert run(tiny, tmp_path / "tiny") == whole


def test_what_a_killed_process_left_is_swept(tiny, whole, tmp_path):
    cut_off_at("make_plans", tiny, tmp_path / "tiny")
    left = ("images", "pool_labels", "test_labels", ".")
    for part in left:
        (tmp_path / "tiny" / part).mkdir(exist_ok=True)
        (tmp_path / "tiny" / part / ".tiny_1.b2nd.dwf0rc8t").write_bytes(b"half")
    assert run(tiny, tmp_path / "tiny") == whole
    assert list((tmp_path / "tiny").rglob(".*")) == []
    # In a finished dataset too: it may date from before leftovers were swept.
    (tmp_path / "tiny" / "images" / ".tiny_1.b2nd.dwf0rc8t").write_bytes(b"half")
    run(tiny, tmp_path / "tiny")
    assert list((tmp_path / "tiny").rglob(".*")) == []


def test_a_class_in_too_few_cases_can_be_taken_out_as_is_said(tiny, tmp_path):
    for number in range(1, 9):
        label = tiny.case(number)[1]
        label[label == 2] = 2 if number == 1 else 1
        tiny.write(tiny.label(number), label, (2, 1, 1))
    with pytest.raises(UserError, match="remove 'dot' from the card's 'labels' and") as refusal:
        run(tiny, tmp_path / "tiny")
    assert str(refusal.value).endswith("and write label_map: {1: 1, 2: 0}")
    # Nothing was made yet, so there is nothing to remove.
    without = {"labels": {"background": 0, "ball": 1}, "label_map": {1: 1, 2: 0}}
    assert run(tiny, tmp_path / "tiny", **without).classes == ("background", "ball")


def test_a_wrong_downloaded_file_names_what_to_remove(tiny, tmp_path):
    data = tmp_path / "da ta"
    shutil.copytree(tiny.raw, data / "raw" / "tiny" / "files")
    file = data / "raw" / "tiny" / "files" / "imagesTr" / tiny.image(5).name
    file.write_bytes(file.read_bytes()[:-50])
    with pytest.raises(UserError) as refusal:
        prepare(tiny.card(), None, data / "tiny", 1, lambda *_: None)
    way_out = f"remove {data / 'raw' / 'tiny' / 'files'} and run nnactive-bench data download tiny"
    assert str(file) in str(refusal.value)
    assert f"{way_out} --data '{data}'" in str(refusal.value)
    file.unlink()
    for again in (estimate_needs, lambda *given: prepare(*given, 1, lambda *_: None)):
        with pytest.raises(UserError, match=r"missing, though") as refusal:
            again(tiny.card(), None, data / "tiny")
        assert str(refusal.value).count(way_out) == 1
    with pytest.raises(UserError) as refusal:
        prepare(tiny.card(), tmp_path / "none", data / "tiny", 1, lambda *_: None)
    assert "data download" not in str(refusal.value)


def test_a_full_disk_is_one_line_and_nothing_is_lost(tiny, whole, tmp_path, monkeypatch):

    def full(path, content):
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr("nnactive.nnunet.store.write_bytes", full)
        with pytest.raises(UserError, match="disk full; free up some space") as refusal:
            run(tiny, tmp_path / "tiny")
        assert "\n" not in str(refusal.value)
    assert run(tiny, tmp_path / "tiny") == whole


def test_a_file_in_the_way_is_one_line(tiny, tmp_path):
    (tmp_path / "data").write_text("a file")
    with pytest.raises(UserError, match="Not a directory; allow it or choose another folder"):
        run(tiny, tmp_path / "data" / "tiny")


def test_two_at_once_are_refused(tiny, tmp_path):
    def second(*_):
        with pytest.raises(UserError, match="another process is preparing it"):
            run(tiny, tmp_path / "tiny")

    run(tiny, tmp_path / "tiny", progress=second)


def test_target_spacing_is_nnunets_where_the_card_names_none(tiny, tmp_path):
    for number in range(1, 9):
        image, label = tiny.case(number)
        spacing = (2, 1, 1) if number < 6 else (3, 1.5, 1.25)
        tiny.write(tiny.image(number), image, spacing)
        tiny.write(tiny.label(number), label, spacing)
    info = run(tiny, tmp_path / "tiny", spacing=None)
    assert info.spacing == (2, 1, 1)
    z, y, x = tiny.case(7)[1].shape
    expected = (round(z * 1.5), round(y * 1.5), round(x * 1.25))
    assert PreparedDataset(tmp_path / "tiny").shape("tiny_7") == expected


@pytest.mark.slow
def test_a_killed_process_leaves_what_the_next_one_needs(tiny, whole, tmp_path):
    out = tmp_path / "tiny"
    script = (
        "import sys, time\n"
        "from pathlib import Path\n"
        "from nnactive.data.cards import load_card\n"
        "from nnactive.data.prepare.prepare import prepare\n"
        "def progress(*_): time.sleep(0.2)\n"
        "prepare(load_card('tiny'), Path(sys.argv[1]), Path(sys.argv[2]), 1, progress)\n"
    )
    tiny.card()
    process = subprocess.Popen([sys.executable, "-c", script, str(tiny.raw), str(out)])
    scratch = out / "scratch" / "images"
    deadline = time.monotonic() + 300
    while len(list(scratch.glob("*.b2nd"))) < 3 and time.monotonic() < deadline:
        time.sleep(0.01)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    assert 3 <= len(list(scratch.glob("*.b2nd"))) < 8
    assert not Path(out, "prepared.json").exists()
    assert run(tiny, out) == whole


STAGES = ("compare", "check", "resample", "fingerprint", "normalise")


class Killed(BaseException):
    """Stands in for ``kill -9``: nothing is written after it."""


@pytest.mark.slow
class CaseByCase:
    """Stands in for worker threads, which are some cases further when one is told."""

    map = staticmethod(map)

    def __init__(self, _workers):
        pass

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass

    def shutdown(self, **_):
        pass


def test_a_preparation_that_is_killed_at_every_case_ends(tiny, whole, tmp_path, monkeypatch):
    """Each attempt gets one case of one stage further."""
    monkeypatch.setattr("nnactive.data.prepare.memo.SECONDS", 0.0)
    monkeypatch.setattr("nnactive.data.prepare.job.ThreadPoolExecutor", CaseByCase)
    work: dict[str, list[str]] = {}
    for name, module in {
        "look": "nnactive.data.prepare.check_raw",
        "sha256": "nnactive.data.raw.raw_checksums",
        "resample": "nnactive.data.prepare.stages",
        "sample_intensities": "nnactive.data.prepare.stages",
        "array_digest": "nnactive.data.prepare.stages",
    }.items():
        real = getattr(__import__(module, fromlist=[name]), name)

        def counted(*given, real=real, name=name):
            work.setdefault(name, []).append(name)
            return real(*given)

        monkeypatch.setattr(f"{module}.{name}", counted)

    def kill(stage: str, done: int, _total: int) -> None:
        if done > reached.get(stage, 0):
            reached[stage] = done
            raise Killed

    reached: dict[str, int] = {}
    kills = 0
    while True:
        try:
            info = run(tiny, tmp_path / "tiny", progress=kill)
        except Killed:
            kills += 1
        else:
            break
    assert info == whole
    assert kills == sum(reached.values()) == 8 + 8 + 8 + 6 + 8
    # No case twice; from the start it would be 36.
    assert max(len(calls) for calls in work.values()) <= 2 * 8


def test_what_is_remembered_is_of_the_same_card_and_files(tiny, whole, tmp_path, monkeypatch):
    monkeypatch.setattr("nnactive.data.prepare.memo.SECONDS", 0.0)
    out = tmp_path / "tiny"

    def late(stage: str, done: int, _total: int) -> None:
        if (stage, done) == ("normalise", 8):
            raise Killed

    with pytest.raises(Killed):
        run(tiny, out, progress=late)
    assert {path.name for path in (out / "scratch" / "done").iterdir()} == {*STAGES}
    image, label = tiny.case(3)
    tiny.write(tiny.image(3), image[::-1].copy(), (2, 1, 1))
    tiny.write(tiny.label(3), label[::-1].copy(), (2, 1, 1))
    info = run(tiny, out)
    shutil.rmtree(out)
    assert info == run(tiny, out)
    assert info.checksum != whole.checksum
    assert not (out / "scratch").exists()


def test_generated_data_is_kept_though_nothing_was_made_of_it(tmp_path, monkeypatch):
    """Killed when the generator has just ended: the next attempt doesn't begin with it again."""
    script = load_card("phantom").generator.parent / "generate.py"
    runs: list[str] = []
    real = load_script(script, "generate")
    generate = real.generate
    monkeypatch.setattr(real, "generate", lambda *given: runs.append("") or generate(*given))
    monkeypatch.setattr("nnactive.data.prepare.prepare.load_script", lambda *_: real)

    def early(stage: str, done: int, _total: int) -> None:
        raise Killed

    for _ in range(3):
        with pytest.raises(Killed):
            prepare(load_card("phantom"), None, tmp_path / "phantom", 1, early)
    assert len(runs) == 1
