import math

import numpy as np
import pytest

from leaderboard.assemble.query_sizes import query_size_effects
from leaderboard.assemble.scores import Measured, Printed, Scores


def sized(budgets, level, seeds=(1, 2, 3, 4)):
    """A stand-in: every seed a little better than the one before."""
    dice = level + 0.001 * np.arange(len(seeds))[:, None] + np.zeros(len(budgets))
    return Measured(seeds, budgets, dice, dice)


HALF, SAME, DOUBLE = (30, 45, 60, 75, 90, 105, 120, 135, 150), (30, 60, 90, 120, 150), (30, 90, 150)


def blocks(**over):
    families = {"but_query_size": "x"} | over
    return [
        Scores("s-1", 0.9, {"m-a": sized(HALF, 0.8), "m-b": sized(HALF, 0.6)}, **families),
        Scores("s-2", 0.9, {"m-a": sized(SAME, 0.7), "m-b": sized(SAME, 0.7)}, **families),
        Scores("s-3", 0.9, {"m-a": sized(DOUBLE, 0.6), "m-b": sized(DOUBLE, 0.8)}, **families),
    ]


def test_twelve_points_in_order():
    found = {(effect.entrant, effect.metric): effect for effect in query_size_effects(blocks())}
    assert set(found) == {(m, metric) for m in ("m-a", "m-b") for metric in ("aubc", "final_dice")}
    better = found["m-a", "aubc"]
    # All 48 pairs of different sizes agree, of 66; the seeds of one size tie in it.
    assert better.tau == pytest.approx(48 / math.sqrt(48 * 66))
    assert better.points == 12
    assert better.p_value < 0.1
    assert better.blocks == ("s-1", "s-2", "s-3")
    assert found["m-b", "final_dice"].tau == pytest.approx(-better.tau)


def test_area_counts_at_shared_budgets_alone():
    # Better between the shared budgets, equal at them: a tie of all sizes.
    dice = np.full((4, 9), 0.7) + 0.001 * np.arange(4)[:, None]
    dice[:, [1, 2, 3, 5, 6, 7]] += 0.2
    given = [
        Scores("s-1", 0.9, {"m-a": Measured((1, 2, 3, 4), HALF, dice, dice)}, "x"),
        Scores("s-2", 0.9, {"m-a": sized(DOUBLE, 0.7)}, "x"),
    ]
    (aubc,) = [effect for effect in query_size_effects(given) if effect.metric == "aubc"]
    assert aubc.tau == pytest.approx(0, abs=1e-12)


def test_the_order_of_blocks_changes_nothing():
    assert query_size_effects(reversed(blocks())) == query_size_effects(blocks())


def test_what_has_no_answer_is_left_out():
    assert query_size_effects(blocks()[:1]) == ()
    assert query_size_effects(blocks(but_query_size="")) == ()
    printed = Printed({"aubc": 80.0}, {"aubc": 1.0})
    assert query_size_effects([Scores(b.block, 0.9, {"m-a": printed}, "x") for b in blocks()]) == ()
    apart = [
        Scores("s-1", 0.9, {"m-a": sized((30, 60), 0.8)}, "x"),
        Scores("s-2", 0.9, {"m-a": sized((40, 70), 0.8)}, "x"),
    ]
    assert query_size_effects(apart) == ()
