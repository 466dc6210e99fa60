"""Query patch and budget are the guideline's, and fit into the images."""

import numpy as np
import pytest

from benchmark.annotation.project.guideline import (
    guideline_budget,
    patch_of_boxes,
    patch_of_images,
    patch_of_labels,
)
from benchmark.annotation.project.room import Space, fitting_budget, room_warning
from nnactive.errors import UserError

NAN = float("nan")
ONE = (1.0, 1.0, 1.0)


def test_the_patch_is_the_median_over_classes_of_the_sizes_that_are_given() -> None:
    boxes = {"a": (10.0, 20.0, 30.0), "b": (20.0, 40.0, 10.0), "c": (60.0, 30.0, 20.0)}
    patch, why = patch_of_boxes(boxes)
    assert patch == (20, 30, 20)
    assert "a, b, c" in why
    assert patch_of_boxes({"a": (4.0, 5.0, 6.0)}) == ((4, 5, 6), "the size of a, by --box")


def test_the_patch_of_label_maps_is_the_median_over_cases_then_over_classes() -> None:
    cases = [
        np.array([[10, 10, 10], [2, 4, 6]], float),
        np.array([[30, 10, 10], [NAN, NAN, NAN]]),
        np.array([[20, 40, 10], [4, 4, 2]], float),
    ]
    patch, why = patch_of_labels(("organ", "lesion"), cases)
    assert patch == pytest.approx((11.5, 7, 7))  # (20, 10, 10) and (3, 4, 4)
    assert "3 complete label maps" in why
    patch, why = patch_of_labels(("organ", "lesion"), [cases[1]])
    assert patch == (30, 10, 10)
    assert "not in them: lesion" in why
    assert patch_of_labels(("organ",), []) is None
    assert patch_of_labels(("organ",), [np.full((1, 3), NAN)]) is None


def test_without_any_size_the_patch_is_a_guess_from_the_images() -> None:
    patch, why = patch_of_images([(60, 600, 600), (120, 480, 600), (90, 300, 300)])
    assert patch == (15, 80, 100)
    assert why.startswith("a guess")


def test_the_budget_counts_classes_and_their_variance() -> None:
    assert guideline_budget(("a",), ())[0] == 50
    assert guideline_budget(("a", "b", "c"), ("b",))[0] == 200
    assert guideline_budget(("a",), ("a",)) == (100, "the guideline: 100 for a")


def test_a_budget_that_fits_stays_and_one_that_does_not_is_lowered() -> None:
    wide = Space([(100.0, 100.0, 100.0)] * 10, ONE, (10.0, 10.0, 10.0))
    assert fitting_budget(wide, 100, 5) == (100, "")
    assert room_warning(wide, 100, 5) == ""
    tight = Space([(40.0, 40.0, 40.0)] * 2, ONE, (10.0, 10.0, 10.0))
    assert tight.most == 128
    budget, why = fitting_budget(tight, 50, 5)
    assert 5 * budget <= tight.likely < 128
    assert "the guideline's 50 don't fit" in why
    none = Space([(10.0, 10.0, 10.0)] * 2, ONE, (10.0, 10.0, 10.0))
    with pytest.raises(UserError, match="room for 2 patches, fewer than 5 rounds"):
        fitting_budget(none, 50, 5)


def test_a_budget_without_room_is_refused_or_warned_of() -> None:
    space = Space([(40.0, 40.0, 40.0)] * 2, ONE, (10.0, 10.0, 10.0))
    with pytest.raises(UserError, match="at most 128"):
        room_warning(space, 129, 5)
    assert "the project will end early" in room_warning(space, 50, 5)
    assert "may not find room" in room_warning(space, 25, 5)
    wide = Space([(60.0, 60.0, 60.0)], ONE, (10.0, 10.0, 10.0))
    assert "30% of all voxels" in room_warning(wide, 13, 5)
    one = Space([(40.0, 40.0, 40.0)], ONE, (40.0, 40.0, 20.0))
    assert "smaller --patch-mm or fewer --rounds" in room_warning(one, 1, 2)


def test_patches_larger_than_an_image_are_cut_to_it() -> None:
    space = Space([(4.0, 40.0, 40.0)], (2.0, 1.0, 1.0), (10.0, 10.0, 10.0))
    assert space.most == 16
    assert space.share(16) == 1
