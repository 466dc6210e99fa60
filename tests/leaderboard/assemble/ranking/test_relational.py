import pytest

from leaderboard.assemble.cells import Cells, measured_cell
from leaderboard.assemble.ranking.relational import Lazily, relational_values
from leaderboard.metrics.reference import UNKNOWN
from leaderboard.metrics.registry import declared
from leaderboard.read.facts import facts_of

SEEDS = (1, 2, 3)


def setting(make, name, **methods):
    """Each method's Mean Dice in loops 1 and 2, the same but for a little of each seed."""
    return Cells(
        name,
        name,
        {
            key: measured_cell(
                [
                    facts_of(make(key, seed, (0.5, dice + seed / 1000, dice + seed / 1000)))
                    for seed in SEEDS
                ],
                SEEDS,
                UNKNOWN,
            )
            for key, dice in methods.items()
        },
    )


def test_a_sure_winner_beats_all_in_every_loop(make):
    found = relational_values(
        ["a", "b", "c"], [setting(make, "s", a=0.8, b=0.7, c=0.7)], declared()
    )
    assert [found[key]["ppm_wins"].mean for key in "abc"] == pytest.approx([100, 0, 0])
    assert [found[key]["ppm_losses"].mean for key in "abc"] == pytest.approx([0, 50, 50])


def test_mean_ranks_over_settings_with_standard_error(make):
    settings = [setting(make, "s", a=0.8, b=0.7), setting(make, "t", a=0.6, b=0.7)]
    found = relational_values(["a", "b"], settings, declared())
    # Ranks 1 and 2: std sqrt(.5), by sqrt(2) settings.
    assert (found["a"]["mean_rank"].mean, found["a"]["mean_rank"].spread) == pytest.approx(
        (1.5, 0.5)
    )


def test_in_one_setting_mean_ranks_leave_a_seed_out(make):
    cells = {
        "a": [(0.5, 0.9, 0.9), (0.5, 0.6, 0.6), (0.5, 0.6, 0.6)],
        "b": [(0.5, 0.65, 0.65), (0.5, 0.65, 0.65), (0.5, 0.65, 0.65)],
    }
    only = Cells(
        "s",
        "s",
        {
            key: measured_cell(
                [facts_of(make(key, seed, dice)) for seed, dice in zip(SEEDS, each, strict=True)],
                SEEDS,
                UNKNOWN,
            )
            for key, each in cells.items()
        },
    )
    found = relational_values(["a", "b"], [only], declared())
    # Without its first seed a is second.
    assert found["a"]["mean_rank"].mean == pytest.approx(4 / 3)
    assert found["b"]["mean_rank"].mean == pytest.approx(5 / 3)


def test_nobody_to_compare_with_is_a_reason(make):
    found = relational_values(["a"], [setting(make, "s", a=0.8)], declared())
    assert "2 methods" in found["a"]["ppm_wins"].reason
    assert relational_values([], [setting(make, "s", a=0.8)], declared()) == {}


def test_one_seed_has_no_test(make):
    one = Cells("s", "s", {k: measured_cell([facts_of(make(k))], (1,), UNKNOWN) for k in "ab"})
    found = relational_values(["a", "b"], [one], declared())
    assert "2 seeds" in found["a"]["ppm_losses"].reason
    assert "2 seeds" in found["a"]["mean_rank"].reason


def test_figures_are_made_once_and_only_those_that_are_asked_for():
    made = []
    figures = Lazily(["aubc", "ece"], lambda name: made.append(name) or name.upper())
    assert (list(figures), len(figures)) == (["aubc", "ece"], 2)
    assert [figures["aubc"], figures["aubc"]] == ["AUBC", "AUBC"]
    assert made == ["aubc"]
    with pytest.raises(KeyError):
        figures["dice"]
