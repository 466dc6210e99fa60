from dataclasses import replace

import pytest

from leaderboard.assemble.ranking.repeat import Outlook
from leaderboard.assemble.ranking.significance import Significance
from leaderboard.assemble.ranking.verdict import Ranking, make_verdict, names_no_leader
from leaderboard.metrics.method_spread import MethodSpread
from leaderboard.model import Repeat, Row, Value
from leaderboard.model.verdicts import NO_VERDICT
from leaderboard.undefined import Undefined

UNKNOWN = Undefined("with one seed, no difference between methods can be distinguished from noise")
PAIRED = {"test": "paired t-tests over seeds, 0.05", "short": "paired t-tests"}
NEMENYI = {"test": "Nemenyi test over 24 settings, 0.05", "short": "Nemenyi"}


def ranking(*methods, unranked=(), oracles="", test=None, partial="", **over):
    """Methods as (name, letters, AUBC), best first; the key is the name."""
    values = [value for _, _, value in methods]
    rows = [
        Row(name, "complete", 1 + sum(v > value for v in values), {"aubc": Value(value)}, ties=ties)
        for name, ties, value in methods
    ]
    rows += [
        Row(f"{status} {n}", status, None, {}, rank_reason="no score", partial=partial)
        for n, status in enumerate(unranked)
    ]
    letters = {name: ties for name, ties, _ in methods if ties}
    fields = {
        "rows": rows,
        "names": {row.entrant: row.entrant for row in rows},
        "oracles": set(oracles),
        "column": "aubc",
        "title": "AUBC",
        "unit": "%",
        "settings": 1,
        "seeds": 4,
        "detectable": 2.345,
        "test": Significance(letters=letters, **(PAIRED if test is None else test))
        if letters
        else Significance(reason="no deviations are printed"),
    }
    return Ranking(**fields | over)


def headline(*methods, **over):
    return make_verdict(ranking(*methods, **over)).headline


def test_a_clear_winner_leads():
    found = make_verdict(ranking(("A", "a", 74.16), ("B", "b", 70.0), ("C", "b", 69.0)))
    assert found.headline == (
        "A has the highest AUBC (74.2 %), 4.2 percentage points ahead, and is significantly better "
        "than all others at 0.05 (paired t-tests)."
    )
    assert found.test == "paired t-tests over seeds, 0.05"
    assert (found.detectable, found.detectable_reason) == (2.345, "")
    (sentence,) = found.more
    assert sentence == (
        "With these seeds, a difference of 2.3 percentage points between two given methods can be "
        "detected (power 0.8 at 0.05)."
    )


def test_the_highest_mean_is_not_significantly_best_if_another_has_the_better_mean_rank():
    """A leads by far in few settings and loses in all the others."""
    ranks = {"A": 2.8, "B": 1.5, "C": 1.6}
    found = ranking(
        ("A", "a", 74.0),
        ("B", "b", 70.0),
        ("C", "b", 69.0),
        test=NEMENYI | {"mean_ranks": ranks},
        settings=40,
    )
    assert make_verdict(found).headline == (
        "A has the highest mean AUBC (74.0 % over 40 settings), but B and C have a significantly "
        "better mean rank at 0.05 (Nemenyi)."
    )
    assert found.test.leading("A") == set("ABC")
    assert found.test.leading("B") == set("BC")


@pytest.mark.parametrize(
    ("most", "said"),
    [
        pytest.param(1, "Every figure of a setting rests on a single seed.", id="everywhere"),
        pytest.param(4, "In some settings a figure rests on a single seed.", id="in some"),
    ],
)
def test_where_figures_rest_on_one_seed(most, said):
    found = ranking(("A", "a", 74.0), ("B", "a", 70.0), test=NEMENYI, seeds=1, most_seeds=most)
    assert said in make_verdict(found).more


@pytest.mark.parametrize(
    ("others", "said"),
    [
        ("B", "B"),
        ("BC", "B and C"),
        ("BCDE", "B, C, D and E"),
        ("BCDEF", "B, C, D and 2 more"),
    ],
)
def test_those_that_are_as_good_are_named_and_the_rest_counted(others, said):
    methods = [("A", "a", 74.0), *((key, "ab", 70.0 - n) for n, key in enumerate(others))]
    found = headline(*methods, ("Z", "b", 50.0))
    assert found == (
        f"A has the highest AUBC (74.0 %); it can't be told apart from {said} at 0.05 "
        "(paired t-tests)."
    )


def test_whoever_shares_a_letter_with_all_is_told_apart_from_none():
    assert "can't be told apart from any of the others" in headline(
        ("A", "ab", 74.0), ("B", "a", 70.0), ("C", "b", 60.0)
    )


def test_all_alike():
    assert headline(("A", "a", 74.0), ("B", "a", 70.0), ("C", "a", 60.0)) == (
        "A has the highest AUBC (74.0 %), but no two of these 3 methods can be told apart at 0.05 "
        "(paired t-tests)."
    )
    assert "but the two methods can't be told apart" in headline(("A", "a", 74.0), ("B", "a", 70.0))


def test_all_alike_with_two_seeds_is_noise():
    found = make_verdict(ranking(("A", "a", 74.0), ("B", "a", 70.0), seeds=2, detectable=9.04))
    assert found.headline == (
        "Too few seeds to rank: differences under 9.0 percentage points are within noise."
    )
    assert found.more == ("A has the highest AUBC (74.0 %).",)


def test_noise_of_more_than_a_hundred_points_is_not_told_as_a_number():
    found = make_verdict(ranking(("A", "a", 74.0), ("B", "a", 70.0), seeds=2, detectable=353.4))
    assert found.headline == (
        "Too few seeds to rank: with 2 seeds, even a difference of 100 percentage points might "
        "not be significant."
    )
    assert not any("353" in line for line in found.more)
    assert found.detectable == 353.4


def test_one_seed_ranks_nothing():
    found = make_verdict(
        ranking(("A", "", 74.0), ("B", "", 70.0), seeds=1, detectable=UNKNOWN, comparable=False)
    )
    assert found.headline.startswith("A single seed cannot support a ranking: ")
    assert found.more == (
        "A has the highest AUBC (74.0 %).",
        "Reduced-cost track: compare these results only with each other.",
    )
    assert (found.detectable, found.detectable_reason) == (None, UNKNOWN.reason)
    assert found.test == ""


def test_printed_means_without_deviations_have_no_test():
    assert headline(("A", "", 74.0), ("B", "", 70.0), seeds=4, detectable=UNKNOWN) == (
        "A has the highest AUBC (74.0 %); the differences cannot be tested: no deviations are "
        "printed."
    )


def test_methods_that_share_the_first_place_are_both_named():
    found = headline(("A", "a", 74.0), ("B", "a", 74.0), ("C", "ab", 60.0), ("D", "b", 50.0))
    assert found == (
        "A and B share the highest AUBC (74.0 %); they can't be told apart from C at 0.05 "
        "(paired t-tests)."
    )


def nemenyi(**ranks):
    return {**NEMENYI, "mean_ranks": ranks}


def test_the_best_mean_rank_is_told_where_the_test_compares_them():
    methods = [("A", "a", 67.6), ("B", "ab", 67.1), ("C", "b", 60.0)]
    found = make_verdict(
        ranking(*methods, oracles="B", settings=24, asked=24, test=nemenyi(A=2.375, B=2.9, C=3))
    )
    assert found.headline == (
        "A has the best mean rank by AUBC (2.4 over 24 settings); it can't be told apart from B at "
        "0.05 (Nemenyi)."
    )
    assert found.more[0] == "B, which uses ground truth, ranks 2nd."


def test_another_best_mean_rank_is_told_besides():
    methods = [("A", "a", 67.6), ("B", "ab", 67.1), ("C", "b", 60.0)]
    found = make_verdict(ranking(*methods, settings=24, test=nemenyi(A=2.4, B=1.5, C=3)))
    assert found.headline.startswith("A has the highest mean AUBC (67.6 % over 24 settings); it")
    assert "By mean rank, which the test compares, B comes first (1.5)." in found.more


def test_a_clear_winner_by_mean_rank():
    methods = [("A", "a", 67.6), ("B", "b", 67.1), ("C", "b", 60.0)]
    assert headline(*methods, settings=24, test=nemenyi(A=1.0, B=2.4, C=2.6)) == (
        "A has the best mean rank by AUBC (1.0 over 24 settings) and is significantly better than "
        "all others at 0.05 (Nemenyi)."
    )


def test_settings_may_say_otherwise_than_seeds():
    methods = [("A", "a", 67.6), ("B", "b", 67.1), ("C", "b", 60.0)]

    def say(letters, **ranks):
        other = Significance(letters=letters, mean_ranks=ranks, **NEMENYI)
        test = PAIRED | {"over_settings": other}
        return make_verdict(ranking(*methods, settings=24, test=test)).more

    over = "Compared over settings instead of seeds (Nemenyi test, 0.05), "
    alike = say({"A": "a", "B": "a", "C": "b"}, A=1.2, B=1.5, C=3.0)
    assert f"{over}it can't be told apart from B." in alike
    apart = say({"A": "a", "B": "b", "C": "b"}, A=1.0, B=2.4, C=2.6)
    assert f"{over}it has a significantly better mean rank than all others." in apart
    worse = say({"A": "b", "B": "a", "C": "b"}, A=2.5, B=1.0, C=2.5)
    assert f"{over}B has a significantly better mean rank." in worse


def test_a_ranking_of_nothing_says_so_first_and_a_repeat_has_its_own_sentence():
    outlook = Outlook(
        seeds=Repeat(0.2, -0.3), spread=MethodSpread(0.1, 1.0, 0.4), methods=2, unit="points"
    )
    found = make_verdict(ranking(("A", "a", 74.0), ("B", "b", 70.0), outlook=outlook))
    assert found.headline.startswith("These results can't separate the two methods")
    assert found.more[0] == "A has the highest AUBC (74.0 %)."
    assert found.nothing
    assert "0.20 (5 % quantile: -0.30)" in found.repeat
    assert (found.other_seeds, found.other_settings) == (Repeat(0.2, -0.3), None)
    known = make_verdict(ranking(("A", "a", 74.0), ("B", "b", 70.0)))
    assert (known.nothing, known.repeat, known.other_seeds) == (False, "", None)


def test_methods_that_were_developed_on_the_data_prove_nothing():
    methods = [("X", "a", 80.0), ("Y", "a", 79.0), ("A", "b", 74.0), ("B", "c", 70.0)]
    found = make_verdict(ranking(*methods, unproved={"X"}, oracles="Y"))
    assert found.headline.startswith(
        "Of the methods that don't use ground truth and weren't developed on these data, A has"
    )
    assert (
        "X was developed on roll-out data, so its rank here is no evidence that it generalises."
        in found.more
    )
    several = make_verdict(ranking(*methods, unproved={"X", "Y"}))
    assert several.headline.startswith("Of the methods that weren't developed on these data, A")
    assert (
        "X and Y were developed on roll-out data, so their ranks here are no evidence that they "
        "generalise." in (several.more)
    )


def test_a_test_that_can_find_nothing_says_so():
    test = nemenyi(A=1.0, B=2.0, C=3.0) | {
        "powerless": True,
        "power": "With only 2 settings, the Nemenyi test can't separate any two of 3 methods.",
    }
    found = make_verdict(
        ranking(("A", "a", 9.0), ("B", "a", 8.0), ("C", "a", 7.0), settings=2, seeds=1, test=test,
                detectable=UNKNOWN)
    )  # fmt: skip
    assert found.headline == (
        "A has the best mean rank by AUBC (1.0 over 2 settings), but with only 2 settings, the "
        "Nemenyi test can't separate any two of 3 methods."
    )
    assert found.more == ("Every figure of a setting rests on a single seed.",)


@pytest.mark.parametrize(
    ("methods", "over", "nobody"),
    [
        pytest.param((("A", "a", 9.0), ("B", "b", 8.0)), {}, False, id="a winner"),
        pytest.param((("A", "a", 9.0), ("B", "a", 8.0)), {}, False, id="all alike"),
        pytest.param((("A", "a", 9.0), ("B", "a", 8.0)), {"seeds": 2}, True, id="too few seeds"),
        pytest.param((("A", "", 9.0), ("B", "", 8.0)), {"seeds": 1}, True, id="one seed"),
        pytest.param((("A", "", 9.0), ("B", "", 8.0)), {}, True, id="no test"),
        pytest.param((("A", "a", 9.0),), {}, True, id="alone"),
        pytest.param(
            (("A", "a", 9.0), ("B", "a", 8.0)),
            {"test": nemenyi(A=1.0, B=2.0) | {"powerless": True}},
            True,
            id="a powerless test",
        ),
    ],
)
def test_nobody_is_in_bold_where_the_verdict_ranks_nobody(methods, over, nobody):
    assert names_no_leader(ranking(*methods, **over)) == nobody


def test_the_best_method_is_one_that_could_be_used():
    found = make_verdict(ranking(("X", "a", 80.0), ("A", "b", 74.0), ("B", "c", 70.0), oracles="X"))
    assert found.headline == (
        "Of the methods that don't use ground truth, A has the highest AUBC (74.0 %), 4.0 "
        "percentage points ahead, and is significantly better than all others at 0.05 "
        "(paired t-tests)."
    )
    assert found.more[0] == "X, which uses ground truth, ranks higher."


def test_usable_methods_are_named_before_those_that_use_ground_truth():
    found = make_verdict(
        ranking(("X", "a", 80.0), ("Y", "a", 79.0), ("A", "ab", 74.0), ("B", "ab", 70.0),
                ("C", "b", 60.0), oracles="XY")
    )  # fmt: skip
    assert "told apart from any of the others" in found.headline
    assert found.more[0] == "X and Y, which use ground truth, rank higher."
    more = make_verdict(
        ranking(("X", "a", 80.0), ("A", "a", 74.0), ("B", "a", 70.0), ("C", "b", 60.0), oracles="X")
    )
    assert "told apart from B and X" in more.headline


def test_only_methods_that_use_ground_truth():
    found = make_verdict(ranking(("X", "a", 80.0), ("Y", "b", 79.0), oracles="XY"))
    assert found.headline.startswith("X has the highest AUBC (80.0 %), 1.0 percentage points")
    assert found.more[0] == "All ranked methods use ground truth."


def test_the_only_usable_method():
    found = headline(("X", "a", 80.0), ("A", "b", 74.0), ("Y", "c", 70.0), oracles="XY")
    assert found == (
        "Of the methods that don't use ground truth, A has the highest AUBC (74.0 %) and is the "
        "only one ranked."
    )


def test_one_method_has_nobody_to_be_compared_with():
    found = make_verdict(ranking(("A", "", 74.0), unranked=["failed"], detectable=UNKNOWN))
    assert found.headline == (
        "A is the only ranked method (AUBC 74.0 %); there is nothing to compare it with."
    )
    assert found.more == ("Not ranked: 1 failed method.",)


def test_nobody_ranked_and_nobody_at_all():
    assert headline(unranked=["failed", "failed", "incomplete"]) == (
        "No method can be ranked: 1 is incomplete and 2 failed."
    )
    assert headline(unranked=["complete"]) == "No method can be ranked: no score."
    assert make_verdict(ranking()) == NO_VERDICT


def test_a_common_block_and_those_outside_it_are_told():
    found = make_verdict(
        ranking(("A", "a", 74.0), ("B", "b", 70.0), unranked=["incomplete"] * 2, settings=3,
                asked=5, partial="1st of 3 over the 2 of 5 settings it completed")
    )  # fmt: skip
    assert "Ranked over 3 of 5 settings: those that the ranked methods have in common." in (
        found.more
    )
    assert (
        "Not ranked: 2 incomplete methods; their rows give their rank over the settings they "
        "completed." in found.more
    )
    assert found.headline.startswith("A has the highest mean AUBC (74.0 % over 3 settings), 4.0")


def test_three_hundred_methods_are_counted():
    methods = [(f"m{n:03d}", "a" if n < 200 else "b", 90.0 - n / 10) for n in range(300)]
    found = headline(*methods)
    assert found.endswith("can't be told apart from m001, m002, m003 and 196 more at 0.05 "
                          "(paired t-tests).")  # fmt: skip
    assert len(found) < 200


def test_a_difference_that_rounds_to_nothing_is_not_told():
    found = make_verdict(ranking(("A", "a", 74.0), ("B", "b", 70.0), detectable=0.01))
    assert found.more == ()
    assert found.detectable == 0.01


def test_the_tables_of_a_league_have_theirs(make, league_of):
    league = league_of(
        *(make(m, s, (0.5, 0.6, d + s / 1000)) for m, d in (("a", 0.6), ("b", 0.9)) for s in (1, 2))
    )
    view, setting = league.views[0].verdict, league.settings[0].verdict
    assert view.headline.startswith("b has the highest AUBC")
    assert view == replace(setting)
    assert view.more[-1].startswith("Reduced-cost track")
    assert view.detectable is not None or view.detectable_reason


def test_a_published_league_is_tested_by_seeds_and_by_settings(board_of):
    league = next(each for each in board_of(published=True).leagues if each.track == "full")
    verdict = league.views[0].verdict
    assert verdict.test.startswith("t-tests with pooled variance from the printed means")
    assert verdict.headline.startswith(
        "ClaSP PE has the highest mean Score (41.1 % over 24 settings), "
    )
    assert "significantly better than all others at 0.05 (t-test, Holm" in verdict.headline
    (settings,) = (line for line in verdict.more if line.startswith("Compared over settings"))
    assert settings.startswith(
        "Compared over settings instead of seeds (Nemenyi test, 0.05), it can't be told apart from"
    )
    assert "Random 66 % FG" in settings
    assert verdict.detectable == pytest.approx(2.44, abs=0.1)
    assert {row.ties for row in league.views[0].rows if row.rank} >= {"a"}
    assert league.views[0].rows[0].ties.startswith("a")
    single = league.settings[0]
    assert single.verdict.test.startswith("t-tests with pooled variance from the printed means")
    assert all(row.ties for row in single.rows)
