"""Surfaces and calibration: what is measured passes, and each contradiction is named."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic import World, results

from benchmark.consistency.quality.calibration import of_calibration
from benchmark.consistency.quality.surfaces import of_surfaces
from benchmark.consistency.result import inconsistency
from benchmark.results import Counts
from nnactive.quality.calibration import BINS
from nnactive.quality.distances import case_surfaces, surfaces_of, tolerances_of
from nnactive.quality.reliability import calibration_of, count_reliability
from nnactive.steps.evaluate import confusion


def replaced(rows, value, row=0, column=0):
    """A table with one other value."""
    changed = [list(each) for each in rows]
    changed[row][column] = value
    return tuple(map(tuple, changed))


def test_consistent_ones_pass(changed) -> None:
    assert inconsistency(changed.result) is None
    older = [
        loop.model_copy(update={"surfaces": None, "calibration": None})
        for loop in changed.result.loops
    ]
    assert inconsistency(changed.result.model_copy(update={"loops": tuple(older)})) is None


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from([(1.0, 1.0, 1.0), (5.0, 1.5625, 1.5625)]))
def test_what_is_measured_of_any_label_maps_passes(seed, spacing) -> None:
    rng = np.random.default_rng(seed)
    world = World(methods=1, settings=1, seeds=1, loops=1, cases=2)
    result = next(results(world))
    classes, tolerances = world.classes + 1, tolerances_of(spacing)
    tables, surfaces, bins = [], [], []
    for _ in range(world.cases):
        shape = tuple(rng.integers(1, 9, 3))
        reference = (rng.integers(0, classes, shape) * (rng.random(shape) < rng.random())).astype(
            np.int16
        )
        wrong = rng.random(shape) < rng.random() ** 3
        predicted = np.where(wrong, rng.integers(0, classes, shape), reference).astype(np.int16)
        confidence = rng.random(shape, dtype=np.float32)
        tables.append(confusion(reference, predicted, classes))
        surfaces.append(case_surfaces(reference, predicted, classes, spacing, tolerances))
        bins.append(count_reliability(reference, predicted, confidence))
    table = np.stack(tables)
    hits = np.diagonal(table, axis1=1, axis2=2)
    rows = (hits, table.sum(axis=1) - hits, table.sum(axis=2) - hits)
    counts = Counts(
        **dict(
            zip(
                Counts.model_fields,
                (tuple(map(tuple, each.T[1:].tolist())) for each in rows),
                strict=True,
            )
        )
    )
    update = {"counts": counts, "surfaces": surfaces_of(surfaces, tolerances)}
    loop = result.loops[0].model_copy(update=update | {"calibration": calibration_of(bins)})
    measured = result.model_copy(update={"loops": (loop,)})
    assert list(of_surfaces(measured)) == []
    assert list(of_calibration(measured)) == []


SURFACES = {
    "no tolerance": ({"tolerances": ()}, "not positive and ascending"),
    "descending tolerances": ({"tolerances": (2.0, 1.0)}, "not positive and ascending"),
    "a tolerance of NaN": ({"tolerances": (1.0, float("nan"))}, "not positive and ascending"),
    "one tolerance more": ({"tolerances": (1.0, 2.0, 3.0)}, "for 3 tolerances"),
    "a class less": ({"reference": ((1.0,) * 4,)}, "not 2 classes x 4 test cases"),
    "a case less": ({"hausdorff95": ((1.0,) * 3,) * 2}, "not 2 classes x 4 test cases"),
    "a diagonal less": ({"diagonals": (100.0,) * 3}, "not a diagonal for 4"),
    "other tolerances than before": ({"tolerances": (1.0, 2.5)}, "tolerances differ"),
    "other images than before": ({"diagonals": (101.0,) * 4}, "diagonals differ"),
    "another reference than before": (
        lambda s: {"reference": replaced(s.reference, 1.1 * s.reference[0][0])},
        "reference differ",
    ),
    "an area that overflows": (
        lambda s: {"predicted": replaced(s.predicted, 1e308)},
        "negative, too large or not finite",
    ),
    "the smallest area": (
        lambda s: {"predicted": replaced(s.predicted, 5e-324)},
        "more of a surface is near than there is",
    ),
    "a negative area": (
        lambda s: {"predicted": replaced(s.predicted, -1.0)},
        "negative, too large or not finite",
    ),
    "an infinite distance": (
        lambda s: {"hausdorff95": replaced(s.hausdorff95, float("inf"))},
        "negative, too large or not finite",
    ),
    "an area of NaN": (
        lambda s: {"predicted": replaced(s.predicted, float("nan"))},
        "negative, too large or not finite",
    ),
    "no area where voxels are": (
        lambda s: {"predicted": replaced(s.predicted, 0.0, 1, 2)},
        "the segmentation's surface doesn't fit its voxels",
    ),
    "more near than there is": (
        lambda s: {"reference_near": (s.reference_near[0], replaced(s.reference_near[1], 1e6))},
        "more of a surface is near than there is",
    ),
    "less near within a larger tolerance": (
        lambda s: {"predicted_near": (s.predicted_near[1], s.predicted_near[0])},
        "less is near within a larger tolerance",
    ),
    "no distance between two surfaces": (
        lambda s: {"hausdorff95": replaced(s.hausdorff95, None)},
        "or none with them",
    ),
    "a distance beyond the image": (
        lambda s: {"hausdorff95": replaced(s.hausdorff95, 100.1)},
        "longer than the image's diagonal",
    ),
    "a distance that is too good for what is near": (
        lambda s: {"hausdorff95": replaced(s.hausdorff95, 0.5)},
        "contradicts what is near",
    ),
    "a distance that is too bad for what is near": (
        lambda s: {
            "reference_near": (s.reference_near[0], s.reference),
            "predicted_near": (s.predicted_near[0], s.predicted),
        },
        "contradicts what is near",
    ),
}


@pytest.mark.parametrize(("change", "problem"), SURFACES.values(), ids=SURFACES)
def test_each_contradiction_of_surfaces_is_named(changed, change, problem) -> None:
    before = changed.result.loops[1].surfaces
    found = inconsistency(changed(**(change if isinstance(change, dict) else change(before))))
    assert found is not None
    assert found.startswith("loop 1: surfaces: ")
    assert problem in found


def test_a_perfect_segmentation_has_no_distance(changed) -> None:
    loop = changed.result.loops[1]
    hits = replaced(
        loop.counts.true_positives,
        loop.counts.true_positives[0][0] + loop.counts.false_negatives[0][0],
    )
    counts = loop.counts.model_copy(
        update={
            "true_positives": hits,
            "false_positives": replaced(loop.counts.false_positives, 0),
            "false_negatives": replaced(loop.counts.false_negatives, 0),
        }
    )
    found = inconsistency(changed.with_loop(1, loop.model_copy(update={"counts": counts})))
    assert found is not None
    assert "no voxel is wrong, but a distance isn't 0" in found


def bins(values, number, value):
    changed = list(values)
    changed[number] = value
    return tuple(changed)


CALIBRATION = {
    "a bin less": (lambda c: ("everywhere", {"voxels": c.everywhere.voxels[1:]}), "one length"),
    "no bins": (lambda c: ("foreground", {"correct": ()}), "one length"),
    "a negative count": (
        lambda c: ("everywhere", {"correct": bins(c.everywhere.correct, 0, -1)}),
        "negative or too large",
    ),
    "more right than there are": (
        lambda c: ("foreground", {"correct": bins(c.foreground.correct, 0, 1)}),
        "more voxels are right than there are",
    ),
    "more voxels than images have": (
        lambda c: ("everywhere", {"voxels": bins(c.everywhere.voxels, -1, 2**34)}),
        "too large",
    ),
    "surer than the bin": (
        lambda c: (
            "everywhere",
            {"confidence": bins(c.everywhere.confidence, -1, 1.001 * c.everywhere.voxels[-1])},
        ),
        "doesn't fit its bin",
    ),
    "less sure than the bin": (
        lambda c: ("foreground", {"confidence": (0.0,) * BINS}),
        "doesn't fit its bin",
    ),
    "sure of NaN": (
        lambda c: ("foreground", {"confidence": (float("nan"),) * BINS}),
        "doesn't fit its bin",
    ),
    "right background taken for wrong": (
        lambda c: ("everywhere", {"correct": bins(c.everywhere.correct, -1, 0)}),
        "other wrong ones",
    ),
    "other voxels than before": (
        lambda c: (
            "everywhere",
            {
                name: bins(getattr(c.everywhere, name), -1, getattr(c.everywhere, name)[-1] + 1)
                for name in ("voxels", "correct", "confidence")
            },
        ),
        "other voxels than in the previous loop",
    ),
}


@pytest.mark.parametrize(("change", "problem"), CALIBRATION.values(), ids=CALIBRATION)
def test_each_contradiction_of_a_calibration_is_named(changed, change, problem) -> None:
    part, fields = change(changed.result.loops[1].calibration)
    found = inconsistency(changed(**{part: fields}))
    assert found is not None
    assert found.startswith("loop 1: calibration: ")
    assert problem in found


@pytest.mark.parametrize("name", ["true_positives", "false_positives"])
def test_a_calibration_that_differs_from_the_counts_is_named(changed, name) -> None:
    loop = changed.result.loops[1]
    both = {}
    for part in ("everywhere", "foreground"):
        found = getattr(loop.calibration, part)
        more = 1 if name == "true_positives" else 10**6
        number = -1 if name == "true_positives" else BINS // 2
        names = ("voxels", "confidence", *(("correct",) if name == "true_positives" else ()))
        middle = {"confidence": 0.5 * more}
        both[part] = {
            each: bins(
                getattr(found, each),
                number,
                getattr(found, each)[number] + middle.get(each, more),
            )
            for each in names
        }
    problem = inconsistency(changed(**both))
    assert problem is not None
    assert "but the counts have" in problem
