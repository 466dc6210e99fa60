"""Where to look, as a person writes it."""

import pytest
import SimpleITK
from own_project import make_project, source_of

from benchmark.annotation.looks import Look, parse_look, voxel_at
from nnactive.data.unlabelled.source import Box
from nnactive.errors import UserError

SOURCES = {"a": source_of("a"), "case=3": source_of("b")}


def parse(text: str) -> Look:
    return parse_look(text, make_project(), SOURCES)


def test_ranges_boxes_and_points() -> None:
    found = parse("liver:intensity=-40..1.2e2")
    assert (found.label, found.case, found.low, found.high) == (1, None, -40, 120)
    assert parse("liver:intensity=40..").high == float("inf")
    assert parse("liver:intensity=..40").low == float("-inf")
    found = parse("tumour:a=1:3, 0:40,5:6")
    assert (found.label, found.case) == (2, "a")
    assert found.box == Box(start=(1, 0, 5), size=(2, 40, 1))
    assert parse("tumour:a=1,2,3").box == Box(start=(1, 2, 3), size=(1, 1, 1))


def test_points_in_mm_are_where_simpleitk_has_them() -> None:
    grid = source_of("a").grid
    image = SimpleITK.Image(*grid.shape[::-1], SimpleITK.sitkUInt8)
    image.SetSpacing(grid.spacing[::-1])
    image.SetOrigin(grid.origin)
    image.SetDirection(grid.direction)
    x, y, z = image.TransformIndexToPhysicalPoint((5, 30, 7))
    assert voxel_at(grid, (x, y, z), ras=False) == (7, 30, 5)
    assert parse(f"tumour:a=lps:{x},{y},{z}").box == Box(start=(7, 30, 5), size=(1, 1, 1))
    assert parse(f"tumour:a=ras:{-x},{-y},{z + 1.9}").box == parse("tumour:a=7,30,5").box


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("liver", "names no place"),
        ("liver:intensity", "names no place"),
        ("kidney:intensity=1..2", "no class 'kidney'; choose from liver, tumour"),
        ("liver:intensity=1-2", "isn't a range of intensities"),
        ("liver:intensity=..", "isn't a range of intensities"),
        ("liver:intensity=3..2", "its range is empty"),
        ("liver:c=1,2,3", "no image 'c'; there are a"),
        ("liver:a=1,2", "neither a box nor a point"),
        ("liver:a=1:1,0:2,0:2", "its box is empty"),
        ("liver:a=0:13,0:2,0:2", "outside the image of 12 x 40 x 28 voxels"),
        ("liver:a=ras:1,2", "isn't a point in mm"),
        ("liver:a=ras:900,0,0", "outside the image"),
    ],
)
def test_what_is_wrong_is_named_and_a_wrong_form_with_the_right_ones(text: str, cause: str) -> None:
    with pytest.raises(UserError) as refusal:
        parse(text)
    line = str(refusal.value)
    assert line.startswith(f"--look {text}: ")
    assert cause in line
    is_form = any(word in cause for word in ("names no place", "isn't a", "neither"))
    assert line.endswith("(mm; lps: as well)") is is_form
