from dataclasses import replace

import pytest

from benchmark.submission.about.fields import About
from benchmark.tracks import load_track
from leaderboard.assemble import make_board
from leaderboard.assemble.about import facts
from leaderboard.assemble.roles import ROLLOUT, proving_datasets, role_of
from leaderboard.page import render
from leaderboard.payload import board_json
from leaderboard.read.facts import facts_of
from leaderboard.read.found import Entry
from leaderboard.read.groups import identity
from leaderboard.read.load import Entries
from nnactive.data.cards import list_cards


def test_every_dataset_of_the_benchmark_has_the_role_of_its_track():
    for track, role in ((ROLLOUT, "roll-out"), ("main", "development"), ("demo", "development")):
        assert {role_of(dataset) for dataset in load_track(track).datasets} == {role}
    proving = {name for name in list_cards() if role_of(name) == "roll-out"}
    assert proving == set(load_track(ROLLOUT).datasets)
    assert role_of("of_no_card") == ""


@pytest.mark.parametrize(
    ("texts", "named"),
    [
        pytest.param(["ACDC", "hippocampus"], set(), id="development"),
        pytest.param(["Mama-Mia (20 cases)", "LiTS"], {"mama_mia", "lits"}, id="written freely"),
        pytest.param(["WordNet"], set(), id="part of a word"),
        pytest.param(["the roll-out"], {"lits", "word", "toothfairy2", "mama_mia"}, id="all"),
    ],
)
def test_datasets_are_found_in_what_authors_write(texts, named):
    assert proving_datasets(texts) == named


def test_what_authors_dont_say_is_unknown():
    assert facts(About())["Developed on"] == ("unknown",)
    assert facts(About(tuned_on=()))["Developed on"] == ("no dataset",)
    assert facts(About(tuned_on=("acdc", "kits")))["Developed on"] == ("acdc, kits",)


@pytest.fixture
def runs(make, change):
    """Three seeds of three methods on a dataset; the submission is far ahead."""

    def results(dataset):
        every = [
            make(method, seed, (0.5, 0.6, dice + seed * wide), origin=origin)
            for method, dice, wide, origin in (
                ("Mine-0123abcd", 0.9, 0.001, "submission"),
                ("random", 0.7, 0.002, "builtin"),
                ("bald", 0.6, 0.003, "builtin"),
            )
            for seed in (1, 2, 3)
        ]
        named = [change(each, "dataset", name=dataset) for each in every]
        return [change(each, "setting", dataset=dataset, name=dataset) for each in named]

    return results


def board(results, tuned_on):
    own = next(each.method for each in results if each.method.origin == "submission")
    entry = Entry("mine", 1, own, "reported", about=About(tuned_on=tuned_on))
    return make_board(Entries(tuple(map(facts_of, results)), (), public={identity(own): entry}))


def test_a_row_on_the_data_that_a_method_was_developed_on_is_no_proof(runs):
    found = board(runs("lits"), ("acdc", "LiTS"))
    (league,) = found.leagues
    (setting,) = league.settings
    names = {entrant.key: entrant for entrant in league.entrants}
    first = setting.rows[0]
    assert (names[first.entrant].id, first.rank, first.leading) == ("Mine-0123abcd", 1, False)
    assert "tuned on roll-out" in names[first.entrant].badges
    assert setting.verdict.headline.startswith(
        "Of the methods that weren't developed on these data, Random has the highest AUBC"
    )
    assert (
        "mine was developed on roll-out data, so its rank here is no evidence that it generalises."
        in " ".join(setting.verdict.more).lower().replace("mine-0123abcd", "mine")
    )
    assert setting.rows[1].leading


@pytest.mark.parametrize(
    ("dataset", "tuned_on"),
    [
        pytest.param("lits", ("acdc", "word"), id="another roll-out dataset"),
        pytest.param("lits", None, id="not said"),
        pytest.param("acdc", ("acdc",), id="a development dataset"),
    ],
)
def test_elsewhere_it_counts(runs, dataset, tuned_on):
    (league,) = board(runs(dataset), tuned_on).leagues
    assert league.settings[0].rows[0].leading
    assert "Mine" in league.settings[0].verdict.headline


def test_settings_are_marked_and_filtered(runs):
    both = [*runs("lits"), *runs("acdc")]
    found = board(both, None)
    (league,) = found.leagues
    assert {each.dataset: each.role for each in league.settings} == {
        "acdc": "development",
        "lits": "roll-out",
    }
    views = {(each.role, each.dataset): each.settings for each in league.views if not each.by}
    assert (None, None) in views
    # A choice of one dataset and that of its role are the same ranking.
    assert {len(keys) for keys in views.values()} == {1, 2}
    payload = board_json(found)["leagues"][0]
    assert {block["role"] for block in payload["blocks"]} == {"development", "roll-out"}
    page = render(found)
    assert '<span class="badge roll-out" title="held out to test whether methods generalise' in page
    assert "Developed on" in page


def test_a_role_is_a_filter_where_it_isnt_a_dataset(runs, change):
    every = [*runs("lits"), *runs("word"), *runs("acdc")]
    (league,) = board(every, None).leagues
    (view,) = (each for each in league.views if each.role == "roll-out" and not each.by)
    chosen = {each.dataset for each in league.settings if each.key in view.settings}
    assert chosen == {"lits", "word"}
    assert (view.dataset, view.regime, view.patch) == (None, None, None)
    assert replace(view, role=None) != view
