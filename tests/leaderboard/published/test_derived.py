"""What the papers derive from their tables, worked out by hand from the printed values."""

import math

import pytest

from leaderboard.assemble.league import make_league
from leaderboard.assemble.sources.printed import printed_source
from leaderboard.assemble.studies.effects import length_effects
from leaderboard.published import studies
from leaderboard.undefined import Undefined

# AUBC of the roll-out, as printed:   LiTS  WORD  ToothFairy2  MAMA-MIA
#   clasp_pe                         60.30 78.27        67.32     63.85
#   predictive_entropy               57.81 78.43        66.65     59.07
#   random                           51.23 77.35        61.83     55.23
#   random_fg66                      48.63 78.19        65.30     44.38


@pytest.fixture(scope="module")
def leagues():
    return {study.name: make_league(printed_source(study)) for study in studies()}


@pytest.fixture(scope="module")
def rollout(leagues):
    return leagues["rollout"]


def entrant_key(league, method):
    return next(entrant.key for entrant in league.entrants if entrant.id == method)


def block_key(league, name):
    return next(setting.key for setting in league.settings if setting.name == name)


def test_mean_over_settings_with_its_interval(rollout):
    row = next(r for r in rollout.views[0].rows if r.entrant == entrant_key(rollout, "clasp_pe"))
    # 269.74 / 4; spreads 1.74, .41, .37, 1.58, their squares 5.829; 1.96 / 4 sqrt(5.829 / 4)
    value = row.values["aubc"]
    assert value.mean == pytest.approx(67.435)
    assert (value.low, value.high) == pytest.approx((67.435 - 0.591511, 67.435 + 0.591511))


def test_ranks_and_mean_ranks(rollout):
    relations = rollout.relations
    ids = {entrant.key: entrant.id for entrant in rollout.entrants}
    # Equal mean ranks stand in any order.
    names = [ids[key] for key in relations.entrants]
    assert names[:2] == ["clasp_pe", "predictive_entropy"]
    assert set(names[2:]) == {"random", "random_fg66"}

    word = relations.ranks["aubc"][block_key(rollout, "word_rollout")]
    assert dict(zip(names, word, strict=True)) == {
        "predictive_entropy": 1,
        "clasp_pe": 2,
        "random_fg66": 3,
        "random": 4,
    }
    means = dict(zip(names, relations.mean_ranks["aubc"], strict=True))
    # Ranks 1 2 1 1, 2 1 2 2 and 3 4 4 3.
    assert (means["clasp_pe"].mean, means["clasp_pe"].spread) == pytest.approx((1.25, 0.25))
    assert (means["random"].mean, means["random"].spread) == pytest.approx((3.5, 1 / math.sqrt(12)))


def test_friedman_and_nemenyi(rollout):
    critical = rollout.relations.critical
    # 12 * 4 / (4 * 5) (1.25^2 + 1.75^2 + 2 * 3.5^2 - 4 * 5^2 / 4) = 9.9; chi-square, 3 degrees
    tail = math.erfc(math.sqrt(9.9 / 2)) + math.sqrt(2 * 9.9 / math.pi) * math.exp(-9.9 / 2)
    assert critical.p_value == pytest.approx(tail)
    # Demsar's q of 4 methods, 2.569, times sqrt(4 * 5 / (6 * 4))
    assert critical.difference == pytest.approx(2.569 * math.sqrt(20 / 24), abs=5e-4)
    assert critical.mean_ranks == (1.25, 1.75, 3.5, 3.5)
    assert [set(group) for group in critical.groups] == [set(rollout.relations.entrants)]
    assert critical.settings == 4
    assert "4 settings" in critical.warning


def test_agreement_of_two_settings(rollout):
    pair = {block_key(rollout, "lits_rollout"), block_key(rollout, "word_rollout")}
    (found,) = [a for a in rollout.relations.agreements if {a.first, a.second} == pair]
    # Of 6 pairs, clasp_pe/predictive_entropy and random/random_fg66 are ordered otherwise. Of the
    # 24 orders of 4 methods, 18 agree or disagree at least as much.
    assert found.tau == pytest.approx((4 - 2) / 6)
    assert found.p_value == pytest.approx(18 / 24)
    assert found.entrants == 4


def test_differences_of_training_lengths(leagues):
    short, long = leagues["full"], leagues["training_500"]
    effects = length_effects([short, long])
    (found,) = [
        effect
        for effect in effects
        if (effect.method, effect.metric) == ("bald", "aubc")
        and effect.settings[0] == block_key(short, "kits_medium")
    ]
    # 63.69 +- .96 after 55.06 +- 1.20: t = 8.63 / sqrt((.96^2 + 1.20^2) / 4), 6 degrees of freedom
    t = 8.63 / math.sqrt((0.96**2 + 1.20**2) / 4)
    share = t * t / (6 + t * t)
    p_value = 1 - math.sqrt(share) * (1 + (1 - share) / 2 + 3 * (1 - share) ** 2 / 8)
    assert found.difference == pytest.approx(8.63)
    assert found.p_value == pytest.approx(p_value, rel=1e-6)
    assert found.significant
    # Every method that was trained both ways, in every setting, for AUBC and Final Dice.
    trained = {(row.setting, row.method) for row in studies()[2].rows if row.metric == "aubc"}
    assert len(effects) == 2 * len(trained)


def test_a_study_whose_aubc_spans_other_budgets_is_no_training_length(leagues):
    assert length_effects([leagues["query_size_same"], leagues["training_500"]]) == ()


@pytest.mark.parametrize("name", [study.name for study in studies()])
def test_what_needs_single_seeds_says_so(leagues, name):
    relations = leagues[name].relations
    assert isinstance(relations.penalties, Undefined)
    assert "single seeds" in relations.penalties.reason
    assert relations.ranks_without_a_seed == {"aubc": {}, "final_dice": {}}
    assert relations.query_sizes == ()


def test_the_main_study_compares_its_nine_methods_over_24_settings(leagues):
    critical = leagues["full"].relations.critical
    assert len(critical.mean_ranks) == 9
    assert critical.settings == 24
    assert critical.warning == ""
    # Demsar's q of 9 methods, 3.102
    assert critical.difference == pytest.approx(3.102 * math.sqrt(90 / (6 * 24)), abs=5e-4)
