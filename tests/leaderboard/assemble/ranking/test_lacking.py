from leaderboard.assemble.ranking.lacking import lacking
from leaderboard.metrics.registry import declared
from leaderboard.model import Row, Value

METRICS = [metric for metric in declared() if metric.name in {"score", "aubc", "final_dice"}]
NAMES = {"m-1": "One", "m-2": "Two", "m-3": "Three"}
SPREAD = "a spread needs at least 2 seeds"


def row(key, rank=1, status="complete", *, seeds=(1,), reason=None, **values):
    figures = {name: Value(*value) for name, value in values.items()}
    return Row(key, status, rank, figures, seeds=seeds, rank_reason=reason)


def test_one_seed_is_told_once_with_all_that_it_costs():
    value = (60.0, None, None, None, SPREAD)
    rows = [
        row(key, reason="significance needs at least 2 seeds in the setting", aubc=value,
            final_dice=value)
        for key in NAMES
    ]  # fmt: skip
    assert lacking(METRICS, rows, NAMES) == (
        "One seed: no interval for AUBC and Final Dice; no rank interval.",
    )


def test_a_reason_that_concerns_few_methods_names_them():
    rows = [row("m-1", score=(50.0,)), row("m-2", None, score=(None, None, None, None, "flat"))]
    assert lacking(METRICS, rows, NAMES) == ("Flat (Two): no Score.",)


def test_a_reason_of_all_methods_names_nobody():
    nothing = (None, None, None, None, "no full-data Dice is known")
    rows = [row("m-1", score=nothing), row("m-2", 2, score=nothing)]
    assert lacking(METRICS, rows, NAMES) == ("No full-data Dice is known: no Score.",)


def test_rows_that_are_not_complete_say_it_themselves():
    rows = [
        row("m-1", aubc=(60.0,)),
        row("m-2", None, "failed", aubc=(None, None, None, None, "no complete experiment")),
    ]
    assert lacking(METRICS, rows, NAMES) == ()
    assert lacking(METRICS, rows[1:], NAMES) == ("No complete experiment: no AUBC.",)


def test_the_board_of_one_seed_says_it_in_one_sentence(full, league_of):
    view = league_of(full("random"), full("bald")).views[0]
    line, *others = view.lacking
    assert [text.partition(":")[0] for text in others] == [
        "Labelling effort was not recorded",
        "No surfaces in these results",
        "No calibration data in these results",
    ]
    assert line.startswith("One seed: no interval for Score, AUBC, Final Dice")
    assert line.endswith(
        "no rank interval, Mean rank, PPM wins, PPM losses or agreement with a repeat."
    )
