import dataclasses

import pytest

from leaderboard.assemble.training_lengths import length_effects
from leaderboard.metrics import length_difference_from_stats
from leaderboard.model import Block, BlockRow, Entrant, League, Relations, Value


def row(key, aubc, std, status="complete", seeds=(1, 2, 3)):
    values = {"aubc": Value(aubc, std), "final_dice": Value(aubc + 5, reason="one seed")}
    return BlockRow(entrant=key, status=status, rank=None, values=values, seeds=seeds)


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
    """A stand-in with one block."""
    block = Block(
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
        but_length="kits low",
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
        blocks=(block,),
        views=(),
        relations=Relations((), "", (), "", {}, None, "", ()),
    )


def pair(**over):
    short = league(200, [row("m-a", 70.0, 1.0), row("m-b", 60.0, 1.0), row("m-c", 60.0, 1.0)])
    long = league(500, [row("m-a-2", 74.0, 2.0), row("m-b-2", 61.0, 1.0, "incomplete")])
    return short, dataclasses.replace(long, **over)


def test_longer_minus_shorter_of_methods_that_are_complete_in_both():
    short, long = pair()
    (effect,) = length_effects([long, short])
    expected = length_difference_from_stats(70.0, 1.0, 3, 74.0, 2.0, 3)
    assert effect.difference == expected.difference == 4
    assert effect.p_value == expected.p_value
    assert effect.significant is True
    assert (effect.method, effect.metric) == ("id of m-a", "aubc")
    assert effect.leagues == ("l-200", "l-500")
    assert effect.blocks == ("s-200", "s-500")


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
            league, blocks=(dataclasses.replace(league.blocks[0], but_length=family),)
        )
        for league, family in zip(pair(), families, strict=True)
    ]
    assert length_effects(leagues) == ()
