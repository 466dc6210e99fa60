import dataclasses

import numpy as np
import pytest

from leaderboard.assemble.references import NO_FULL_DATA, Reference, Start
from leaderboard.assemble.relations import make_relations, stamp
from leaderboard.assemble.scores import Measured, Printed, Scores
from leaderboard.metrics import ppm

REFERENCE = Reference(0.9, Start(dice=0.5, foreground=0.01, effort=0.01))
METHODS = ("m-a", "m-b", "m-c", "m-d")
IDS = {"m-a": "random", "m-b": "bald", "m-c": "clasp_pe", "m-d": "own", "m-e": "copy"}


def entry(level, seed=0, seeds=(1, 2, 3, 4)):
    """A stand-in: Dice that rises to about ``level``, with noise."""
    rng = np.random.default_rng(seed)
    dice = np.linspace(level - 0.2, level, 5) + rng.normal(0, 0.004, size=(len(seeds), 5))
    share = np.linspace(0.01, 0.05, 5) + np.zeros((len(seeds), 1))
    return Measured(seeds, (10, 20, 30, 40, 50), dice, share)


def block(name, levels=(0.7, 0.75, 0.8, 0.72), number=0, **over):
    entries = {
        key: entry(level, 10 * number + place)
        for place, (key, level) in enumerate(zip(METHODS, levels, strict=True))
    }
    return Scores(name, REFERENCE, entries | over)


def blocks():
    return [
        block("s-1", number=1),
        block("s-2", (0.71, 0.74, 0.8, 0.7), number=2),
        block("s-3", (0.6, 0.69, 0.68, 0.65), number=3),
    ]


def changed(entries, **over):
    return [dataclasses.replace(b, entrants={**b.entrants, **over}) for b in entries]


def test_entrants_stand_by_mean_rank_and_ranks_follow_them():
    relations = make_relations(blocks(), IDS)
    assert relations.entrants == ("m-c", "m-b", "m-d", "m-a")
    assert relations.ranks["aubc"]["s-1"] == (1, 2, 3, 4)
    assert relations.ranks["aubc"]["s-3"] == (2, 1, 3, 4)
    assert relations.ranks["aubc"]["s-2"] == (1, 2, 4, 3)
    assert [value.mean for value in relations.mean_ranks["aubc"]] == pytest.approx(
        [4 / 3, 5 / 3, 10 / 3, 11 / 3]
    )
    assert set(relations.ranks) == {"aubc", "final_dice", "fg_eff"}
    assert relations.ranks_without_a_seed["aubc"]["s-1"] == ((1, 2, 3, 4),) * 4


def test_the_stamp_names_the_set_of_entrants():
    relations = make_relations(blocks(), IDS)
    assert relations.stamp == stamp(["own", "clasp_pe", "bald", "random"])
    assert relations.stamp.startswith("4 entrants, ")
    assert stamp(["a", "b"]) != stamp(["a", "c"])
    assert stamp(["a"]).startswith("1 entrant, ")


def test_penalties_are_the_metrics_in_the_entrants_order():
    relations = make_relations(blocks(), IDS)
    assert [penalty.title for penalty in relations.penalties] == [
        "alpha 0.05",
        "alpha 0.02",
        "alpha 0.05, Holm-Bonferroni",
    ]
    dice = {b.block: np.stack([b.entrants[k].dice for k in relations.entrants]) for b in blocks()}
    for penalty, options in zip(
        relations.penalties, [{}, {"alpha": 0.02}, {"correction": "holm"}], strict=True
    ):
        assert np.array(penalty.matrix).tolist() == ppm(dice, **options).matrix.tolist()
    assert relations.penalties_reason == ""


def test_only_entrants_that_are_complete_in_every_block_are_related():
    lacking = [*blocks()[:2], Scores("s-3", REFERENCE, {"m-a": entry(0.7), "m-b": entry(0.6)})]
    relations = make_relations(lacking, IDS)
    assert set(relations.entrants) == {"m-a", "m-b"}
    assert relations.critical is None
    assert "at least 3 methods" in relations.critical_reason
    # Two settings are compared over all that both have, if those are three or more.
    assert [(a.first, a.second, a.entrants) for a in relations.agreements] == [("s-1", "s-2", 4)]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ([], "no setting"),
        ([Scores("s-1", REFERENCE, {})], "no entrant is complete"),
        ([Scores("s-1", REFERENCE, {"m-a": entry(0.7)})], "at least 2 methods"),
        (changed(blocks(), **{"m-a": entry(0.7, seeds=(1, 2, 3, 5))}), "same seeds"),
        (
            [Scores("s-1", REFERENCE, {k: entry(0.7, seeds=(1,)) for k in METHODS})],
            "at least 2 seeds",
        ),
        (
            [
                Scores(
                    "s-1", REFERENCE, {k: Printed({"aubc": 80.0}, {"aubc": 1.0}) for k in METHODS}
                )
            ],
            "single seeds",
        ),
        (
            changed(blocks(), **{"m-a": dataclasses.replace(entry(0.7), budgets=(1, 2, 3, 4, 5))}),
            "same budgets",
        ),
    ],
)
def test_no_matrix_without_a_reason(given, reason):
    relations = make_relations(given, IDS)
    assert relations.penalties == ()
    assert reason in relations.penalties_reason


def test_without_full_data_dice_fg_eff_alone_has_no_ranks():
    given = [dataclasses.replace(b, reference=Reference(NO_FULL_DATA)) for b in blocks()]
    relations = make_relations(given, IDS)
    assert relations.ranks["fg_eff"]["s-1"] == (None,) * 4
    assert relations.mean_ranks["fg_eff"][0].reason == "no rank in every setting"
    assert relations.ranks["aubc"] == make_relations(blocks(), IDS).ranks["aubc"]


def test_few_settings_are_warned_of():
    assert "only 3 settings" in make_relations(blocks(), IDS).critical.warning
    many = [block(f"s-{n:02}", number=n) for n in range(10)]
    assert make_relations(many, IDS).critical.warning == ""


def test_the_order_of_blocks_and_entrants_changes_nothing():
    moved = [
        dataclasses.replace(b, entrants=dict(reversed(b.entrants.items())))
        for b in reversed(blocks())
    ]
    assert make_relations(moved, IDS) == make_relations(blocks(), IDS)


def test_another_name_changes_the_stamp_alone():
    before, after = make_relations(blocks(), IDS), make_relations(blocks(), IDS | {"m-b": "new"})
    assert after.stamp != before.stamp
    assert dataclasses.replace(after, stamp=before.stamp) == before


def test_another_key_changes_nothing_but_itself():
    swap = {"m-a": "m-z"}
    renamed = [
        dataclasses.replace(b, entrants={swap.get(k, k): e for k, e in b.entrants.items()})
        for b in blocks()
    ]
    before = make_relations(blocks(), IDS)
    after = make_relations(renamed, {swap.get(key, key): name for key, name in IDS.items()})
    assert after.entrants == tuple(swap.get(key, key) for key in before.entrants)
    assert after.penalties == before.penalties
    assert after.ranks == before.ranks
    assert after.agreements == before.agreements


def test_a_duplicate_shares_the_ranks_of_its_original_and_changes_no_entry_of_the_matrix():
    doubled = [changed([b], **{"m-e": b.entrants["m-c"]})[0] for b in blocks()]
    before, after = make_relations(blocks(), IDS), make_relations(doubled, IDS)
    old = [after.entrants.index(key) for key in before.entrants]
    copy, original = after.entrants.index("m-e"), after.entrants.index("m-c")
    for metric, by_block in after.ranks.items():
        for name, places in by_block.items():
            assert places[copy] == places[original]
            kept = [places[place] for place in old]
            first = before.ranks[metric][name]
            moved = [rank + (rank > first[0]) for rank in first]
            assert kept == moved
    for penalty, other in zip(before.penalties[:2], after.penalties[:2], strict=True):
        matrix = np.array(other.matrix)
        assert matrix[np.ix_(old, old)].tolist() == np.array(penalty.matrix).tolist()
        assert matrix[copy, original] == matrix[original, copy] == 0
    assert after.critical.mean_ranks[copy] == after.critical.mean_ranks[original]
