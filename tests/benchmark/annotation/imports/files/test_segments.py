"""Segmentations of 3D Slicer in which a voxel's class can't be told are refused, never guessed."""

import re
from collections.abc import Sequence

import numpy as np
import pytest
import SimpleITK

from benchmark.annotation.imports.files.segments import Segment, from_segments, segments_in
from benchmark.annotation.imports.files.wrong import WrongLabelsError

NAMES = {"outside": 3, "liver": 1, "tumour": 2}
LIVER, TUMOUR = Segment("liver", 1, 0), Segment("tumour", 2, 0)


def layers(*values: Sequence[int]) -> np.ndarray:
    """Layers of one row of voxels each: ``(1, 1, X, L)``."""
    return np.stack([np.array(row, np.uint8).reshape(1, 1, -1) for row in values], axis=-1)


@pytest.mark.parametrize(
    ("found", "segments", "told"),
    [
        (layers([0, 1]), (LIVER, Segment("tumour", 1, 0)), "'liver' and 'tumour' under one value"),
        (layers([0, 1, 7]), (LIVER, TUMOUR), "has 1 voxel of no segment (the first has the value"),
        (layers([0, 1], [1, 0]), (LIVER,), "has 1 voxel of no segment"),
        (layers([0, 1]), (LIVER, Segment("tumour", 1, 1)), "lacks the layer of the segment 'tum"),
    ],
    ids=["one value", "no segment", "layer without segments", "layer that isn't there"],
)
def test_voxels_of_no_segment_or_of_several(
    found: np.ndarray, segments: tuple[Segment, ...], told: str
) -> None:
    with pytest.raises(WrongLabelsError, match=re.escape(told)) as wrong:
        from_segments(found, segments, NAMES)
    assert "; " in str(wrong.value)


@pytest.mark.parametrize("field", ["LabelValue", "Layer"])
@pytest.mark.parametrize("text", ["x", "-1", "", "1.5"])
def test_a_value_or_layer_that_is_no_number(field: str, text: str) -> None:
    image = SimpleITK.Image([2, 2, 2], SimpleITK.sitkUInt8)
    image.SetMetaData("Segment0_Name", "liver")
    image.SetMetaData(f"Segment0_{field}", text)
    with pytest.raises(WrongLabelsError, match="gives a segment the value or layer"):
        segments_in(image)


def test_the_value_of_background_is_no_segments() -> None:
    image = SimpleITK.Image([2, 2, 2], SimpleITK.sitkUInt8)
    image.SetMetaData("Segment0_Name", "liver")
    image.SetMetaData("Segment0_LabelValue", "0")
    with pytest.raises(WrongLabelsError, match="value or layer '0'"):
        segments_in(image)


def test_segments_of_one_class_and_empty_ones_may_share_a_value() -> None:
    same = Segment("Liver", 1, 0)
    empty = Segment("tumour", 4, 0), Segment("liver", 4, 0)
    labels = from_segments(layers([0, 1, 1]), (LIVER, same, *empty), NAMES)
    assert labels.ravel().tolist() == [0, 1, 1]
    nothing = from_segments(layers([0, 0]), (LIVER, Segment("tumour", 1, 1)), NAMES)
    assert not nothing.any()


def test_voxels_of_a_removed_segment_outside_the_patch_stay_outside() -> None:
    found = from_segments(layers([0, 1, 2, 3]), (LIVER, TUMOUR), NAMES)
    assert found.ravel().tolist() == [0, 1, 2, 3]
