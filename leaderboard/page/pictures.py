"""The figures of a setting and of a league, as static SVG."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from leaderboard.figures.classes import Classes, class_figures
from leaderboard.figures.critical import Placed, critical_difference
from leaderboard.figures.curves import Curve, learning_curves
from leaderboard.figures.fits import Fit, efficiency_fits
from leaderboard.figures.heatmap import agreement_matrix, penalty_matrix
from leaderboard.figures.ranks import Ranked, rank_plot
from leaderboard.figures.styles import Style
from leaderboard.formatting import counted
from leaderboard.model import CriticalDifference, League, SettingTable
from leaderboard.undefined import Undefined

BANDS = "with 95 % bands (Student's t over seeds, clipped at the edge of the plot)"
NO_BANDS = "without bands, which need at least 3 seeds"


@dataclass(frozen=True)
class Label:
    """A method's name and style in all figures."""

    name: str
    style: Style


@dataclass(frozen=True)
class Picture:
    """One figure of the page."""

    kind: str
    """Kind of chart; the script draws those in ``figures.charts``."""
    key: str
    """Unique on the page; also the name of its file."""
    caption: str
    svg: str
    part: str = ""
    """Which of several of its kind: a metric, or a matrix's number."""


def setting_pictures(setting: SettingTable, labels: Mapping[str, Label]) -> Iterator[Picture]:
    """Curves, fits and classes of a setting, where it has them."""
    rows = [(labels[row.entrant], row) for row in setting.rows]
    curves = [Curve(label.name, label.style, row.curve) for label, row in rows if row.curve]
    full = setting.full_data.mean
    if curves:
        bands = any(point.low is not None for curve in curves for point in curve.points)
        against = f"Learning curves: mean over seeds {BANDS if bands else NO_BANDS}, against "
        for kind, words in (
            ("patches", "labelled patches."),
            ("foreground", "the fraction of pool foreground labelled."),
        ):
            caption = against + words
            svg = learning_curves(
                curves,
                "patches" if kind == "patches" else "foreground",
                full,
                _said(caption, setting),
            )
            yield Picture(kind, f"{setting.key}-{kind}", caption, svg)
    fits = [Fit(label.name, label.style, row.fit) for label, row in rows if row.fit]
    if fits:
        caption = "FG-Eff: the fit of each method; dots are single seeds and loops."
        yield Picture(
            "fits", f"{setting.key}-fits", caption, efficiency_fits(fits, _said(caption, setting))
        )
    classes = [Classes(label.name, label.style, row.classes) for label, row in rows if row.classes]
    if classes:
        caption = "Per-class Dice and labelled fraction after the final loop."
        svg = class_figures(classes, _said(caption, setting))
        yield Picture("classes", f"{setting.key}-classes", caption, svg)


def league_pictures(league: League, labels: Mapping[str, Label]) -> Iterator[Picture]:
    """Penalty matrices, ranks over settings and critical differences of a league."""
    relations = league.relations
    members = [labels[key] for key in relations.entrants]
    names = [label.name for label in members]
    penalties = () if isinstance(relations.penalties, Undefined) else relations.penalties
    for number, penalty in enumerate(penalties):
        caption = (
            f"Pairwise penalty matrix, {penalty.title}: percentage of loops in which the row's "
            "method beats the column's, averaged over settings."
        )
        svg = penalty_matrix(penalty, names, caption)
        yield Picture("penalty", f"{league.key}-penalty-{number}", caption, svg, str(number))
    settings = {setting.key: setting.name for setting in league.settings}
    titles = {column.name: column.title for column in league.columns}
    for metric, ranks in relations.ranks.items():
        keys = [key for key in settings if key in ranks]
        if not members or not keys[1:]:
            continue
        caption = f"Rank by {titles[metric]} in every setting."
        ranked = [
            Ranked(label.name, label.style, tuple(ranks[key][n] for key in keys))
            for n, label in enumerate(members)
        ]
        svg = rank_plot(ranked, [settings[key] for key in keys], caption)
        yield Picture("ranks", f"{league.key}-ranks-{metric}", caption, svg, metric)
    if not isinstance(relations.critical, Undefined):
        yield _critical(league, relations.critical, labels)
    if relations.agreements:
        compared = {key for item in relations.agreements for key in (item.first, item.second)}
        settings = {key: name for key, name in settings.items() if key in compared}
        caption = "Kendall's tau-b between the rankings of two settings by mean AUBC."
        svg = agreement_matrix(relations.agreements, settings, caption)
        yield Picture("agreement", f"{league.key}-agreement", caption, svg)


def _critical(league: League, critical: CriticalDifference, labels: Mapping[str, Label]) -> Picture:
    caption = (
        "Critical-difference diagram: mean ranks by AUBC (regardless of the table's sort order) "
        f"over N = {counted(critical.settings, 'setting')}; Friedman test p = "
        f"{critical.p_value:.2g}. A bar joins methods that the Nemenyi test at 0.05 cannot "
        "distinguish."
    )
    methods = [
        Placed(key, labels[key].name, rank)
        for key, rank in zip(league.relations.entrants, critical.mean_ranks, strict=True)
    ]
    svg = critical_difference(methods, critical.groups, critical.difference, caption)
    return Picture("critical", f"{league.key}-critical", caption, svg)


def _said(caption: str, setting: SettingTable) -> str:
    return f"{setting.name}. {caption}"
