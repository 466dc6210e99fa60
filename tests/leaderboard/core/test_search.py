"""What the tracks ``core`` and ``core_screen`` and the docs state is what the search finds."""

import json
import re
from itertools import combinations
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from scipy.stats import kendalltau

from benchmark.cli.main import cli
from benchmark.tracks import load_track
from leaderboard.core.averages import MEAN_AUBC, SCORE
from leaderboard.core.judge import judge
from leaderboard.core.parts import by_pair, predict, simulate, taus
from leaderboard.core.search import TRACKS, search
from leaderboard.core.study import published_study
from nnactive.streams import stream

DOCS = Path(__file__).parents[3] / "docs" / "statistics.md"
STUDY = published_study()
CLOSE = 0.015


@pytest.fixture(scope="module")
def found():
    """By average, without a search of all parts: the tracks."""
    return {each.name: search(each, [], [], judged=False) for each in (SCORE, MEAN_AUBC)}


def stated(text: str) -> list[float]:
    return [float(each) for each in re.findall(r"(?<![\w.])(?:\d*\.\d+|\d+)", text)]


@pytest.mark.parametrize("name", TRACKS)
def test_a_track_says_what_is_predicted_of_it(name, found):
    said = load_track(name).description
    by_score, by_aubc = (
        next(track for track in found[each].tracks if track.name == name)
        for each in ("score", "mean_aubc")
    )
    at = said.index("tau of")
    tau, low, aubc, aubc_low = (float(n) for n in re.findall(r"(?<![\d.])\.\d+", said[at:])[:4])
    assert (tau, aubc) == pytest.approx((by_score.found.tau, by_aubc.found.tau), abs=CLOSE)
    # A quantile moves in steps of two pairs of 36.
    assert (low, aubc_low) == pytest.approx((by_score.found.low, by_aubc.found.low), abs=0.06)
    later, whole = re.search(r"costs (\d+) A100-hours given loop 0, (\d+) with it", said).groups()
    search_of = found["score"]
    part, seeds = by_score.found.part, by_score.seeds
    assert float(later) == round(search_of.later(part, seeds))
    assert float(whole) == round(search_of.later(part, seeds) + search_of.start(part, seeds))


def test_core_is_as_good_as_the_best_part_of_its_size():
    for average, least in ((SCORE, 0.03), (MEAN_AUBC, 0.02)):
        simulated = simulate(STUDY, average, 2, 200, stream("test"))
        every = predict(simulated, list(combinations(range(24), 3)))
        core = tuple(
            sorted(STUDY.settings.index(each.name) for each in load_track("core").settings)
        )
        (own,) = predict(simulated, [core])
        assert own.tau > max(each.tau for each in every) - least
        assert own.tau > np.mean([each.tau for each in every]) + 0.3


def test_core_screen_is_a_part_of_core():
    core, screen = (load_track(name) for name in TRACKS)
    assert set(screen.settings) < set(core.settings) < set(load_track("main").settings)
    assert screen.seeds == core.seeds[:1] == load_track("main").seeds[:1]
    assert screen.methods == core.methods == load_track("full").methods


def test_more_settings_and_more_seeds_predict_better():
    one, four = (simulate(STUDY, SCORE, seeds, 200, stream("test", seeds)) for seeds in (1, 4))
    part, whole = [(4, 7)], [tuple(range(24))]
    assert predict(one, part)[0].tau < predict(four, part)[0].tau < predict(four, whole)[0].tau
    assert predict(four, whole)[0].tau < 1


def test_tau_is_that_of_the_averages():
    simulated = simulate(STUDY, SCORE, 2, 5, stream("test"))
    rng = stream("test")
    truths = STUDY.truths(5, rng)
    measured = STUDY.measured(truths, 2, rng)
    expected = [
        kendalltau(
            SCORE.of(truth, STUDY), SCORE.scale(seen, STUDY)[[0, 4, 7]].mean(axis=0)
        ).statistic
        for truth, seen in zip(truths, measured, strict=True)
    ]
    assert taus(simulated, [(0, 4, 7)])[0] == pytest.approx(expected)
    assert by_pair(simulated, [(0, 4, 7)]).mean() == pytest.approx(np.mean(expected))


@pytest.mark.slow
@pytest.mark.parametrize("out", [1, 3])
def test_methods_left_out_of_the_choice_are_ranked_worse_but_well(out):
    """At core's size; ``docs/statistics.md`` states the figures."""
    core = judge(STUDY, SCORE, 3, 2, out, draws=30)
    row = next(line for line in DOCS.read_text().splitlines() if line.startswith("| core |"))
    chosen, random = re.findall(r"(\.\d+) \((\.\d+)\)", row)[-2 if out == 1 else -1]
    assert core.chosen == pytest.approx(float(chosen), abs=0.035)
    assert core.random == pytest.approx(float(random), abs=0.03)
    assert core.random + 0.2 < core.chosen < 0.87


def test_every_way_of_leaving_methods_out_is_tried():
    seen: list[tuple[int, int]] = []
    few = STUDY.without([4, 5, 6, 7, 8])
    found = judge(few, SCORE, 1, 2, 2, draws=20, progress=lambda done, of: seen.append((done, of)))
    assert seen == [(done, 6) for done in range(1, 7)]
    assert (found.size, found.seeds, found.left_out) == (1, 2, 2)
    assert -1 <= found.random < found.chosen <= 1


def test_the_command_prints_a_table_and_json():
    words = ["plan", "subset", "--settings", "1", "--seeds", "2", "--no-judge"]
    told = CliRunner().invoke(cli, words)
    assert told.exit_code == 0, told.output
    assert "ranking by mean score of 24 settings" in told.output
    made = json.loads(CliRunner().invoke(cli, [*words, "--by", "mean_aubc", "--json"]).stdout)
    (best,) = made["best"]
    assert (best["settings"], best["seeds"]) == (["amos_medium"], 2)
    assert best["tau"] > best["random"]
    assert [each["track"] for each in made["tracks"]] == list(TRACKS)
    assert len(made["settings"]) == 24
    assert 4 * sum(each["gpu_hours"] for each in made["settings"].values()) == pytest.approx(
        3736, abs=2
    )
