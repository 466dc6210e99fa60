import dataclasses
import math

import numpy as np
import pytest
from standins import measured_standin, printed_standin

from leaderboard.assemble.cells import Cells
from leaderboard.assemble.studies.effects import length_effects, query_size_effects
from leaderboard.metrics import Sample, length_difference
from leaderboard.metrics.runs import Runs
from leaderboard.model import Entrant, League, Relations, SettingRow, SettingTable, Value
from leaderboard.undefined import Undefined


def row(key, aubc, std, status="complete", seeds=(1, 2, 3)):
    values = {"aubc": Value(aubc, std), "final_dice": Value(aubc + 5, reason="one seed")}
    return SettingRow(entrant=key, status=status, rank=None, values=values, seeds=seeds)


def entrant(key, league):
    return Entrant(
        key=key,
        league=league,
        id=f"id of {key[:3]}",
        name="",
        description="",
        reference="",
        oracle=False,
        badges=(),
        source_hash="",
        parameters={},
        environments=(),
        problems=(),
        command="",
    )


def league(epochs, rows):
    """A stand-in with one setting."""
    setting = SettingTable(
        key=f"s-{epochs}",
        name="kits_low",
        dataset="kits",
        regime="low",
        patch="",
        epochs=epochs,
        about=(),
        seeds=(1, 2, 3),
        full_data=Value(),
        rows=tuple(rows),
        key_ignoring_epochs="kits low",
    )
    return League(
        key=f"l-{epochs}",
        title="",
        group="measured",
        track=f"t-{epochs}",
        protocol="1.0",
        nnunet="2.8.1",
        epochs=epochs,
        comparable=True,
        columns=(),
        entrants=tuple(entrant(row.entrant, f"l-{epochs}") for row in rows),
        settings=(setting,),
        views=(),
        relations=Relations((), "", Undefined(""), {}, Undefined(""), ()),
    )


def pair(**over):
    short = league(200, [row("m-a", 70.0, 1.0), row("m-b", 60.0, 1.0), row("m-c", 60.0, 1.0)])
    long = league(500, [row("m-a-2", 74.0, 2.0), row("m-b-2", 61.0, 1.0, "incomplete")])
    return short, dataclasses.replace(long, **over)


def test_longer_minus_shorter_of_methods_that_are_complete_in_both():
    short, long = pair()
    (effect,) = length_effects([long, short])
    expected = length_difference(Sample(70.0, 1.0, 3), Sample(74.0, 2.0, 3))
    assert effect.difference == expected.difference == 4
    assert effect.p_value == expected.p_value
    assert effect.significant is True
    assert (effect.method, effect.metric) == ("id of m-a", "aubc")
    assert effect.leagues == ("l-200", "l-500")
    assert effect.settings == ("s-200", "s-500")


@pytest.mark.parametrize(
    "over",
    [
        {"epochs": 200},
        {"protocol": "2.0"},
        {"nnunet": "2.9"},
        {"group": "published"},
        {"comparable": False},
    ],
)
def test_what_may_not_be_compared_is_not(over):
    assert length_effects(pair(**over)) == ()


@pytest.mark.parametrize("families", [("kits low", "kits high"), ("", "")])
def test_nor_are_other_settings(families):
    leagues = [
        dataclasses.replace(
            league, settings=(dataclasses.replace(league.settings[0], key_ignoring_epochs=family),)
        )
        for league, family in zip(pair(), families, strict=True)
    ]
    assert length_effects(leagues) == ()


def sized(budgets, level, seeds=(1, 2, 3, 4)):
    """A stand-in: every seed a little better than the one before."""
    dice = level + 0.001 * np.arange(len(seeds))[:, None] + np.zeros(len(budgets))
    return measured_standin(Runs(seeds, budgets, dice, dice))


HALF, SAME, DOUBLE = (30, 45, 60, 75, 90, 105, 120, 135, 150), (30, 60, 90, 120, 150), (30, 90, 150)


def settings(**over):
    family = {"key_ignoring_query_size": "x"} | over
    return [
        Cells("s-1", "s-1", {"m-a": sized(HALF, 0.8), "m-b": sized(HALF, 0.6)}, **family),
        Cells("s-2", "s-2", {"m-a": sized(SAME, 0.7), "m-b": sized(SAME, 0.7)}, **family),
        Cells("s-3", "s-3", {"m-a": sized(DOUBLE, 0.6), "m-b": sized(DOUBLE, 0.8)}, **family),
    ]


def test_twelve_points_in_order():
    found = {(effect.entrant, effect.metric): effect for effect in query_size_effects(settings())}
    assert set(found) == {(m, metric) for m in ("m-a", "m-b") for metric in ("aubc", "final_dice")}
    better = found["m-a", "aubc"]
    # All 48 pairs of different sizes agree, of 66; the seeds of one size tie in it.
    assert better.tau == pytest.approx(48 / math.sqrt(48 * 66))
    assert better.points == 12
    assert better.p_value < 0.1
    assert better.settings == ("s-1", "s-2", "s-3")
    assert found["m-b", "final_dice"].tau == pytest.approx(-better.tau)


def test_area_counts_at_shared_budgets_alone():
    # Better between the shared budgets, equal at them: a tie of all sizes.
    dice = np.full((4, 9), 0.7) + 0.001 * np.arange(4)[:, None]
    dice[:, [1, 2, 3, 5, 6, 7]] += 0.2
    given = [
        Cells(
            "s-1",
            "s-1",
            {"m-a": measured_standin(Runs((1, 2, 3, 4), HALF, dice, dice))},
            key_ignoring_query_size="x",
        ),
        Cells("s-2", "s-2", {"m-a": sized(DOUBLE, 0.7)}, key_ignoring_query_size="x"),
    ]
    (aubc,) = [effect for effect in query_size_effects(given) if effect.metric == "aubc"]
    assert aubc.tau == pytest.approx(0, abs=1e-12)


def test_the_order_of_blocks_changes_nothing():
    assert query_size_effects(reversed(settings())) == query_size_effects(settings())


def test_what_has_no_answer_is_left_out():
    assert query_size_effects(settings()[:1]) == ()
    assert query_size_effects(settings(key_ignoring_query_size="")) == ()
    printed = printed_standin({"aubc": 80.0})
    assert (
        query_size_effects(
            [Cells(b.key, b.key, {"m-a": printed}, key_ignoring_query_size="x") for b in settings()]
        )
        == ()
    )
    apart = [
        Cells("s-1", "s-1", {"m-a": sized((30, 60), 0.8)}, key_ignoring_query_size="x"),
        Cells("s-2", "s-2", {"m-a": sized((40, 70), 0.8)}, key_ignoring_query_size="x"),
    ]
    assert query_size_effects(apart) == ()
