import dataclasses

import numpy as np
import pytest
from standins import measured_standin, printed_standin

from leaderboard.assemble.cells import Cells
from leaderboard.assemble.keys import cohort_id
from leaderboard.assemble.relations import make_relations
from leaderboard.metrics import ppm
from leaderboard.metrics.reference import UNKNOWN, Reference, Start
from leaderboard.metrics.runs import Runs
from leaderboard.undefined import Undefined

REFERENCE = Reference(0.9, Start(dice=0.5, foreground=0.01, effort=0.01))
METHODS = ("m-a", "m-b", "m-c", "m-d")
IDS = {"m-a": "random", "m-b": "bald", "m-c": "clasp_pe", "m-d": "own", "m-e": "copy"}


def entry(level, seed=0, seeds=(1, 2, 3, 4), budgets=(10, 20, 30, 40, 50), reference=REFERENCE):
    """A stand-in: Dice that rises to about ``level``, with noise."""
    rng = np.random.default_rng(seed)
    dice = np.linspace(level - 0.2, level, 5) + rng.normal(0, 0.004, size=(len(seeds), 5))
    share = np.linspace(0.01, 0.05, 5) + np.zeros((len(seeds), 1))
    return measured_standin(Runs(seeds, budgets, dice, share), reference)


def setting(name, levels=(0.7, 0.75, 0.8, 0.72), number=0, reference=REFERENCE):
    entries = {
        key: entry(level, 10 * number + place, reference=reference)
        for place, (key, level) in enumerate(zip(METHODS, levels, strict=True))
    }
    return cells(name, entries)


def cells(name, entries):
    return Cells(name, name, entries)


def settings(reference=REFERENCE):
    return [
        setting("s-1", number=1, reference=reference),
        setting("s-2", (0.71, 0.74, 0.8, 0.7), number=2, reference=reference),
        setting("s-3", (0.6, 0.69, 0.68, 0.65), number=3, reference=reference),
    ]


def changed(entries, **over):
    return [dataclasses.replace(b, cells={**b.cells, **over}) for b in entries]


def test_entrants_stand_by_mean_rank_and_ranks_follow_them():
    relations = make_relations(settings(), IDS)
    assert relations.entrants == ("m-c", "m-b", "m-d", "m-a")
    assert relations.ranks["aubc"]["s-1"] == (1, 2, 3, 4)
    assert relations.ranks["aubc"]["s-3"] == (2, 1, 3, 4)
    assert relations.ranks["aubc"]["s-2"] == (1, 2, 4, 3)
    assert [value.mean for value in relations.mean_ranks["aubc"]] == pytest.approx(
        [4 / 3, 5 / 3, 10 / 3, 11 / 3]
    )
    assert set(relations.ranks) == {"aubc", "final_dice", "fg_eff"}
    assert relations.ranks_without_a_seed["aubc"]["s-1"] == ((1, 2, 3, 4),) * 4


def test_the_cohort_names_the_set_of_entrants():
    relations = make_relations(settings(), IDS)
    assert relations.cohort == cohort_id(["own", "clasp_pe", "bald", "random"])
    assert relations.cohort.startswith("4 methods, ")


def test_penalties_are_the_metrics_in_the_entrants_order():
    relations = make_relations(settings(), IDS)
    assert [penalty.title for penalty in relations.penalties] == [
        "alpha 0.05",
        "alpha 0.02",
        "alpha 0.05, Holm-Bonferroni",
    ]
    dice = {b.key: np.stack([b.cells[k].runs.dice for k in relations.entrants]) for b in settings()}
    for penalty, options in zip(
        relations.penalties, [{}, {"alpha": 0.02}, {"correction": "holm"}], strict=True
    ):
        assert np.array(penalty.matrix).tolist() == ppm(dice, **options).matrix.tolist()


def test_only_entrants_that_are_complete_in_every_block_are_related():
    lacking = [*settings()[:2], cells("s-3", {"m-a": entry(0.7), "m-b": entry(0.6)})]
    relations = make_relations(lacking, IDS)
    assert set(relations.entrants) == {"m-a", "m-b"}
    assert "at least 3 methods" in relations.critical.reason
    # Two settings are compared over all that both have, if those are three or more.
    assert [(a.first, a.second, a.entrants) for a in relations.agreements] == [("s-1", "s-2", 4)]


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ([], "no setting"),
        ([cells("s-1", {})], "no method is complete"),
        ([cells("s-1", {"m-a": entry(0.7)})], "at least 2 methods"),
        (changed(settings(), **{"m-a": entry(0.7, seeds=(1, 2, 3, 5))}), "same seeds"),
        (
            [cells("s-1", {k: entry(0.7, seeds=(1,)) for k in METHODS})],
            "at least 2 seeds",
        ),
        (
            [cells("s-1", {k: printed_standin({"aubc": 80.0}) for k in METHODS})],
            "single seeds",
        ),
        (
            changed(settings(), **{"m-a": entry(0.7, budgets=(1, 2, 3, 4, 5))}),
            "same budgets",
        ),
    ],
)
def test_no_matrix_without_a_reason(given, reason):
    relations = make_relations(given, IDS)
    assert isinstance(relations.penalties, Undefined)
    assert reason in relations.penalties.reason


def test_without_full_data_dice_fg_eff_alone_has_no_ranks():
    relations = make_relations(settings(UNKNOWN), IDS)
    assert relations.ranks["fg_eff"]["s-1"] == (None,) * 4
    assert relations.mean_ranks["fg_eff"][0].reason == "no rank in every setting"
    assert relations.ranks["aubc"] == make_relations(settings(), IDS).ranks["aubc"]


def test_few_settings_are_warned_of():
    assert "only 3 settings" in make_relations(settings(), IDS).critical.warning
    many = [setting(f"s-{n:02}", number=n) for n in range(10)]
    assert make_relations(many, IDS).critical.warning == ""


def test_the_order_of_blocks_and_entrants_changes_nothing():
    moved = [
        dataclasses.replace(b, cells=dict(reversed(b.cells.items()))) for b in reversed(settings())
    ]
    assert make_relations(moved, IDS) == make_relations(settings(), IDS)


def test_another_name_changes_the_cohort_alone():
    before, after = (
        make_relations(settings(), IDS),
        make_relations(settings(), IDS | {"m-b": "new"}),
    )
    assert after.cohort != before.cohort
    assert dataclasses.replace(after, cohort=before.cohort) == before


def test_another_key_changes_nothing_but_itself():
    swap = {"m-a": "m-z"}
    renamed = [
        dataclasses.replace(b, cells={swap.get(k, k): e for k, e in b.cells.items()})
        for b in settings()
    ]
    before = make_relations(settings(), IDS)
    after = make_relations(renamed, {swap.get(key, key): name for key, name in IDS.items()})
    assert after.entrants == tuple(swap.get(key, key) for key in before.entrants)
    assert after.penalties == before.penalties
    assert after.ranks == before.ranks
    assert after.agreements == before.agreements


def test_a_duplicate_shares_the_ranks_of_its_original_and_changes_no_entry_of_the_matrix():
    doubled = [changed([b], **{"m-e": b.cells["m-c"]})[0] for b in settings()]
    before, after = make_relations(settings(), IDS), make_relations(doubled, IDS)
    old = [after.entrants.index(key) for key in before.entrants]
    copy, original = after.entrants.index("m-e"), after.entrants.index("m-c")
    for metric, by_setting in after.ranks.items():
        for name, places in by_setting.items():
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
