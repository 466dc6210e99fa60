import numpy as np
import pytest

from leaderboard.assemble import table as module
from leaderboard.assemble.table import caution, places
from leaderboard.metrics.metric import NEEDS_SEEDS
from nnactive.streams import stream

NAMES = ("track", "1.0", ("s",))


def scores(**methods):
    return {name: np.array(values) for name, values in methods.items()}


def means(table):
    return {name: float(values.mean()) for name, values in table.items()}


def test_clear_differences_have_narrow_intervals_and_letters_of_their_own():
    table = scores(a=[70.0, 70.1, 70.2], b=[60.0, 60.1, 60.2], c=[50.0, 50.1, 50.2])
    found = places(means(table), [table], NAMES)
    assert [(found[k].rank, found[k].low, found[k].high, found[k].ties) for k in "abc"] == [
        (1, 1, 1, "a"),
        (2, 2, 2, "b"),
        (3, 3, 3, "c"),
    ]


def test_equals_share_rank_and_letter():
    table = scores(a=[70.0, 65.0, 60.0], b=[60.0, 65.0, 70.0], c=[65.0, 65.0, 65.0])
    found = places(means(table), [table], NAMES)
    assert {place.rank for place in found.values()} == {1}
    assert {place.ties for place in found.values()} == {"a"}


def test_an_entrant_more_changes_no_other_draw():
    table = scores(a=[70.0, 60.0, 65.0], b=[66.0, 68.0, 61.0], c=[20.0, 21.0, 22.0])
    before = places(means(table), [table], NAMES)
    more = table | scores(aa=[10.0, 11.0, 12.0])
    after = places(means(more), [more], NAMES)
    assert {key: after[key] for key in before} == before


def test_draws_depend_on_the_tables_names_alone(monkeypatch):
    asked = []
    monkeypatch.setattr(module, "stream", lambda *names: asked.append(names) or stream(*names))
    for methods in ("ab", "abc"):
        table = {name: np.array([60.0, 61.0]) for name in methods}
        places(means(table), [table], NAMES)
    assert asked == [("leaderboard", *NAMES)] * 2


def test_few_seeds_and_printed_means_have_ranks_and_a_reason():
    two = scores(a=[70.0, 70.1], b=[60.0, 60.1])
    found = places(means(two), [two], NAMES)
    assert [found[key].rank for key in "ab"] == [1, 2]
    assert "3 seeds in a single setting" in found["a"].reason
    assert found["a"].low is None
    assert found["a"].ties == ""
    printed = places({"a": 70.0, "b": 60.0}, NEEDS_SEEDS, NAMES)
    assert printed["b"].rank == 2
    assert "single seeds" in printed["b"].reason


@pytest.mark.parametrize(
    ("seeds", "settings", "said"),
    [(4, 1, "4 seeds in 1 setting;"), (2, 2, "2 seeds in 2 settings;"), (5, 1, ""), (4, 3, "")],
)
def test_few_seeds_in_few_settings_are_a_reason_for_caution(seeds, settings, said):
    found = caution([{"a": np.arange(seeds)}] * settings)
    assert said in found
    assert bool(found) == bool(said)


def test_printed_means_have_no_interval_to_be_cautious_about():
    assert caution(NEEDS_SEEDS) == caution([]) == ""
