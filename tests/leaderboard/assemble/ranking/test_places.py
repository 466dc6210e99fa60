import numpy as np

from leaderboard.assemble.ranking.places import places
from leaderboard.assemble.ranking.significance import Scores
from leaderboard.metrics.metric import NEEDS_SEEDS


def seeds(**methods):
    """One setting of which single seeds are known."""
    table = np.array(list(methods.values()))
    return Scores(
        methods=tuple(methods),
        means=table.mean(axis=1)[None],
        stds=(table.std(axis=1, ddof=1) if table.shape[1] > 1 else np.full(len(table), np.nan))[
            None
        ],
        seeds=np.full((1, len(table)), table.shape[1]),
        by_seed=(table,),
    )


def printed(stds=None, seeds=4, **methods):
    """Means by setting, as a paper prints them."""
    table = np.array(list(methods.values())).T
    return Scores(
        methods=tuple(methods),
        means=table,
        stds=np.full(table.shape, np.nan) if stds is None else np.broadcast_to(stds, table.shape),
        seeds=np.full(table.shape, seeds),
        by_seed=NEEDS_SEEDS,
    )


def letters(scores):
    return {key: place.ties for key, place in places(scores)[0].items()}


def test_clear_differences_have_narrow_intervals_and_letters_of_their_own():
    found, test = places(seeds(a=[70.0, 70.1, 70.2], b=[60.0, 60.1, 60.2], c=[50.0, 50.1, 50.2]))
    assert [(found[k].rank, found[k].low, found[k].high, found[k].ties) for k in "abc"] == [
        (1, 1, 1, "a"),
        (2, 2, 2, "b"),
        (3, 3, 3, "c"),
    ]
    assert test.test == "paired t-tests over seeds, 0.05"
    assert [found[k].leading for k in "abc"] == [True, False, False]


def test_who_leads_is_as_good_as_the_best_method_without_ground_truth():
    scores = seeds(a=[90.0, 90.1, 90.2], b=[60.0, 65.0, 62.0], c=[61.0, 62.0, 61.0], d=[9.0] * 3)
    assert "a" not in {places(scores)[0][key].ties for key in "bcd"}
    lead = lambda oracles: [places(scores, oracles)[0][key].leading for key in "abcd"]  # noqa: E731
    assert lead("") == [True, False, False, False]
    assert lead("a") == [True, True, True, False]
    assert lead("abcd") == lead("")


def test_equals_share_rank_and_letter():
    found, _ = places(seeds(a=[70.0, 65.0, 60.0], b=[60.0, 65.0, 70.0], c=[65.0, 65.0, 65.0]))
    assert {place.rank for place in found.values()} == {1}
    assert {place.ties for place in found.values()} == {"a"}


def test_an_entrant_that_is_clearly_worse_changes_no_other_place():
    table = {"a": [70.0, 60.0, 65.0], "b": [66.0, 68.0, 61.0], "c": [20.0, 21.0, 22.0]}
    before, _ = places(seeds(**table))
    after, _ = places(seeds(**table, d=[10.0, 11.0, 12.0]))
    for key, place in before.items():
        assert (after[key].rank, after[key].ties) == (place.rank, place.ties)


def test_one_seed_gives_ranks_and_a_reason_but_no_letters():
    found, test = places(seeds(a=[70.0], b=[60.0]))
    assert [found[key].rank for key in "ab"] == [1, 2]
    assert "2 seeds in the setting" in found["a"].reason
    assert (found["a"].low, found["a"].ties, test.test) == (None, "", "")
    assert [found[key].leading for key in "ab"] == [True, False]


def test_letters_without_seeds_come_from_nemenyi_over_the_settings():
    better = [70.0 + n for n in range(12)]
    close = [69.0 + n + 1.5 * (n % 2) for n in range(12)]
    worse = [50.0 + n for n in range(12)]
    scores = printed(a=better, b=close, c=worse)
    found, test = places(scores)
    # Critical difference for k = 3, N = 12: 2.343 sqrt(12 / 72) = 0.957; mean ranks 1.5, 1.5, 3.
    assert letters(scores) == {"a": "a", "b": "a", "c": "b"}
    assert test.test == "Nemenyi test over 12 settings, 0.05"
    assert test.mean_ranks == {"a": 1.5, "b": 1.5, "c": 3.0}
    assert "single seeds" in found["c"].reason
    assert test.power == ""


def test_two_settings_are_too_few_for_nemenyi_and_that_is_said():
    scores = printed(a=[90.0, 90.0], b=[50.0, 50.0], c=[10.0, 10.0])
    assert set(letters(scores).values()) == {"a"}
    test = places(scores)[1]
    assert test.powerless
    assert "can't separate any two of 3 methods" in test.power


def test_a_printed_setting_is_tested_by_its_means_and_deviations():
    scores = printed(a=[80.0], b=[79.9], c=[70.0], stds=1.0)
    assert letters(scores) == {"a": "a", "b": "a", "c": "b"}
    test = places(scores)[1]
    assert test.test == (
        "t-tests with pooled variance from the printed means and standard deviations, "
        "Holm-corrected, 0.05"
    )


def test_a_printed_setting_without_deviations_has_no_letters():
    found, test = places(printed(a=[80.0], b=[70.0]))
    assert (found["a"].ties, test.test) == ("", "")
    assert "single seeds" in test.reason


def test_two_methods_over_settings_are_tested_by_their_deviations():
    assert letters(printed(a=[80.0, 60.0], b=[70.0, 50.0], stds=1.0)) == {"a": "a", "b": "b"}
    assert letters(printed(a=[80.0, 60.0], b=[79.9, 60.0], stds=1.0)) == {"a": "a", "b": "a"}


def test_whoever_shares_any_letter_with_the_best_leads():
    # a overlaps with both, which differ from one another by little noise of their own.
    scores = seeds(a=[70.0, 80.0, 60.0], b=[66.0, 67.0, 68.0], c=[61.0, 62.0, 63.0])
    found, _ = places(scores)
    assert found["a"].ties == "ab"
    assert found["c"].ties == "b"
    assert all(place.leading for place in found.values())


def test_nobody_has_no_place():
    found, test = places(printed())
    assert found == {}
    assert test.test == ""
