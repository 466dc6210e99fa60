"""The figures of a league: its ranking, costs, and comparisons over settings."""

from collections.abc import Iterator, Mapping

from leaderboard.figures.critical import Placed, critical_difference
from leaderboard.figures.curves import FEW, named_curves
from leaderboard.figures.heatmap import agreement_matrix, penalty_matrix
from leaderboard.figures.ranks import Ranked, rank_plot
from leaderboard.figures.styles import MOST
from leaderboard.formatting import counted
from leaderboard.model import CriticalDifference, League
from leaderboard.page.pictures.costs import cost_svgs
from leaderboard.page.pictures.labels import Label
from leaderboard.page.pictures.picture import Picture, shown_of
from leaderboard.page.pictures.ranked import ranking_svg
from leaderboard.page.pictures.setting import curves_of
from leaderboard.undefined import Undefined

FEW_SETTINGS = 2
"""Up to so many, their learning curves stand beside the ranking."""
MOST_SETTINGS = 30
"""In the matrix of their agreement."""


def league_pictures(league: League, labels: Mapping[str, Label]) -> Iterator[Picture]:
    """The ranking, curves beside it, costs, matrices, ranks and critical differences."""
    if league.views:
        svg, caption = ranking_svg(league, league.views[0], labels)
        if svg:
            yield Picture("ranking", f"{league.key}-ranking", caption, svg)
        yield from _beside(league, labels)
    for cost, caption, svg in cost_svgs(league, labels):
        yield Picture("cost", f"{league.key}-cost-{cost}", caption, svg, cost)
    yield from _penalties(league, labels)
    yield from _ranks(league, labels)
    if not isinstance(league.relations.critical, Undefined):
        yield _critical(league, league.relations.critical, labels)
    yield from _agreements(league)


def _beside(league: League, labels: Mapping[str, Label]) -> Iterator[Picture]:
    """Learning curves of a ranking of few settings."""
    if len(league.settings) > FEW_SETTINGS:
        return
    for number, setting in enumerate(league.settings):
        curves = curves_of(setting, labels)
        if not curves:
            continue
        shown = curves[:FEW]
        caption = (
            f"{setting.name}: Mean Dice over seeds after each loop."
            f"{shown_of(len(curves), 'by rank', FEW)}"
        )
        svg = named_curves(shown, setting.full_data.mean, caption)
        yield Picture("beside", f"{league.key}-curves-{number}", caption, svg, setting.key)


def _penalties(league: League, labels: Mapping[str, Label]) -> Iterator[Picture]:
    relations = league.relations
    if isinstance(relations.penalties, Undefined):
        return
    every = len(relations.entrants)
    names = [labels[key].name for key in relations.entrants[:MOST]]
    rest = shown_of(every, "by mean rank")
    for number, penalty in enumerate(relations.penalties):
        caption = (
            f"Pairwise penalty matrix ({penalty.title}): percentage of loops, averaged over "
            "settings, in which the row's method significantly beats the column's."
            f"{rest}{f' The margins are means over all {every}.' if rest else ''}"
        )
        svg = penalty_matrix(penalty, names, caption)
        yield Picture("penalty", f"{league.key}-penalty-{number}", caption, svg, str(number))


def _ranks(league: League, labels: Mapping[str, Label]) -> Iterator[Picture]:
    relations = league.relations
    members = [labels[key] for key in relations.entrants]
    titles = {column.name: column.title for column in league.columns}
    for metric, ranks in relations.ranks.items():
        settings = [setting for setting in league.settings if setting.key in ranks]
        if metric not in titles or not members or not settings[1:]:
            continue
        rest = shown_of(len(members), "by mean rank")
        caption = f"Each method's rank by {titles[metric]} in every setting.{rest}"
        ranked = [
            Ranked(label.name, label.style, tuple(ranks[each.key][n] for each in settings))
            for n, label in enumerate(members[:MOST])
        ]
        svg = rank_plot(ranked, [setting.name for setting in settings], caption)
        yield Picture("ranks", f"{league.key}-ranks-{metric}", caption, svg, metric)


def _critical(league: League, critical: CriticalDifference, labels: Mapping[str, Label]) -> Picture:
    methods = sorted(
        (
            Placed(key, labels[key].name, rank)
            for key, rank in zip(league.relations.entrants, critical.mean_ranks, strict=True)
        ),
        key=lambda method: (method.mean_rank, method.name),
    )
    rest = shown_of(len(methods), "by mean rank")
    caption = (
        "Critical-difference diagram: mean ranks by AUBC (regardless of the table's sort order) "
        f"over N = {counted(critical.settings, 'setting')}; Friedman test p = "
        f"{critical.p_value:.2g}. Bars "
        f"join methods that the Nemenyi test cannot tell apart at 0.05.{rest}"
        f"{' A thin line continues to methods of the group that are not shown.' if rest else ''}"
    )
    svg = critical_difference(methods, critical.groups, critical.difference, caption, MOST)
    return Picture("critical", f"{league.key}-critical", caption, svg)


def _agreements(league: League) -> Iterator[Picture]:
    agreements = league.relations.agreements
    if not agreements:
        return
    compared = {key for item in agreements for key in (item.first, item.second)}
    names = {each.key: each.name for each in league.settings if each.key in compared}
    shown = dict(list(names.items())[:MOST_SETTINGS])
    rest = shown_of(len(names), "in the order of the table", MOST_SETTINGS, "settings")
    caption = (
        "Agreement of settings: Kendall's tau-b between their rankings by mean AUBC. 1: the same "
        f"order; 0 and below, unshaded: none, or the opposite.{rest}"
    )
    svg = agreement_matrix(agreements, shown, caption)
    yield Picture("agreement", f"{league.key}-agreement", caption, svg)
