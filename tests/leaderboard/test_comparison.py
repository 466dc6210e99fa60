"""Two methods side by side; results and boards are stand-ins."""

from dataclasses import replace

import pytest
import synthetic

from leaderboard.assemble import make_board
from leaderboard.comparison import basis, compare, lines, method, metrics, sentence, signed
from leaderboard.metrics.paired import Contrast, over, paired
from leaderboard.read.facts import facts_of
from leaderboard.read.load import Entries
from nnactive.errors import UserError

GOOD = ((0.5, 0.6, 0.7), (0.5, 0.62, 0.71), (0.5, 0.61, 0.72))
POOR = ((0.5, 0.51, 0.52), (0.5, 0.53, 0.55), (0.5, 0.52, 0.53))


@pytest.fixture
def two(make, league_of):
    """The league of two methods with these curves by seed, and their keys: good, poor."""

    def league(good=GOOD, poor=POOR, other=None):
        results = [
            make(name, seed, dice)
            for name, curves in (("bald", good), ("random", poor))
            for seed, dice in enumerate(curves, start=1)
        ]
        if other is not None:
            for name, curves in zip(("bald", "random"), other, strict=True):
                for seed, dice in enumerate(curves, start=1):
                    result = make(name, seed, dice)
                    setting = result.setting.model_copy(update={"name": "phantom_b"})
                    results.append(result.model_copy(update={"setting": setting}))
        found = league_of(*results)
        return found, method(found, "bald"), method(found, "random")

    return league


@pytest.fixture(scope="module")
def world():
    results = synthetic.results(synthetic.World(methods=3, settings=4, cases=3, patches=12))
    return make_board(Entries(tuple(map(facts_of, results)), ()), published=True)


def test_differences_are_paired_by_seed_in_every_setting_and_loop(world):
    league = world.leagues[0]
    first, second = (card.key for card in league.entrants[:2])
    compared = compare(league, first, second, "final_dice")
    assert [one.setting.key for one in compared.settings] == list(league.views[0].settings)
    for one in compared.settings:
        a, b = (
            next(each for each in league.details[key] if each.setting == one.setting.key)
            for key in (first, second)
        )
        assert one.contrast == paired([seed[-1] for seed in a.dice], [seed[-1] for seed in b.dice])
        assert [budget for budget, _ in one.loops] == list(a.patches)
        for loop, (_, contrast) in enumerate(one.loops):
            assert contrast == paired(
                [seed[loop] for seed in a.dice], [seed[loop] for seed in b.dice]
            )
    assert compared.total == over([one.contrast for one in compared.settings])
    assert compared.loops[2] == over([one.loops[2][1] for one in compared.settings])
    assert compared.loops[0].mean == 0


def test_seeds_are_matched_by_number_and_single_ones_dont_count(two):
    league, bald, random = two()
    swapped = {
        key: tuple(replace(each, seeds=(3, 1, 9)) if key == random else each for each in settings)
        for key, settings in league.details.items()
    }
    (one,) = compare(replace(league, details=swapped), bald, random, "final_dice").settings
    # Its first value belongs to seed 3 now, the second to seed 1.
    assert one.contrast == paired([70.0, 72.0], [55.0, 52.0])


def test_classes_make_up_the_difference_of_mean_dice(world):
    league = world.leagues[0]
    first, second = (card.key for card in league.entrants[:2])
    compared = compare(league, first, second, "final_dice")
    sizes = [abs(one.contrast.mean) for one in compared.classes]
    assert sizes == sorted(sizes, reverse=True)
    (dataset,) = {one.dataset for one in compared.classes[:1]}
    own = [one.contrast.mean for one in compared.classes if one.dataset == dataset]
    whole = [one.contrast.mean for one in compared.settings if one.setting.dataset == dataset]
    assert sum(own) / len(own) == pytest.approx(sum(whole) / len(whole), abs=1e-3)


def test_published_methods_are_compared_by_what_is_printed(world):
    league = world.leagues[1]
    keys = method(league, "bald"), method(league, "random")
    compared = compare(league, *keys, "aubc")
    assert not compared.is_paired
    assert compared.column.name == "aubc"
    assert compared.loops == compared.classes == ()
    one = compared.settings[0]
    values = {row.entrant: row.values["aubc"] for row in one.setting.rows}
    first, second = (values[key] for key in keys)
    assert (one.first, one.second) == (first.mean, second.mean)
    assert one.contrast.error == pytest.approx(((first.spread**2 + second.spread**2) / 4) ** 0.5)
    assert one.contrast.freedom == 6
    assert "unpaired" in basis(compared)


def test_the_ranks_metric_comes_first(world):
    league = world.leagues[0]
    keys = [card.key for card in league.entrants[:2]]
    assert metrics(league, *keys)[0].name == league.views[0].ranked_by


def test_a_clear_winner_beats_the_other(two):
    league, bald, random = two()
    for keys in ((bald, random), (random, bald)):
        said = sentence(compare(league, *keys, "final_dice"))
        assert said.startswith("BALD beats Random by 17.7 percentage points of Final Dice (95 % ")
        # Student's t with 2 degrees of freedom over 18, 16 and 19.
        assert said.endswith("interval 13.9 to 21.5).")


def test_without_significance_they_cannot_be_told_apart(two):
    league, bald, random = two(poor=((0.5, 0.6, 0.9), (0.5, 0.6, 0.4), (0.5, 0.6, 0.7)))
    said = sentence(compare(league, random, bald, "final_dice"))
    assert said.startswith("Random and BALD cannot be told apart by Final Dice: BALD is 4.3 ")
    assert "interval \N{MINUS SIGN}" in said


def test_it_depends_on_the_setting_where_both_win_significantly(two):
    slightly = tuple((0.5, 0.6, last + 0.01) for last in (0.7, 0.71, 0.72))
    league, bald, random = two(other=(GOOD, slightly))
    said = sentence(compare(league, bald, random, "final_dice"))
    assert "of Final Dice on average over 2 settings" in said
    assert "depends on the setting" in said
    assert said.endswith(
        "BALD is ahead in 1 of 2 settings (1 significantly), Random in 1 (1 significantly)."
    )


def test_one_ahead_everywhere_is_said_to_be(two):
    league, bald, random = two(other=(GOOD, POOR))
    assert sentence(compare(league, bald, random)).endswith(
        "BALD is ahead in all of them, significantly in 2."
    )


def test_a_single_seed_tells_nothing_for_sure(two):
    league, bald, random = two(GOOD[:1], POOR[:1])
    compared = compare(league, bald, random, "final_dice")
    assert sentence(compared) == (
        "BALD leads Random by 18.0 percentage points of Final Dice, but a single seed gives no "
        "interval: the gap may be noise."
    )
    assert "no intervals" in basis(compared)
    mixed, bald, random = two(other=(GOOD[:1], POOR[:1]))
    assert "a single seed in some settings gives" in sentence(compare(mixed, bald, random))


def test_what_they_dont_share_is_said(two):
    league, bald, random = two()
    with pytest.raises(UserError, match="BALD and Random: no setting in which both have nothing"):
        compare(league, bald, random, "nothing")
    alone = {key: each for key, each in league.details.items() if key == bald}
    with pytest.raises(UserError, match="no setting in which both have a figure"):
        compare(replace(league, details=alone), bald, random)


def test_a_table_has_a_line_a_setting_and_their_mean(two):
    league, bald, random = two(other=(GOOD, POOR))
    table = lines(compare(league, bald, random, "final_dice"))
    assert [line[0] for line in table] == ["phantom_b", "phantom_tiny", "mean"]
    assert table[0][1:4] == ("71.0", "53.3", "+17.7")
    assert table[0][5] == "*"
    single, bald, random = two()
    assert len(lines(compare(single, bald, random))) == 1


@pytest.mark.parametrize(
    ("value", "text"), [(1.26, "+1.3"), (-1.26, "\N{MINUS SIGN}1.3"), (-0.04, "0.0"), (0.0, "0.0")]
)
def test_a_difference_has_its_sign(value, text):
    assert signed(value, "%") == text
    assert signed(abs(value), "%", plus=False) == text.lstrip("+\N{MINUS SIGN}")


def test_a_method_is_found_by_id_name_and_key(two):
    league, bald, _ = two()
    card = next(card for card in league.entrants if card.key == bald)
    renamed = replace(
        league, entrants=tuple(replace(c, name=f"The {c.name}") for c in league.entrants)
    )
    for named in (card.id, f"The {card.name}", card.key):
        assert method(renamed, named) == bald
    assert method(renamed, "nobody") is None


def test_nothing_measured_is_no_winner():
    assert not Contrast(0.0).significant


@pytest.fixture(scope="module")
def measured():
    made = synthetic.World(methods=3, settings=4, seeds=3, cases=3, patches=12, quality=True)
    results = tuple(map(facts_of, synthetic.results(made)))
    return make_board(Entries(results, ())).leagues[0]


def test_the_method_with_the_lower_distance_is_ahead(measured):
    (view,) = (v for v in measured.views if v.by == "hd95_final" and not (v.classes or v.dataset))
    best, worst = view.rows[0].entrant, view.rows[-1].entrant
    for first, second in ((best, worst), (worst, best)):
        compared = compare(measured, first, second, "hd95_final")
        assert (compared.total.mean < 0) == (first == best)
        lead = next(card.name for card in measured.entrants if card.key == best)
        assert sentence(compared).startswith((f"{lead} beats ", f"{lead} leads "))
        assert " mm of Final HD95" in sentence(compared)
        ahead, behind = (compared.ahead(sign)[0] for sign in (1, -1))
        assert (ahead > behind) == (first == best)


def test_every_metric_with_seeds_can_be_compared_by(measured):
    first, second = (card.key for card in measured.entrants[:2])
    names = {column.name for column in metrics(measured, first, second)}
    assert names == {
        *("score", "aubc", "final_dice", "nsd1_aubc", "nsd1_final", "nsd2_aubc", "nsd2_final"),
        *("hd95_aubc", "hd95_final", "fg_ece_final", "fg_ece_mean", "ece_final", "ece_mean"),
    }
