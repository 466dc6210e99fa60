"""Channels that cases lack; ids and names of files that can't be used."""

import os
import shutil

import pytest
from tiny import expect_one_line

from nnactive.data.raw.missing import SMALL
from nnactive.data.raw.scan import scan
from nnactive.errors import UserError

TWO = {"T1": "zscore", "T2": "zscore"}


def second(tiny, number):
    return tiny.raw / "imagesTr" / f"tiny_{number}_0001.nii.gz"


def refused(tiny, **changes):
    with pytest.raises(UserError) as refusal:
        scan(tiny.raw, tiny.card(**changes))
    return str(refusal.value)


def test_a_channel_that_no_case_has_is_told_once_with_the_field(tiny):
    assert refused(tiny, channels=TWO) == (
        f"{tiny.raw / 'imagesTr'}: no case has channel 1 (_0001); correct 'channels' in "
        f"{tiny.datasets / 'tiny' / 'card.yaml'}, or add the files"
    )


def test_all_cases_that_lack_a_channel_are_listed(tiny):
    for number in (1, 3, 4, 6, 7, 8):
        shutil.copy(tiny.image(number), second(tiny, number))
    assert refused(tiny, channels=TWO) == (
        f"{tiny.raw / 'imagesTr'}: 2 of 8 cases lack channel 1 (_0001): tiny_2, tiny_5; copy these "
        "files again"
    )
    shutil.copy(tiny.image(5), second(tiny, 5))
    assert refused(tiny, channels=TWO).startswith(f"{second(tiny, 2)}: missing, though case")


def test_the_list_is_bounded(tiny):
    for number in range(9, 30):
        shutil.copy(tiny.image(1), tiny.image(number))
        shutil.copy(tiny.label(1), tiny.label(number))
    shutil.copy(tiny.image(1), second(tiny, 1))
    told = refused(tiny, channels=TWO)
    assert "28 of 29 cases lack channel 1" in told
    assert "and 18 more; copy" in told


def test_a_link_to_nothing_is_no_missing_channel(tiny):
    for number in range(1, 9):
        second(tiny, number).symlink_to(tiny.raw / "gone.nii.gz")
    assert "a link to" in refused(tiny, channels=TWO)


def test_capital_letters_in_an_ending_are_told(tiny):
    file = tiny.image(2)
    file.rename(file.with_name("tiny_2_0000.NII.GZ"))
    told = refused(tiny)
    assert (
        told == f"{file}: missing, but tiny_2_0000.NII.GZ is there; write all endings in small "
        "letters"
    )
    for number in (1, 3, 4, 5, 6, 7, 8):
        tiny.image(number).rename(tiny.raw / "imagesTr" / f"tiny_{number}_0000.NII.GZ")
    for path in list((tiny.raw / "labelsTr").iterdir()):
        path.unlink()
    told = refused(tiny)
    assert "no file ends in .nii.gz, but tiny_1_0000.NII.GZ" in told
    assert told.endswith(f"; {SMALL}")


@pytest.mark.parametrize(
    ("name", "shown"), [("", "''"), ("a\nb", r"'a\nb'"), ("a\x1b", r"'a\x1b'")]
)
def test_ids_that_break_a_line_are_refused(tiny, name, shown):
    tiny.image(2).rename(tiny.raw / "imagesTr" / f"{name}_0000.nii.gz")
    tiny.label(2).rename(tiny.raw / "labelsTr" / f"{name}.nii.gz")
    told = refused(tiny)
    assert f"case id {shown} is empty or has control characters; rename its files" in told
    assert told.isprintable()


def test_links_are_followed_and_those_to_nothing_told(tiny):
    real = tiny.raw.with_name("real")
    shutil.move(tiny.raw / "labelsTr", real)
    (tiny.raw / "labelsTr").symlink_to(real)
    assert len(scan(tiny.raw, tiny.card())) == 8
    shutil.rmtree(real)
    assert refused(tiny) == (
        f"{tiny.raw / 'labelsTr'}: a link to {real}, which doesn't exist; fix the link"
    )


def test_a_pipe_is_no_file(tiny):
    tiny.label(2).unlink()
    os.mkfifo(tiny.label(2))
    with pytest.raises(UserError) as refusal:
        scan(tiny.raw, tiny.card())
    expect_one_line(refusal, tiny.label(2), "not a regular file")


def test_hidden_files_and_those_of_systems_dont_count(tiny):
    for name in (".DS_Store", "._tiny_1_0000.nii.gz", "Thumbs.db", ".tiny_9_0000.nii.gz.swp"):
        (tiny.raw / "imagesTr" / name).write_bytes(b"x")
        (tiny.raw / "labelsTr" / name.replace("_0000", "")).write_bytes(b"x")
    assert len(scan(tiny.raw, tiny.card())) == 8
