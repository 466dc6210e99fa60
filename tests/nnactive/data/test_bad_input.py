"""Wrong data and full disks: one line with file and way out, exit code 2, nothing lost."""

import errno
import shutil
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest

from benchmark.cli.main import main
from nnactive.data.prepare import stages
from nnactive.data.prepare.prepare import prepare
from nnactive.nnunet import store

SPACING = (2, 1, 1)
WRONG = 5
BEFORE = frozenset(f"tiny_{number}" for number in range(1, WRONG))
"""Cases that are processed before the wrong one."""


@dataclass(frozen=True)
class Expected:
    """What the line must contain."""

    name: Path | str
    cause: str
    finished: AbstractSet[str] = frozenset()


def truncated_image(tiny, _):
    file = tiny.image(WRONG)
    file.write_bytes(file.read_bytes()[:-200])
    return Expected(file, "truncated or damaged; copy or download it again")


def label_cut_by_a_byte(tiny, _):
    file = tiny.label(WRONG)
    file.write_bytes(file.read_bytes()[:-1])
    return Expected(file, "truncated or damaged; copy or download it again")


def flipped_byte(tiny, _):
    file = tiny.image(WRONG)
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 255
    file.write_bytes(content)
    return Expected(file, "truncated or damaged; copy or download it again")


def page_of_an_error(tiny, _):
    tiny.image(WRONG).write_text("<html>404</html>")
    return Expected(tiny.image(WRONG), "not an image but a web page; download it again")


def empty_file(tiny, _):
    tiny.label(WRONG).write_bytes(b"")
    return Expected(tiny.label(WRONG), "empty file; copy or download it again", set())


def another_size(tiny, _):
    tiny.write(tiny.label(WRONG), tiny.case(WRONG)[1][1:], SPACING)
    return Expected(tiny.image(WRONG), "size")


def another_spacing(tiny, _):
    tiny.write(tiny.label(WRONG), tiny.case(WRONG)[1], (2, 1, 1.5))
    return Expected(tiny.image(WRONG), "spacing")


def another_place(tiny, _):
    tiny.write(tiny.label(WRONG), tiny.case(WRONG)[1], SPACING, origin=(0, 5, 0))
    return Expected(tiny.image(WRONG), "origin")


def foreign_label(tiny, _):
    label = tiny.case(WRONG)[1]
    label[0, 0, 0] = 7
    tiny.write(tiny.label(WRONG), label, SPACING)
    return Expected(tiny.label(WRONG), "label values 7 are not among the card's 0 to 2; replace")


def negative_label(tiny, _):
    label = tiny.case(WRONG)[1].astype(np.int16)
    label[0, 0, 0] = -1
    tiny.write(tiny.label(WRONG), label, SPACING)
    return Expected(tiny.label(WRONG), "label values -1")


def half_a_label(tiny, _):
    label = tiny.case(WRONG)[1].astype(np.float32)
    label[0, 0, 0] = 1.5
    tiny.write(tiny.label(WRONG), label, SPACING)
    return Expected(tiny.label(WRONG), "label values 1.5")


def huge_label(tiny, _):
    label = tiny.case(WRONG)[1].astype(np.float32)
    label[0, 0, 0] = 65537
    tiny.write(tiny.label(WRONG), label, SPACING)
    return Expected(tiny.label(WRONG), "label values 65537")


def not_a_number(tiny, _):
    image = tiny.case(WRONG)[0]
    image[3, 3, 3] = np.nan
    tiny.write(tiny.image(WRONG), image, SPACING)
    return Expected(tiny.image(WRONG), "contains NaN or infinite values; fix or replace it")


def infinite_voxel(tiny, _):
    image = tiny.case(WRONG)[0].astype(np.float64)
    image[3, 3, 3] = np.inf
    tiny.write(tiny.image(WRONG), image, SPACING)
    return Expected(tiny.image(WRONG), "contains NaN or infinite values; fix or replace it")


def nothing_but_zeros(tiny, _):
    tiny.write(tiny.image(WRONG), 0 * tiny.case(WRONG)[0], SPACING)
    return Expected(tiny.image(WRONG), "every voxel is 0; copy or download it again")


def flat_image(tiny, _):
    tiny.write(tiny.image(WRONG), tiny.case(WRONG)[0][0], (1, 1))
    return Expected(tiny.image(WRONG), "not a single three-dimensional image")


def missing_modality(tiny, _):
    for number in range(1, 9):
        if number != WRONG:
            second = tiny.raw / "imagesTr" / f"tiny_{number}_0001.nii.gz"
            shutil.copy(tiny.image(number), second)
    tiny.card(channels={"T1": "zscore", "T2": "zscore"})
    missing = tiny.raw / "imagesTr" / f"tiny_{WRONG}_0001.nii.gz"
    return Expected(missing, "missing, though case 'tiny_5' has other files; copy it again", set())


def missing_label(tiny, _):
    tiny.label(WRONG).unlink()
    return Expected(tiny.label(WRONG), "missing, though case 'tiny_5' has other files", set())


def duplicate_id(tiny, _):
    for file in (tiny.image(WRONG), tiny.label(WRONG)):
        shutil.copy(file, file.with_name(file.name.replace("tiny", "Tiny")))
    return Expected(tiny.raw, "differ only in capitals", set())


def missing_case(tiny, _):
    tiny.card(ids=[f"tiny_{number}" for number in range(1, 9)])
    tiny.image(WRONG).unlink()
    tiny.label(WRONG).unlink()
    return Expected(tiny.raw, "case 'tiny_5' is missing (1 in total); give", set())


def foreign_case(tiny, _):
    tiny.card(ids=[f"tiny_{number}" for number in range(2, 10)])
    return Expected(tiny.raw, "case 'tiny_9' is missing", set())


def too_few_cases_of_a_class(tiny, _):
    for number in range(1, 8):
        label = tiny.case(number)[1]
        tiny.write(tiny.label(number), np.where(label == 2, 1, label).astype(np.uint8), SPACING)
    return Expected("tiny: class 'dot'", "pool cases, but 2 are required; give")


def no_folder(tiny, _):
    shutil.rmtree(tiny.raw)
    return Expected(tiny.raw, "no such folder; give", set())


def folder_of_something_else(tiny, _):
    shutil.rmtree(tiny.raw / "imagesTr")
    return Expected(tiny.raw, "contains no imagesTr; give the folder with the complete data", set())


def disk_too_small(_, monkeypatch):
    usage = shutil.disk_usage("/")._replace(free=1000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
    return Expected(
        "tiny", "with only 1000 bytes free; free up some space or choose a folder on another", set()
    )


def failing_resample(monkeypatch, error):
    """Fail from the fifth case on."""
    resample, done = stages.resample, []

    def fails(*case):
        if len(done) == len(BEFORE):
            raise error
        done.append(case)
        return resample(*case)

    monkeypatch.setattr(stages, "resample", fails)


def what_a_library_raises(tiny, monkeypatch):
    failing_resample(monkeypatch, ValueError("zero-size array\nhas no maximum"))
    cause = "can't be prepared (ValueError: zero-size array has no maximum); correct or replace"
    return Expected(tiny.image(WRONG), cause, BEFORE)


def memory_that_runs_out(tiny, monkeypatch):
    failing_resample(monkeypatch, MemoryError("Unable to allocate 3.05 GiB"))
    cause = "needs more memory than there is (MemoryError: Unable to allocate 3.05 GiB); give"
    return Expected(tiny.image(WRONG), cause, BEFORE)


def failing_write(monkeypatch, number, text):
    """Fail from the ninth volume on: after image and label of four cases."""
    write, written = store.write_bytes, []

    def fails(path, content):
        if len(written) == 2 * len(BEFORE):
            raise OSError(number, text, str(path))
        write(path, content)
        written.append(path)

    monkeypatch.setattr(store, "write_bytes", fails)


def disk_full(_, monkeypatch):
    failing_write(monkeypatch, errno.ENOSPC, "No space left on device")
    return Expected(
        "tiny", "disk full; free up some space and run the same command again to resume", BEFORE
    )


def read_only_target(_, monkeypatch):
    failing_write(monkeypatch, errno.EROFS, "Read-only file system")
    return Expected("tiny", "Read-only file system; allow it or choose another folder", BEFORE)


HARMS = (
    truncated_image,
    label_cut_by_a_byte,
    flipped_byte,
    page_of_an_error,
    empty_file,
    another_size,
    another_spacing,
    another_place,
    foreign_label,
    negative_label,
    half_a_label,
    huge_label,
    not_a_number,
    infinite_voxel,
    nothing_but_zeros,
    flat_image,
    missing_modality,
    missing_label,
    duplicate_id,
    missing_case,
    foreign_case,
    too_few_cases_of_a_class,
    no_folder,
    folder_of_something_else,
    disk_too_small,
    what_a_library_raises,
    memory_that_runs_out,
    disk_full,
    read_only_target,
)


@pytest.mark.parametrize("harm", HARMS, ids=lambda harm: harm.__name__)
def test_one_line_says_what_is_wrong_and_finished_cases_stay(harm, tiny, tmp_path, capsys):
    tiny.card()
    data = tmp_path / "data"
    with pytest.MonkeyPatch.context() as patch:
        expected = harm(tiny, patch)
        arguments = ["--raw", str(tiny.raw), "--data", str(data), "--workers", "1"]
        assert main(["data", "prepare", "tiny", *arguments]) == 2
    told = capsys.readouterr().err
    errors = [line for line in told.splitlines() if line.startswith("error: ")]
    assert len(errors) == 1
    assert "Traceback" not in told
    assert str(expected.name) in errors[0]
    assert expected.cause in errors[0]
    assert ";" in errors[0], "no way out is named"
    assert not (data / "tiny" / "prepared.json").exists()
    finished = (data / "tiny" / "scratch" / "images").glob("*.b2nd")
    found = {path.name.removesuffix(".b2nd") for path in finished}
    # The case after a wrong one may be in progress already, but none before it is missing.
    assert expected.finished <= found
    assert not (found and not expected.finished)


def test_a_fixed_folder_gives_what_an_unharmed_one_does(tiny, whole, tmp_path):
    data = tmp_path / "data"
    good = tiny.image(WRONG).read_bytes()
    with pytest.MonkeyPatch.context() as patch:
        not_a_number(tiny, patch)
        assert main(["data", "prepare", "tiny", "--raw", str(tiny.raw), "--data", str(data)]) == 2
    tiny.image(WRONG).write_bytes(good)
    assert prepare(tiny.card(), tiny.raw, data / "tiny", 1, lambda *_: None) == whole
