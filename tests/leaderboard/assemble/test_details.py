"""Details of methods from results of stand-ins, against what a plain loop over them gives."""

import numpy as np
import pytest
import synthetic

from benchmark.results import dice_per_class, mean_dice
from leaderboard.assemble import make_board
from leaderboard.model import MethodInSetting
from leaderboard.payload import details_json
from leaderboard.read.facts import facts_of
from leaderboard.read.load import Entries

WORLD = synthetic.World(methods=3, settings=2, seeds=3, loops=3, cases=4, classes=3, patches=12)
NEAR = {"abs": 5.1e-4}
"""Three decimals are kept."""


@pytest.fixture(scope="module")
def results():
    return tuple(synthetic.results(WORLD))


@pytest.fixture(scope="module")
def league(results):
    return make_board(Entries(tuple(map(facts_of, results)), ())).leagues[0]


@pytest.fixture(scope="module")
def one(league, results):
    """A method in a setting, and its results."""
    setting = league.settings[1]
    card = next(card for card in league.entrants if card.id == "random")
    own = [r for r in results if r.method.id == card.id and r.setting.name == setting.name]
    (found,) = (each for each in league.details[card.key] if each.setting == setting.key)
    return found, own


def test_every_method_has_every_setting_in_order(league):
    keys = [setting.key for setting in league.settings]
    assert {*league.details} == {card.key for card in league.entrants}
    for settings in league.details.values():
        assert [each.setting for each in settings] == keys


def test_dice_is_that_of_every_seed_loop_and_class(one):
    found, own = one
    assert found.seeds == tuple(result.seed for result in own)
    assert found.patches == (12, 24, 36)
    wanted = [[100 * mean_dice(loop.counts) for loop in result.loops] for result in own]
    assert np.array(found.dice) == pytest.approx(np.array(wanted), **NEAR)
    classes = np.array([[dice_per_class(loop.counts) for loop in r.loops] for r in own])
    assert np.array(found.class_dice) == pytest.approx(100 * classes.mean(axis=0), **NEAR)
    assert np.array(found.final_class_dice) == pytest.approx(100 * classes[:, -1], **NEAR)
    # Equal steps of the budget: the trapezoids' mean height.
    areas = [(first + 2 * middle + last) / 4 for first, middle, last in wanted]
    assert found.figures["aubc"] == pytest.approx(areas, **NEAR)


def test_labelled_fractions_are_of_the_pools_voxels(one):
    found, own = one
    pool = own[0].dataset.pool_foreground
    for loop, shares in enumerate(found.class_labelled):
        for place, share in enumerate(shares):
            voxels = [result.loops[loop].labelled_foreground[place] for result in own]
            assert share == pytest.approx(100 * np.mean(voxels) / pool[place], **NEAR)
        whole = [sum(result.loops[loop].labelled_foreground) / sum(pool) for result in own]
        seen = [seed[loop] for seed in found.foreground]
        assert seen == pytest.approx([100 * each for each in whole], **NEAR)


def test_costs_are_those_of_each_loop(one):
    found, own = one
    for loop in range(3):
        costs = [result.loops[loop].costs for result in own]
        training = [
            sum(cost.seconds for key, cost in each.items() if key.startswith("train_fold"))
            for each in costs
        ]
        assert found.train_seconds[loop] == pytest.approx(np.mean(training), **NEAR)
        querying = [each["query"].seconds if "query" in each else 0 for each in costs]
        assert found.query_seconds[loop] == pytest.approx(np.mean(querying), **NEAR)
    assert found.query_gib == (0.0, 3.5, 3.5)
    assert found.train_gib == (3.5, 3.5, 3.5)


def test_a_class_without_test_cases_has_no_dice(make, board_of):
    result = make("random", 1)
    gone = tuple(
        loop.model_copy(
            update={
                "counts": loop.counts.model_copy(
                    update={
                        side: (getattr(loop.counts, side)[0], (0, 0))
                        for side in ("true_positives", "false_positives", "false_negatives")
                    }
                )
            }
        )
        for loop in result.loops
    )
    league = board_of(result.model_copy(update={"loops": gone})).leagues[0]
    ((found,),) = league.details.values()
    assert [loop[1] for loop in found.class_dice] == [None] * 3
    assert found.final_class_dice[0][1] is None
    assert None not in [loop[0] for loop in found.class_dice]


def test_a_failed_method_has_no_details(make, board_of, broken):
    league = board_of(make("random", 1), make("bald", 1, (0.5,), failure=broken)).leagues[0]
    cards = {card.id: card.key for card in league.entrants}
    assert {*league.details} == {cards["random"]}


def test_of_published_methods_the_printed_figures_are_known():
    league = make_board(Entries((), ()), published=True).leagues[0]
    card = next(card for card in league.entrants if card.id == "random")
    by_setting = {each.setting: each for each in league.details[card.key]}
    for setting in league.settings:
        row = next(row for row in setting.rows if row.entrant == card.key)
        found = by_setting[setting.key]
        value = row.values["aubc"]
        assert found.printed["aubc"] == (value.mean, value.spread)
        assert found.printed_seeds == 4
        assert found.dice == found.seeds == ()


def test_the_payload_holds_each_methods_own_figures_without_empty_fields(league):
    content = details_json(make_board(Entries(tuple(map(facts_of, synthetic.results(WORLD))), ())))
    assert {*content} == {*league.details}
    for key, settings in content.items():
        for got, wanted in zip(settings, league.details[key], strict=True):
            assert "pictures" not in got
            assert "printed" not in got
            known = {
                name: tuple(map(tuple, value)) if name == "dice" else value
                for name, value in got.items()
                if name in {"setting", "dice"}
            }
            assert known == {"setting": wanted.setting, "dice": wanted.dice}


def test_a_picture_is_in_its_own_methods_part_alone():
    from dataclasses import replace

    board = make_board(Entries(tuple(map(facts_of, synthetic.results(WORLD))), ()))
    league = board.leagues[0]
    key, other, *_ = league.details
    drawn = replace(league.details[key][0], pictures=("data:image/png;base64,AAAA",))
    details = {**league.details, key: (drawn, *league.details[key][1:])}
    content = details_json(replace(board, leagues=(replace(league, details=details),)))
    assert content[key][0]["pictures"] == ["data:image/png;base64,AAAA"]
    assert "pictures" not in content[other][0]
    assert isinstance(drawn, MethodInSetting)


def test_curves_of_other_metrics_are_means_over_seeds():
    world = synthetic.World(
        methods=2, settings=1, seeds=2, loops=3, cases=2, classes=2, patches=8, quality=True
    )
    results = list(synthetic.results(world))
    league = make_board(Entries(tuple(map(facts_of, results)), ())).leagues[0]
    card = league.entrants[0]
    (found,) = league.details[card.key]
    own = [facts_of(each) for each in results if each.method.id == card.id]
    assert set(found.curves) == {"nsd1", "nsd2", "hd95", "fg_ece", "ece"}
    for loop in range(world.loops):
        loops = [each.loops[loop] for each in own]
        wanted = {
            "nsd1": 100 * np.mean([each.surface_dice[0] for each in loops]),
            "nsd2": 100 * np.mean([each.surface_dice[1] for each in loops]),
            "hd95": np.mean([each.hausdorff95 for each in loops]),
            "fg_ece": 100 * np.mean([each.foreground_calibration_error for each in loops]),
            "ece": 100 * np.mean([each.calibration_error for each in loops]),
        }
        got = {name: curve[loop] for name, curve in found.curves.items()}
        assert got == pytest.approx(wanted, **NEAR)


def test_results_without_them_have_no_other_curves(league):
    assert all(not each.curves for settings in league.details.values() for each in settings)
