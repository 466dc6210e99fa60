import csv
import math
from collections import defaultdict
from importlib.resources import files

import pytest

from leaderboard.metrics.registry import printed
from leaderboard.published.rows import full_data_dice, rows, used
from nnactive.data.cards import load_card

DATASETS = ("acdc", "amos", "kits", "hippocampus", "lits", "word", "toothfairy2", "mama_mia")


def test_all_values_of_the_papers_are_there():
    text = files("leaderboard.published").joinpath("results.csv").read_text(encoding="utf-8")
    lines = list(csv.DictReader(text.splitlines()))
    assert len(rows()) == len(lines) == 2088
    assert [row.line for row in rows()] == list(range(2, 2090))
    for row, line in zip(rows(), lines, strict=True):
        assert (f"{row.mean:.2f}", f"{row.spread:.2f}") == (line["mean"], line["spread"])
        assert (row.paper, row.table, row.method) == (line["paper"], line["table"], line["method"])


def test_a_value_that_is_printed_twice_counts_once():
    kept = used(rows())
    assert len({row.value for row in kept}) == len(kept) == 1420
    assert {row.value for row in kept} == {row.value for row in rows()}
    assert sum(row.preferred for row in kept) == sum(row.preferred for row in rows()) == 1404
    # Where no row is preferred, there is only one.
    alone = [row for row in kept if not row.preferred]
    assert all(sum(row.value == other.value for other in rows()) == 1 for row in alone)
    assert {row.note for row in alone} == {"copy of the precomputed row"}
    assert used(reversed(rows())) == kept


def test_what_is_dropped_says_the_same_as_what_is_kept():
    kept = {row.value: row for row in used(rows())}
    dropped = defaultdict(list)
    for row in rows():
        if row != kept[row.value]:
            dropped[row.note or row.metric].append(row)
    numbers = {name: len(found) for name, found in dropped.items()}
    assert numbers == {
        "aubc": 234,
        "final_dice": 234,
        "fg_eff": 192,
        "copy of the precomputed row": 8,
    }
    for row in (*dropped["aubc"], *dropped["final_dice"]):
        twin = kept[row.value]
        assert (row.mean, row.spread) == (twin.mean, twin.spread)
    for row in dropped["fg_eff"]:
        # Two fits of the same curves, so close together beside their standard error.
        apart = abs(row.mean - kept[row.value].mean)
        assert apart <= 0.5 * math.sqrt(kept[row.value].spread) + 0.02
    # P1 printed the precomputed training's figures; P2 has trainings of their own.
    copied = dropped["copy of the precomputed row"]
    assert {(r.dataset, r.method) for r in copied} == {
        ("amos", "random_fg33"),
        ("amos", "random_fg66"),
    }


@pytest.mark.parametrize("dataset", DATASETS)
@pytest.mark.parametrize("epochs", [200, 500, 1000])
def test_the_cards_know_the_same_full_data_dice(dataset, epochs):
    published = full_data_dice(dataset, epochs)
    assert published is not None
    assert load_card(dataset).known_full_data_dice(epochs) == published


def test_an_exact_full_data_dice_goes_before_a_printed_one():
    assert full_data_dice("acdc", 200) == 0.910298
    assert full_data_dice("hippocampus", 200) == 0.895
    assert full_data_dice("phantom", 200) is None
    assert full_data_dice("acdc", 300) is None


def test_its_metrics_are_those_that_are_declared_as_printed():
    assert {row.metric for row in rows()} == {metric.name for metric in printed()}
