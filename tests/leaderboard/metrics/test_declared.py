"""A metric is declared once: what follows from it, and that a reference checks each."""

import csv
import io
import json

import numpy as np
import pytest
import synthetic
from metric_references import REFERENCES, dice_curve

from leaderboard.assemble import make_board
from leaderboard.export import long_csv, to_json, to_latex, to_markdown
from leaderboard.formatting import DECIMALS
from leaderboard.metrics import registry
from leaderboard.metrics.metric import CostMetric, Metric, Published, SeedMetric
from leaderboard.page import render
from leaderboard.read.facts import facts_of
from leaderboard.read.load import Entries
from leaderboard.terminal import top_tables

WORLD = synthetic.World(methods=4, settings=2, seeds=4, cases=3, patches=8, quality=True)
METRICS = registry.declared()


def board_of(results):
    return make_board(Entries(tuple(map(facts_of, results)), ()))


@pytest.fixture(scope="module")
def computed():
    """Results by setting, method and seed, and the board's values by setting, method, metric."""
    results = list(synthetic.results(WORLD))
    grouped: dict[str, dict[str, list]] = {}
    for result in results:
        setting = grouped.setdefault(result.setting.name, {})
        setting.setdefault(result.method.id, []).append(result)
    (league,) = board_of(results).leagues
    ids = {entrant.key: entrant.id for entrant in league.entrants}
    values = {
        (setting.name, ids[row.entrant], name): value
        for setting in league.settings
        for row in setting.rows
        for name, value in row.values.items()
    }
    return grouped, values


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_every_metric_agrees_with_an_independent_reference(computed, metric):
    assert metric.name in REFERENCES, "add its reference to tests/leaderboard/metric_references.py"
    grouped, values = computed
    for setting, results in grouped.items():
        for method in results:
            expected = REFERENCES[metric.name](results, method)
            assert values[setting, method, metric.name].mean == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_every_declaration_says_all_that_a_reader_needs(metric):
    assert metric.title
    assert metric.help.endswith(".")
    assert metric.unit == "" or metric.unit in DECIMALS


def test_names_titles_and_places_are_unique():
    for field in ("name", "title", "order"):
        values = [getattr(metric, field) for metric in METRICS]
        assert len(set(values)) == len(values)
    assert [metric.order for metric in METRICS] == sorted(metric.order for metric in METRICS)
    assert all(isinstance(metric, Metric) for metric in METRICS)


MADE_UP = SeedMetric(
    name="best_dice",
    title="Best Dice",
    unit="%",
    help="Highest mean Dice of any loop; made up.",
    higher_is_better=True,
    order=35,
    by_seed=lambda runs, _: 100 * runs.dice.max(axis=1),
    headline=True,
    terminal=3,
    published=Published(printed=False),
)
OWN_COUNT = CostMetric(
    name="cases",
    title="Test cases",
    unit="",
    help="Number of test cases; made up.",
    higher_is_better=False,
    order=999,
    cost=lambda result, _: len(result.dataset.test_cases),
)


@pytest.fixture
def declared(monkeypatch):
    metrics = sorted((*METRICS, MADE_UP, OWN_COUNT), key=lambda metric: metric.order)
    monkeypatch.setattr(registry, "discovered", lambda: tuple(metrics))


def test_a_new_metric_is_a_column_everywhere_with_no_other_change(declared):
    results = list(synthetic.results(WORLD))
    board = board_of(results)
    (league,) = board.leagues
    names = [column.name for column in league.columns]
    assert names[3] == "best_dice"
    assert names[-1] == "cases"
    setting, row = league.settings[0], league.settings[0].rows[0]
    (method,) = (e.id for e in league.entrants if e.key == row.entrant)
    finals = [
        100 * max(curve)
        for curve in (
            dice_curve(result)
            for result in results
            if (result.setting.name, result.method.id) == (setting.name, method)
        )
    ]
    value = row.values["best_dice"]
    assert value.mean == pytest.approx(np.mean(finals))
    assert value.spread == pytest.approx(np.std(finals, ddof=1))
    assert value.low < value.mean < value.high
    # Over settings, too.
    assert league.views[0].rows[0].values["best_dice"].low is not None
    assert league.views[0].rows[0].values["cases"].mean == WORLD.cases

    content = json.loads(to_json(board))["leagues"][0]
    assert content["columns"][3]["title"] == "Best Dice"
    lines = list(csv.DictReader(io.StringIO(long_csv(board))))
    found = [line for line in lines if line["column"] == "best_dice"]
    assert len(found) == WORLD.methods * (WORLD.settings + 1)
    assert {line["unit"] for line in found} == {"%"}
    page = render(board)
    assert "Highest mean Dice of any loop; made up." in page
    assert page.count(">Best Dice <small>%</small></th>") >= 1 + WORLD.settings + WORLD.methods
    assert "| Best Dice (%) |" in to_markdown(board)
    assert r"& Best Dice (\%) &" in to_latex(board)
    assert "Test cases" not in to_markdown(board)
    (table,) = top_tables(board)
    assert table.columns == ("Score", "Final Dice", "AUBC", "Best Dice")


def test_a_metric_that_the_papers_do_not_print_says_so_in_their_leagues(declared):
    for league in make_board(Entries((), ()), published=True).leagues:
        assert "cases" not in [column.name for column in league.columns]
        for row in league.views[0].rows:
            assert row.values["best_dice"].mean is None
            assert "single seeds" in row.values["best_dice"].reason


def test_without_declaration_there_is_no_column():
    (league,) = board_of(synthetic.results(WORLD)).leagues
    assert "best_dice" not in [column.name for column in league.columns]
