import numpy as np
import pytest

from leaderboard.metrics.start_estimate import estimated_start, implied_starts
from leaderboard.undefined import UndefinedMetricError

FULL = 90.0


def printed(curve: list[float]) -> tuple[float, float]:
    """AUBC and Final Dice of a curve over evenly spaced budgets."""
    return float(np.trapezoid(curve)) / (len(curve) - 1), curve[-1]


@pytest.mark.parametrize(
    "factor", [0.2, 0.5, 0.999999, 1.1], ids=["steep", "usual", "flat", "worse"]
)
@pytest.mark.parametrize("loops", [2, 3, 5, 9])
def test_a_curve_of_the_model_gives_its_start_away(loops, factor):
    area, final = printed([FULL - 40 * factor**t for t in range(loops)])
    assert implied_starts([area], [final], FULL, loops) == pytest.approx([50], abs=1e-6)


def test_curves_of_another_shape_give_the_gap_away_within_a_third():
    """Straight, and with gaps that fall as power laws of the budget do."""
    curves = (
        [50 + 8.0 * t for t in range(5)],
        [FULL - 40 / (1 + t) for t in range(5)],
        [FULL - 40 / (1 + t) ** 0.5 for t in range(5)],
    )
    found = [implied_starts([area], [final], FULL, 5)[0] for area, final in map(printed, curves)]
    assert [FULL - each for each in found] == pytest.approx([40, 40, 40], rel=1 / 3)


def test_the_median_over_methods_ignores_an_odd_curve_and_those_at_full_data():
    usual = [printed([FULL - 40 * factor**t for t in range(5)]) for factor in (0.5, 0.6, 0.7)]
    odd, done = printed([10.0, 80, 80, 80, 80]), (80.0, 91.0)
    areas, finals = zip(*usual, odd, done, strict=True)
    alone = implied_starts(areas, finals, FULL, 5)
    assert len(alone) == 4
    assert abs(alone[3] - 50) > 5
    assert estimated_start(areas, finals, FULL, 5) == pytest.approx(50, abs=1e-6)


def test_it_is_undefined_without_a_curve_below_full_data():
    with pytest.raises(UndefinedMetricError, match="no method stays below full-data training"):
        estimated_start([80.0], [91.0], FULL, 5)
    with pytest.raises(UndefinedMetricError, match="from a single loop"):
        estimated_start([80.0], [80.0], FULL, 1)
