"""How many seeds a run needs, from published, given and measured spreads."""

import doctest
import math

import numpy as np
import pytest

from benchmark.tracks import load_track
from leaderboard import seeds as module
from leaderboard.assemble import make_board
from leaderboard.metrics import detectable_difference
from leaderboard.read.facts import facts_of
from leaderboard.read.load import Entries
from leaderboard.seeds import (
    Noise,
    detectable,
    enough_seeds,
    known_noise,
    measured_noise,
    published_noise,
)
from nnactive.errors import UserError


def test_the_examples_hold():
    outcome = doctest.testmod(module)
    assert outcome.failed == 0
    assert outcome.attempted > 1


def test_published_spreads_are_pooled_over_the_methods_of_a_setting():
    settings = load_track("rollout").settings
    found = {each.setting: each.spread for each in published_noise(settings, "aubc")}
    # LiTS, as printed: 1.74, .47, 1.67, 1.18
    stds = [row.spread for row in rows("lits_rollout")]
    assert len(stds) == 4
    assert found["lits_rollout"] == pytest.approx(math.sqrt(2 * sum(s * s for s in stds) / 4))
    assert list(found) == [setting.name for setting in settings]


def rows(setting):
    (study,) = [each for each in module.studies() if each.name == "rollout"]
    return [row for row in study.rows if (row.setting, row.metric) == (setting, "aubc")]


def test_another_training_has_no_published_spread():
    (setting,) = load_track("demo").settings
    with pytest.raises(UserError, match=f"{setting.name}: the papers publish no spread.*--sd"):
        published_noise([setting], "aubc")
    usual = load_track("full").settings[0]
    training = usual.training.model_copy(update={"epochs": 300})
    with pytest.raises(UserError, match="no spread"):
        published_noise([usual.model_copy(update={"training": training})], "aubc")
    assert published_noise([usual], "aubc")
    for track in ("resenc", "noisy_annotator"):
        with pytest.raises(UserError, match="no spread"):
            published_noise(load_track(track).settings, "aubc")


def test_a_given_spread_is_that_of_a_methods_score():
    (setting,) = load_track("demo").settings
    (noise,) = known_noise([setting], 3.0)
    assert (noise.setting, noise.spread) == (setting.name, pytest.approx(3 * math.sqrt(2)))


def test_measured_spreads_are_those_of_paired_differences(make):
    curves = {"a": (0.60, 0.68, 0.75), "b": (0.55, 0.65, 0.68)}
    results = [
        make(name, seed, (0.5, 0.6, final)) for name, each in curves.items()
        for seed, final in enumerate(each, 1)
    ]  # fmt: skip
    board = make_board(Entries(tuple(map(facts_of, results)), ()))
    (found,) = measured_noise([results[0].setting], "final_dice", results[0].track, board)
    differences = 100 * (np.array(curves["a"]) - np.array(curves["b"]))
    assert found.spread == pytest.approx(differences.std(ddof=1))
    with pytest.raises(UserError, match="phantom_tiny: the results of track other have no two"):
        measured_noise([results[0].setting], "final_dice", "other", board)
    alone = make_board(Entries(tuple(map(facts_of, results[:3])), ()))
    with pytest.raises(UserError, match="no two methods with two common seeds"):
        measured_noise([results[0].setting], "final_dice", results[0].track, alone)


def test_what_is_detectable_with_each_number_of_seeds():
    noise = [Noise("a", 1.0), Noise("b", 4.0), Noise("c", 2.0)]
    few, many = detectable(noise, [3, 9])
    assert few.seeds == 3
    assert few.mean == detectable_difference([1.0, 4.0, 2.0], 3)
    assert few.median == detectable_difference([2.0], 3)
    assert few.worst == detectable_difference([4.0], 3)
    assert many.mean < few.mean


def test_enough_seeds_are_the_fewest():
    count = enough_seeds([2.0], 3.0)
    assert detectable_difference([2.0], count) <= 3.0 < detectable_difference([2.0], count - 1)
    assert enough_seeds([2.0], 0.1) is None
