"""The table of averages in ``docs/statistics.md`` is what the simulation gives."""

import re
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import kendalltau

from leaderboard.core.agreement import tau
from leaderboard.core.averages import AVERAGES, MEAN_AUBC, MEAN_RANK, SCORE, setting_effect
from leaderboard.core.repeats import repeats, start_errors
from leaderboard.core.study import published_study
from nnactive.streams import stream

DOCS = Path(__file__).parents[3] / "docs" / "statistics.md"
NAMES = {"score, random-effects model over settings": "score, random-effects model"}
STUDY = published_study()


@pytest.fixture(scope="module")
def found():
    return {each.average.title: each for each in repeats(STUDY, AVERAGES, 1000)}


@pytest.fixture(scope="module")
def stated():
    """Cells of the table's rows, by average."""
    text = DOCS.read_text(encoding="utf-8")
    section = text.split("## Which average over settings")[1].split("\n## ")[0]
    lines = [line for line in section.splitlines() if line.startswith("|")][2:]
    rows = [[cell.strip(" *") for cell in line.strip("|").split("|")] for line in lines]
    return {NAMES.get(first, first): rest for first, *rest in rows}


def numbers(cell: str) -> list[float]:
    return [float(each) for each in re.findall(r"\d*\.\d+|\d+", cell)]


def test_the_docs_have_every_average(found, stated):
    assert stated.keys() == found.keys()


@pytest.mark.parametrize("title", [average.title for average in AVERAGES])
def test_the_docs_state_what_is_simulated(title, found, stated):
    repeat, (itself, setting, share, agree, relational) = found[title], stated[title]
    assert numbers(itself)[0] == pytest.approx(repeat.itself, abs=0.015)
    # A quantile moves in steps of two pairs of 36.
    assert numbers(itself)[1] == pytest.approx(repeat.itself_low, abs=0.07)
    assert numbers(setting) == pytest.approx([repeat.setting_out], abs=0.006)
    name, largest = max(repeat.shares.items(), key=lambda each: each[1])
    assert share.split()[0].lower() == name
    assert numbers(share) == pytest.approx([largest], abs=0.006)
    assert numbers(agree) == pytest.approx([repeat.by_aubc, repeat.by_rank], abs=0.006)
    assert (relational == "yes") is not repeat.average.alone


def test_no_average_predicts_another_dataset(found):
    assert max(each.new_dataset for each in found.values()) < 0.25


def test_what_the_choice_rests_on(found):
    shares = found[SCORE.title].shares
    assert sum(shares.values()) == pytest.approx(1)
    assert (max(shares.values()) < 0.5, min(shares.values()) > 0.05) == (True, True)
    assert found[MEAN_AUBC.title].shares["amos"] > 0.7
    assert found[MEAN_RANK.title].itself < 0.8
    assert found[SCORE.title].itself > 0.9
    assert setting_effect(STUDY) == pytest.approx(12, abs=0.5)


def test_averages_that_stand_alone_ignore_other_methods():
    fewer = STUDY.without([0, 3])
    kept = [place for place in range(9) if place not in (0, 3)]
    for average in AVERAGES:
        whole = average.of(STUDY.aubc, STUDY)[kept]
        same = np.allclose(whole, average.of(fewer.aubc, fewer), rtol=1e-9)
        # What weights settings by noise pools it over the methods; only the weights move.
        if average.name not in {"precise_score", "random_effects", "in_noise"}:
            assert same is average.alone, average.name


def test_wrong_starts_change_the_ranking_less_than_other_seeds_do(found):
    taus = start_errors(STUDY, SCORE, 1 / 3, 300)
    assert taus.mean() == pytest.approx(0.94, abs=0.01)
    assert taus.mean() > found[SCORE.title].itself
    assert (start_errors(STUDY, MEAN_AUBC, 1 / 3, 10) == 1).all()


def test_tau_is_kendalls():
    scores = stream("test").integers(0, 5, (2, 50, 7)).astype(float)
    expected = [kendalltau(a, b).statistic for a, b in zip(*scores, strict=True)]
    assert tau(*scores) == pytest.approx(expected)
    assert np.isnan(tau(np.ones(3), np.arange(3.0)))


def test_true_scores_spread_as_methods_do_and_not_as_printed_means():
    truths = STUDY.truths(2000, stream("test"))
    assert truths.var(axis=-1, ddof=1).mean(axis=0) == pytest.approx(STUDY.spread**2, rel=0.1)
    again = STUDY.measured(truths, 4, stream("test", 1))
    printed = STUDY.aubc.var(axis=1, ddof=1)
    assert again.var(axis=-1, ddof=1).mean(axis=0) == pytest.approx(printed, rel=0.1)
