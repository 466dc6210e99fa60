from pathlib import Path

import numpy as np
import pytest
from tiny import expect_one_line

from nnactive.data.raw.files.notes import Note, summarised
from nnactive.data.raw.loading import NOTHING, ROUNDED, load_case, mapped_label
from nnactive.data.raw.scan import scan
from nnactive.errors import UserError


def test_one_line_a_peculiarity_in_any_order():
    notes = [Note("odd", Path("b")), Note("odd", Path("a")), Note("even", Path("c"))]
    lines = ["c: even", "a and 1 more: odd"]
    assert summarised(notes) == summarised([*reversed(notes), notes[0]]) == lines


def test_labels_that_differ_by_rounding_are_rounded_with_a_note(tiny):
    _, label = tiny.case(1)
    noise = np.random.default_rng(1).uniform(-9e-4, 9e-4, label.shape).astype(np.float32)
    tiny.write(tiny.label(1), label + noise, (2, 1, 1))
    loaded = load_case(scan(tiny.raw, tiny.card())[0], 3)
    np.testing.assert_array_equal(loaded.label, label)
    assert loaded.notes == (Note(ROUNDED, tiny.label(1)),)


@pytest.mark.parametrize("value", [0.998, 1.002, 0.5, np.nan, np.inf, 65537, -1])
def test_other_labels_are_refused(value):
    label = np.zeros((2, 2, 2), np.float32)
    label[0, 0, 0] = value
    with pytest.raises(UserError, match=r"label values .* are not among the card's 0 to 1"):
        mapped_label(Path("x.nii"), label, {1: 1})


def test_a_channel_of_zeros_is_told_by_file_and_an_image_of_zeros_refused(tiny):
    for number in range(1, 9):
        second = tiny.raw / "imagesTr" / f"tiny_{number}_0001.nii.gz"
        tiny.write(second, tiny.case(number)[0] * (number != 5), (2, 1, 1))
    card = tiny.card(channels={"T1": "zscore", "T2": "zscore"})
    cases = scan(tiny.raw, card)
    found = [note for case in cases for note in load_case(case, 3).notes]
    assert found == [Note(NOTHING, tiny.raw / "imagesTr" / "tiny_5_0001.nii.gz")]
    tiny.write(tiny.image(5), 0 * tiny.case(5)[0], (2, 1, 1))
    with pytest.raises(UserError) as refusal:
        load_case(cases[4], 3)
    expect_one_line(refusal, tiny.image(5), "every voxel is 0")
