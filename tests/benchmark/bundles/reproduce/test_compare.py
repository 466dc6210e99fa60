"""Whether reported Dice are those that the queries give."""

import math

import pytest

from benchmark.bundles.reproduce.compare import compare, repeated, together, worst
from benchmark.bundles.reproduce.spread import SpreadRow, key_of

SD = 0.01


def rows(reported) -> list[SpreadRow]:
    content = {
        **key_of(reported.track.settings[0]),
        "n": 9,
        "mean_dice": 0.5,
        "sd": SD,
        "max_difference": 0.03,
        "queries": "",
        "device": "",
        "date": "",
    }
    return [SpreadRow.model_validate(content | {"patches": count}) for count in (20, 60)]


def replays(reported, dice: float = 0.5) -> dict:
    return {
        (each, loop.loop): dice
        for each, result in reported.results.items()
        for loop in result.loops
    }


def test_dice_within_the_spread_agree(entry) -> None:
    reported = entry({1: (0.51, 0.49, 0.505)})
    (found,) = compare(reported, replays(reported), rows(reported))
    assert [loop.verdict for loop in found.loops] == ["agrees"] * 3
    assert [round(loop.difference, 6) for loop in found.loops] == [0.01, -0.01, 0.005]
    assert found.verdict == "agrees"
    (said,) = repeated([found])
    assert said.agrees
    assert (said.setting, said.seed, said.loops) == ("s", 1, (0, 1, 2))


def test_one_loop_raised_by_ten_points_differs(entry) -> None:
    reported = entry({1: (0.5, 0.5, 0.6), 2: (0.5, 0.5, 0.5)})
    first, second = compare(reported, replays(reported), rows(reported))
    assert [loop.verdict for loop in first.loops] == ["agrees", "agrees", "differs"]
    assert (first.verdict, second.verdict) == ("differs", "agrees")
    raised, _ = repeated([first, second])
    assert not raised.agrees
    assert raised.difference == pytest.approx(0.1)
    assert raised.allowed is not None
    assert raised.allowed < 0.1


def test_a_small_advantage_in_every_loop_is_found_in_all_together(entry) -> None:
    raised = 0.5 + 2.5 * SD
    reported = entry(dict.fromkeys(range(1, 5), (raised,) * 3))
    found = compare(reported, replays(reported), rows(reported))
    assert {each.verdict for each in found} == {"agrees"}
    (one,) = together(found)
    assert one.count == 12
    assert one.verdict == "differs"
    assert not any(each.agrees for each in repeated(found))


def test_without_a_known_spread_nothing_is_judged(entry) -> None:
    reported = entry({1: (0.9, 0.9)})
    (found,) = compare(reported, replays(reported), [])
    assert found.verdict == "not judged"
    assert found.loops[0].difference == pytest.approx(0.4)
    assert [each.verdict for each in together([found])] == ["not judged"]
    assert repeated([found]) == ()


def test_one_loop_without_a_known_spread_leaves_the_experiment_unjudged(entry) -> None:
    reported = entry({1: (0.5, 0.5, 0.5, 0.501)})  # 80 patches are more than were measured
    (found,) = compare(reported, replays(reported), rows(reported))
    assert [loop.verdict for loop in found.loops] == ["agrees"] * 3 + ["not judged"]
    assert found.verdict == "not judged"


def test_only_what_was_trained_again_is_compared(entry) -> None:
    reported = entry({1: (0.5, 0.9)})
    (experiment,) = reported.results
    (found,) = compare(reported, {(experiment, 0): 0.5}, rows(reported))
    assert [loop.loop for loop in found.loops] == [0]
    assert compare(reported, {}, rows(reported)) == []


def test_a_dice_that_is_no_number_differs(entry) -> None:
    reported = entry({1: (0.5,)})
    (found,) = compare(reported, replays(reported, math.nan), rows(reported))
    assert found.verdict == "differs"


def test_the_worst_verdict_counts() -> None:
    assert worst(["agrees", "not judged", "differs"]) == "differs"
    assert worst(["agrees", "not judged"]) == "not judged"
    assert worst([]) == "not judged"


def test_equal_dice_agree_where_no_spread_is_known(entry) -> None:
    """As on a track that seeds its trainings, on the same processor."""
    reported = entry({1: (0.5, 0.5, 0.5)})
    (equal,) = compare(reported, replays(reported), [])
    assert equal.verdict == "agrees"
    (said,) = repeated([equal])
    assert (said.agrees, said.difference, said.allowed) == (True, 0.0, None)
    (other,) = compare(reported, replays(reported, 0.500001), [])
    assert other.verdict == "not judged"
