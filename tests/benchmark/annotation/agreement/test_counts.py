"""Figures of agreement from counts, against values worked out by hand."""

import numpy as np
import pytest

from benchmark.annotation.agreement.calibrated import calibrate, expected_wrong
from benchmark.annotation.agreement.counts import change, confidences, held_out
from benchmark.annotation.agreement.intervals import interval, ratio

SURE = np.zeros(256, int)
SURE[255] = 100


def table(background, lost, gained, kept):
    return np.array([[background, gained], [lost, kept]])


def test_dice_between_ensembles_is_the_mean_over_images_where_either_finds_the_class() -> None:
    tables = {
        "a": table(80, 5, 5, 10),  # 2 * 10 / (15 + 15)
        "b": table(90, 0, 10, 0),  # only the later one finds it: 0
        "c": table(100, 0, 0, 0),  # none: doesn't count
    }
    found = change(1, tables, dict.fromkeys(tables, SURE), ("p", 1))
    assert found.images == 3
    assert found.dice[0].value == pytest.approx((2 / 3 + 0) / 2)
    assert found.disagreement.value == pytest.approx(20 / 30)
    assert found.uncertainty.value == 0


def test_a_class_that_neither_finds_has_no_dice() -> None:
    found = change(2, {"a": table(9, 0, 0, 0)}, {"a": SURE}, ("p", 1))
    assert found.dice == (None,)
    assert found.disagreement is None


def test_dice_on_later_labels_pools_all_patches() -> None:
    patches = [("a", table(5, 1, 1, 2)), ("a", table(9, 0, 0, 0)), ("b", table(0, 3, 0, 6))]
    found = held_out(0, patches, 1, ("p", 1))
    assert (found.patches, found.images, found.drafted) == (3, 2, 1)
    assert found.dice[0].value == pytest.approx(2 * 8 / (12 + 9))
    assert found.right.value == pytest.approx(22 / 27)
    assert found.right.low is None, "two images are too few to draw from"


def test_an_interval_holds_the_value_and_shrinks_with_more_images() -> None:
    draw = np.random.default_rng(1)

    def of(units):
        rows = np.stack([draw.random(units), np.ones(units)], axis=1)
        return interval(rows, ratio, ("test", units))

    few, many = of(10), of(1000)
    assert few.low < few.value < few.high
    assert many.high - many.low < (few.high - few.low) / 4
    assert 0.02 < many.high - many.low < 0.06  # 2 * 1.96 * sqrt(1 / 12 / 1000) = 0.036


def test_intervals_are_drawn_by_name() -> None:
    rows = np.stack([np.arange(8.0), np.ones(8)], axis=1)
    assert interval(rows, ratio, ("a",)) == interval(rows, ratio, ("a",))
    assert interval(rows, ratio, ("a",)) != interval(rows, ratio, ("b",))


def counts(temperature: float) -> np.ndarray:
    """Voxels that are right as often as a temperature says."""
    sure = np.clip(confidences(), 1e-3, 1 - 1e-3)
    right = 1 / (1 + np.exp(-np.log(sure / (1 - sure)) / temperature))
    return np.rint(np.stack([10_000 * (1 - right), 10_000 * right], axis=1))


def test_the_temperature_says_how_far_confidence_is_off() -> None:
    assert calibrate(counts(1.0)).temperature == pytest.approx(1, abs=0.02)
    assert calibrate(counts(2.5)).temperature == pytest.approx(2.5, abs=0.05)
    assert calibrate(counts(1.0)).error < 0.005
    assert calibrate(counts(2.5)).error > 0.05


def test_the_expected_share_of_wrong_voxels_is_that_of_the_calibrated_confidence() -> None:
    steps = np.zeros(256, int)
    steps[204] = 100  # 0.8, a logit of log 4
    assert expected_wrong(steps, 1.0) == pytest.approx(0.2, abs=0.001)
    assert expected_wrong(steps, 2.0) == pytest.approx(1 / 3, abs=0.001)


def test_nothing_and_too_few_wrong_voxels_fit_no_temperature() -> None:
    assert calibrate(np.zeros((256, 2), int)) is None
    right = np.zeros((256, 2), int)
    right[250, 1], right[250, 0] = 1000, 3
    assert calibrate(right).temperature is None
