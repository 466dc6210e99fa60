import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from leaderboard.assemble.ranking.repeat import Outlook, outlook
from leaderboard.assemble.ranking.significance import Scores
from leaderboard.metrics.method_spread import MethodSpread
from leaderboard.model import Repeat
from leaderboard.undefined import Undefined

DOCS = Path(__file__).parents[4] / "docs" / "statistics.md"
CLOSE = MethodSpread(between=0.13, seed=0.15, p_value=0.001)
FAR = MethodSpread(between=3.0, seed=1.0, p_value=0.001)
CHANCE = MethodSpread(between=0.0, seed=1.0, p_value=0.414)


def scores(by_seed):
    table = np.asarray(by_seed, dtype=float)
    return Scores(
        methods=tuple(f"m{n}" for n in range(len(table))),
        means=table.mean(axis=1)[None],
        stds=table.std(axis=1, ddof=1)[None],
        seeds=np.full((1, len(table)), table.shape[1]),
        by_seed=(table,),
    )


def test_chance_is_told_before_closeness():
    found = Outlook(spread=CHANCE, in_dice=replace(CLOSE, between=0.0), methods=9)
    assert found.why_nothing() == (
        "These results can't separate the 9 methods: they differ by no more than chance (F test "
        "over seeds, p = 0.41)."
    )
    narrow = replace(found, spread=replace(CHANCE, p_value=0.0504))
    assert narrow.why_nothing().endswith("p = 0.050).")
    assert "the two methods: they differ" in replace(found, methods=2).why_nothing()


def test_methods_that_differ_less_than_seeds_rank_next_to_nothing():
    found = Outlook(spread=CLOSE, in_dice=FAR, methods=9, unit="percentage points")
    assert found.why_nothing() == (
        "These results barely separate the methods: the standard deviation between methods is 0.13 "
        "percentage points, no larger than that between seeds of one method (0.15)."
    )
    assert replace(found, winner=True).why_nothing() == ""


def test_methods_that_are_too_close_to_matter_rank_next_to_nothing():
    found = Outlook(spread=FAR, in_dice=replace(CLOSE, seed=0.1), methods=9)
    assert found.why_nothing() == (
        "These results barely separate the methods: the standard deviation between methods is 0.13 "
        "percentage points of Dice (between seeds of one method: 0.10)."
    )


@pytest.mark.parametrize(
    "found",
    [
        pytest.param(Outlook(spread=FAR, in_dice=FAR, methods=9), id="far apart"),
        pytest.param(Outlook(spread=FAR, methods=9), id="no points of Dice"),
        pytest.param(Outlook(methods=9), id="unknown"),
    ],
)
def test_what_ranks_says_nothing(found):
    assert found.why_nothing() == ""


def test_the_sentence():
    seeds = Outlook(seeds=Repeat(0.934, 0.85), methods=9)
    assert seeds.sentence() == (
        "Repeated with new seeds, this study is expected to reproduce the ranking with a Kendall's "
        "tau of 0.93 (5 % quantile: 0.85)."
    )
    both = replace(seeds, settings=Repeat(0.6, -0.1))
    assert both.sentence().endswith("; with new settings as well, 0.60 (-0.10).")
    assert Outlook(seeds=Undefined("one seed"), methods=9).sentence() == ""


def test_why_it_is_unknown():
    unknown = Outlook(seeds=Undefined("one seed"), methods=3)
    assert unknown.lacking() == {"agreement with a repeat": "one seed"}
    assert replace(unknown, methods=1).lacking() == {}
    assert Outlook(seeds=Repeat(1, 1), methods=3).lacking() == {}


def test_a_ranking_has_a_stream_of_its_own():
    table = scores(np.random.default_rng(1).normal(0, 1, (6, 4)))
    first, again, other = (outlook(table, None, names) for names in (["a"], ["a"], ["b"]))
    assert first == again
    assert first.seeds != other.seeds
    assert isinstance(first.settings, Undefined)


def published(board, dataset):
    (league,) = (each for each in board.leagues if each.track == "full")
    return [each for each in league.settings if each.dataset == dataset], league


def test_the_hippocampus_ranks_nothing_and_amos_does(board_of):
    board = board_of(published=True)
    close, league = published(board, "hippocampus")
    far, _ = published(board, "amos")
    assert len(close) == len(far) == 6
    for setting in close:
        assert setting.verdict.headline.startswith(
            ("These results can't separate", "These results barely")
        )
        assert not any(row.leading for row in setting.rows)
    for setting in far:
        assert not setting.verdict.nothing
        assert any(row.leading for row in setting.rows)
    view = league.views[0].verdict
    assert view.other_seeds.tau > view.other_settings.tau
    assert view.repeat.startswith("Repeated with new seeds")
    (filtered,) = (each for each in league.views if each.dataset == "hippocampus"
                   and not (each.regime or each.patch or each.by))  # fmt: skip
    assert filtered.verdict.nothing


def test_the_settings_that_rank_nothing_are_those_of_the_docs(board_of):
    (league,) = (each for each in board_of(published=True).leagues if each.track == "full")
    nothing = {each.name for each in league.settings if each.verdict.nothing}
    text = DOCS.read_text(encoding="utf-8").split("## Results that can't separate the methods")[1]
    (stated,) = (
        part for part in text.split("\n\n") if part.startswith("Ranked by score, eight of")
    )
    assert set(re.findall(r"[a-z]+_(?:low|medium|high)(?:_half)?", stated)) == nothing


LITE = {
    "random": ((0.562, 0.828, 0.833), (0.830, 0.348, 0.843)),
    "random_fg66": ((0.562, 0.817, 0.838), (0.830, 0.835, 0.833)),
    "predictive_entropy": ((0.562, 0.847, 0.837), (0.830, 0.840, 0.839)),
}
"""Mean Dice by seed and loop: docs/measured.md."""


def test_hippocampus_lite_ranks_nothing(make, league_of):
    league = league_of(
        *(
            make(method, seed, dice)
            for method, runs in LITE.items()
            for seed, dice in enumerate(runs, start=12345)
        )
    )
    verdict = league.views[0].verdict
    assert verdict.headline.startswith("These results can't separate the 3 methods: they")
    assert verdict.nothing
    assert not any(row.leading for row in league.views[0].rows)
    assert verdict == league.settings[0].verdict or league.settings[0].verdict.nothing


def test_one_seed_and_two_methods_have_a_reason(make, league_of):
    single = league_of(
        *(make(method, 1, (0.5, 0.6, d)) for method, d in zip("abc", (0.6, 0.7, 0.8), strict=True))
    )
    assert single.views[0].verdict.other_seeds is None
    assert "2 seeds" in single.views[0].verdict.repeat_reason
    two = league_of(*(make(m, s, (0.5, 0.6, d + s / 99)) for m, d in (("a", 0.6), ("b", 0.8))
                      for s in (1, 2, 3)))  # fmt: skip
    assert two.views[0].verdict.repeat_reason in {"fewer than 3 methods", "the seeds don't vary"}
    assert two.views[0].verdict.repeat == ""
