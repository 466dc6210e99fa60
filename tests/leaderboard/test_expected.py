"""Whether a run's figures are the expected ones: equal, within the spread, or not."""

from pathlib import Path

import pytest

from benchmark.board.entry import USUAL
from benchmark.cli.commands.tracks import as_expected
from benchmark.layout import Experiment, result_file
from benchmark.results import load_result, save_result
from benchmark.tracks import load_track
from leaderboard.expected.compare import verdict
from leaderboard.expected.figures import by_seed, expect, expected_of
from nnactive.errors import UserError

METHODS = ("random", "bald")
SEEDS = (1, 2)


@pytest.fixture
def run(make):
    """Results of two methods and two seeds, each shifted."""

    def results(shift=0.0, seeds=SEEDS, **where):
        found = [
            make(method, seed, (0.5, 0.6 + 0.02 * seed, 0.7 + shift))
            for method in METHODS
            for seed in seeds
        ]
        other = found[0].environment.model_copy(update=where)
        return [each.model_copy(update={"environment": other}) for each in found]

    return results


@pytest.fixture
def expected(run):
    return expect("demo", run(), run(shift=0.02, seeds=(3, 4)))


def test_the_expected_figures_are_means_over_the_seeds_of_the_run(run, expected) -> None:
    assert expected.seeds == SEEDS
    found = by_seed(run())["bald"]
    assert expected.methods["bald"].aubc == pytest.approx((found[1].aubc + found[2].aubc) / 2)
    assert expected.methods["bald"].final_dice == pytest.approx(0.7, abs=1e-3)
    assert expected.spread["bald"].seeds == 4
    assert expected.spread["bald"].final_dice == pytest.approx(0.0115, abs=1e-3)


def test_equal_figures_are_as_expected_wherever_they_were_made(run, expected) -> None:
    for where in ({}, {"cpu": "Another CPU"}):
        line = verdict(expected, run(**where))
        assert line == "as expected: the figures of docs/measured.md, to the last digit"


def test_another_machine_may_differ_by_the_spread(run, expected) -> None:
    line = verdict(expected, run(shift=0.01, cpu="Another CPU"))
    assert line.startswith("as expected on another machine type: ")
    assert "within twice the standard deviation over 4 seeds, 1.2" in line
    assert "final Dice of bald is 71.0 instead of 70.0" in line


def test_a_larger_difference_is_not_as_expected(run, expected) -> None:
    line = verdict(expected, run(shift=0.1, cpu="Another CPU"))
    assert line.startswith("not as expected: final Dice of bald is 80.0 instead of 70.0")


def test_the_same_machine_gives_the_same_figures(run, expected) -> None:
    line = verdict(expected, run(shift=0.01))
    assert line.startswith("not as expected: ")
    assert "this processor and torch" in line


def test_a_part_of_the_track_and_other_data_say_nothing(run, expected) -> None:
    assert verdict(expected, run()[:-1]) is None
    assert verdict(expected.model_copy(update={"checksum": "cd" * 32}), run()) is None


def test_other_methods_and_seeds_do_not_count(run, expected, make) -> None:
    further = [make("mine-1234", 1, origin="submission"), make("bald", 9)]
    assert verdict(expected, [*run(), *further]).startswith("as expected: ")


def test_figures_of_several_machines_or_settings_are_refused(run, make) -> None:
    mixed = [*run(), *run(cpu="Another CPU")]
    with pytest.raises(UserError, match="several machines"):
        expect("demo", mixed, [])
    with pytest.raises(UserError, match="another setting"):
        expect("demo", run(), [make("bald", 3, (0.5, 0.6), loops=2)])


def test_the_demo_has_figures_of_its_own_setting_methods_and_seeds() -> None:
    demo, kept = load_track("demo"), expected_of("demo")
    assert (kept.setting,) == demo.settings
    assert set(kept.methods) == set(demo.methods)
    assert kept.seeds == demo.seeds
    assert expected_of("main") is None


def test_the_baselines_of_the_public_board_are_as_expected(tmp_path: Path) -> None:
    """So is what a run says at its end, of results that lie as in its folder."""
    files = sorted((Path(__file__).parents[2] / USUAL).glob("*/1/results/*/seed_*.json"))
    found = [load_result(file) for file in files]
    line = "as expected: the figures of docs/measured.md, to the last digit"
    assert verdict(expected_of("demo"), found) == line
    for each in found:
        place = Experiment(each.setting.name, each.method.id, each.seed)
        save_result(tmp_path / result_file(place), each)
    assert as_expected("demo", tmp_path) == line
    assert as_expected("main", tmp_path) is None
    (tmp_path / result_file(place)).write_text("{")
    assert as_expected("demo", tmp_path) is None, "the page has said that a file is broken"
