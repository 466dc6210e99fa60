"""A ``dataset.json`` that people write by hand: every fault is one line with a way out."""

import json
import shutil

import pytest

from nnactive.data.own.add import describe_raw
from nnactive.data.own.description import enough_cases
from nnactive.errors import UserError

OWN = {
    "channel_names": {"0": "MRI"},
    "labels": {"background": 0, "ball": 1, "dot": 2},
    "numTraining": 8,
    "file_ending": ".nii.gz",
}


@pytest.fixture
def raw(tmp_path):
    folder = tmp_path / "Dataset123_Knees"
    folder.mkdir()
    return folder


def describe(raw, **changes):
    (raw / "dataset.json").write_text(json.dumps(OWN | changes))


def refusal(raw):
    with pytest.raises(UserError) as caught:
        describe_raw(raw)
    told = str(caught.value)
    assert told.startswith(f"{raw / 'dataset.json'}: ")
    assert told.isprintable()
    return told


@pytest.mark.parametrize(
    ("name", "value", "right"),
    [
        ("labels", ["background", "ball"], {"background": 0, "ball": 1}),
        ("labels", ["ball", "background"], {"background": 0, "ball": 1}),
        ("labels", "background, ball", {"background": 0, "ball": 1}),
        ("labels", {"background": "0", "ball": "1"}, {"background": 0, "ball": 1}),
        ("labels", {"background": 0.0, "ball": 1.0}, {"background": 0, "ball": 1}),
        ("channel_names", ["T1", "T2"], {"0": "T1", "1": "T2"}),
        ("channel_names", {"1": "T1", "2": "T2"}, {"0": "T1", "1": "T2"}),
        ("numTraining", "8", 8),
        ("numTraining", 8.0, 8),
        ("file_ending", "nii.gz", ".nii.gz"),
        ("file_ending", ".NII.GZ", ".nii.gz"),
    ],
)
def test_the_corrected_field_is_shown_and_right(raw, name, value, right):
    describe(raw, **{name: value})
    told = refusal(raw)
    assert f"field '{name}': " in told
    assert f"write {json.dumps(right)}" in told
    describe(raw, **{name: right})
    describe_raw(raw)


@pytest.mark.parametrize("name", ["", "  ", "a\nb", "a\x1b[31mb", "a\u2028b"])
def test_names_that_nobody_can_read_are_refused(raw, name):
    describe(raw, labels={"background": 0, name: 1})
    assert f"field 'labels': {name!r} isn't a name" in refusal(raw)
    describe(raw, channel_names={"0": name})
    assert f"field 'channel_names': {name!r} isn't a name" in refusal(raw)


def test_a_title_of_several_lines_becomes_one(raw):
    describe(raw, name="Knees\n of\x07 mine")
    assert describe_raw(raw).title == "Knees of mine"


@pytest.mark.parametrize(
    ("labels", "cause"),
    [
        ({}, "must have 'background' and at least one class"),
        ({"background": 0}, "must have 'background' and at least one class"),
        ({"Background": 0, "ball": 1}, "'background'; write it in place of 'Background'"),
        ({"background": 0, "ball": -1, "dot": -2}, "--map -2=1,-1=2"),
        ({"background": 0, "ball": 70000}, "renumber the label maps"),
    ],
)
def test_labels_that_are_none_say_what_to_write(raw, labels, cause):
    describe(raw, labels=labels)
    assert cause in refusal(raw)


@pytest.mark.parametrize("cases", [-1, 0, 3])
def test_too_few_cases_say_how_many_are_needed(raw, cases):
    describe(raw, numTraining=cases)
    told = refusal(raw)
    assert f"{cases} cases, but at least 4 are needed" in told
    assert "give 7 or more" in told


def test_enough_cases_leave_two_pool_cases_for_each_label():
    for labels in range(2, 20):
        n = enough_cases(labels)
        assert n - n // 4 >= 2 * labels
        assert n == 4 or (n - 1) - (n - 1) // 4 < 2 * labels


@pytest.mark.parametrize("reader", ["SimpleITKIO", "NibabelIO", "Tiff3DIO", "None", None])
def test_readers_that_change_nothing_are_accepted(raw, reader):
    describe(raw, overwrite_image_reader_writer=reader)
    describe_raw(raw)


@pytest.mark.parametrize("reader", ["NibabelIOWithReorient", "NaturalImage2DIO", 5, [], True])
def test_other_readers_are_refused(raw, reader):
    describe(raw, overwrite_image_reader_writer=reader)
    told = refusal(raw)
    assert f"field 'overwrite_image_reader_writer': {reader!r} is none of SimpleITKIO" in told


def test_a_byte_order_mark_is_no_fault(raw):
    describe(raw)
    file = raw / "dataset.json"
    file.write_bytes(b"\xef\xbb\xbf" + file.read_bytes())
    assert describe_raw(raw).classes == ("background", "ball", "dot")


@pytest.mark.parametrize(
    ("content", "cause"),
    [
        (json.dumps(OWN).encode("utf-16"), "byte 0 isn't UTF-8"),
        ('{"name": "Größe"}'.encode("latin-1"), "isn't UTF-8"),
        (b" \n", "the file is empty"),
        (b"[" * 100_000, "not valid JSON"),
    ],
)
def test_other_encodings_are_told_without_pythons_words(raw, content, cause):
    (raw / "dataset.json").write_bytes(content)
    told = refusal(raw)
    assert cause in told
    assert "codec" not in told


def test_what_is_there_in_place_of_the_file_is_told(raw):
    file = raw / "dataset.json"
    file.mkdir()
    assert "a folder, not a file" in refusal(raw)
    file.rmdir()
    file.symlink_to(raw / "gone.json")
    assert f"a link to {raw / 'gone.json'}, which doesn't exist" in refusal(raw)
    shutil.rmtree(raw)
    raw.mkdir()
    assert "missing" in refusal(raw)
