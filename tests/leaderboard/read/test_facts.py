import pytest
from quality_standins import made_up_calibration, made_up_surfaces
from synthetic import World, results

from leaderboard.read.facts import facts_of, packed, unpacked
from nnactive.quality.surfaces import hausdorff95, surface_dice


def test_facts_have_what_follows_from_surfaces_and_calibration() -> None:
    result = next(results(World(methods=1, settings=1, seeds=1, loops=2, cases=3)))
    first, second = result.loops
    surfaces, calibration = made_up_surfaces(first.counts), made_up_calibration(first.counts)
    update = {"surfaces": surfaces, "calibration": calibration}
    facts = facts_of(result.model_copy(update={"loops": (first.model_copy(update=update), second)}))
    measured, older = facts.loops
    assert measured.surface_dice == tuple(map(tuple, surface_dice(surfaces).tolist()))
    assert measured.hausdorff95 == tuple(hausdorff95(surfaces).tolist())
    bins = calibration.foreground
    gap = sum(abs(a - b) for a, b in zip(bins.confidence, bins.correct, strict=True))
    assert measured.foreground_calibration_error == pytest.approx(gap / sum(bins.voxels))
    assert measured.calibration_error is not None
    assert measured.calibration_error < measured.foreground_calibration_error
    assert (older.surface_dice, older.hausdorff95) == (None, None)
    assert (older.calibration_error, older.foreground_calibration_error) == (None, None)
    assert unpacked(packed(facts)) == facts
