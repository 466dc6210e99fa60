"""Roll-out: ranks on new datasets beside those on the datasets of development."""

from collections.abc import Mapping, Sequence

from leaderboard.assemble.roles import ROLLOUT
from leaderboard.assemble.studies.family import ALPHA, METRICS, MOST_LINES, Family, means, tau
from leaderboard.assemble.studies.words import listed_names
from leaderboard.formatting import counted, shown
from leaderboard.metrics import mean, ranks
from leaderboard.model import (
    League,
    SettingTable,
    StudyCell,
    StudyChart,
    StudyLine,
    StudyPanel,
    StudyPart,
    StudyTable,
)

DEVELOPMENT = ("full", "main")
"""Tracks on the datasets of development; the first that exists counts."""
SIDES = ("development", "roll-out")
Ranks = Mapping[str, Sequence[int]]
"""By method, one a setting."""


def rollout(family: Family) -> StudyPart | None:
    """Mean ranks among the methods that both have, and Kendall's tau between them."""
    new = family.track(ROLLOUT)
    old = next((league for name in DEVELOPMENT if (league := family.track(name))), None)
    if new is None or old is None or new.epochs != old.epochs:
        return None
    methods = _common([old, new])
    if len(methods) < 2:  # noqa: PLR2004
        return None
    found = {
        metric: (_ranks(old, methods, metric), _ranks(new, methods, metric)) for metric in METRICS
    }
    return StudyPart(
        title=family.title,
        group=family.group,
        answer=_answer(family, *found["aubc"]),
        leagues=(old.key, new.key),
        tables=tuple(
            _table(family, new, title, *found[metric]) for metric, title in METRICS.items()
        ),
        charts=(_chart(family, found),),
        sources=family.sources(P2="tables 6, 7 and 9"),
    )


def _settings(league: League) -> list[SettingTable]:
    """Those that the main table compares."""
    compared = set(league.views[0].settings)
    return [setting for setting in league.settings if setting.key in compared]


def _common(leagues: Sequence[League]) -> list[str]:
    every = [means(league, each, "aubc") for league in leagues for each in _settings(league)]
    return [method for method in every[-1] if all(method in scores for scores in every)]


def _ranks(league: League, methods: Sequence[str], metric: str) -> Ranks:
    scores = [means(league, setting, metric) for setting in _settings(league)]
    table = [ranks([each[method] for method in methods]) for each in scores]
    return dict(zip(methods, zip(*table, strict=True), strict=True))


def _table(family: Family, new: League, title: str, before: Ranks, after: Ranks) -> StudyTable:
    order = sorted(after, key=lambda method: (mean(after[method]), mean(before[method])))
    rows = [
        (
            family.names[method],
            (
                StudyCell(mean(before[method])),
                StudyCell(mean(after[method])),
                *(StudyCell(rank, "whole") for rank in after[method]),
            ),
        )
        for method in order
    ]
    numbers = [len(next(iter(side.values()))) for side in (before, after)]
    note = f"Mean ranks, and the rank on each dataset, among {counted(len(order), 'method')}."
    both = _tau(before, after)
    if both is not None and both.p_value is not None:
        note += (
            f" Kendall's tau between the mean ranks: {shown(both.value, '')}, p = "
            f"{both.p_value:.2f}, two-sided"
            + (f" (significant at {ALPHA})." if both.significant else ".")
        )
    return StudyTable(
        title=f"Rank by {title} on the development and roll-out datasets",
        corner="Method",
        columns=(
            f"Development ({counted(numbers[0], 'setting')})",
            f"Roll-out ({counted(numbers[1], 'setting')})",
            *(setting.dataset for setting in _settings(new)),
        ),
        rows=tuple(rows),
        note=note,
    )


def _tau(before: Ranks, after: Ranks) -> StudyCell | None:
    return tau([mean(before[each]) for each in before], [mean(after[each]) for each in before])


def _best(found: Ranks) -> list[str]:
    lowest = min(map(mean, found.values()))
    return [method for method, each in found.items() if mean(each) == lowest]


def _answer(family: Family, before: Ranks, after: Ranks) -> str:
    old, new = _best(before), _best(after)
    names = [listed_names([family.names[method] for method in best]) for best in (old, new)]
    text = (
        f"By AUBC, {names[0]} has the best mean rank on both the development and the roll-out "
        "datasets"
        if old == new
        else f"By AUBC, {names[0]} has the best mean rank on the development datasets and "
        f"{names[1]} on the roll-out datasets"
    )
    both = _tau(before, after)
    if both is None or both.p_value is None:
        return f"{text}."
    proven = "" if both.significant else ", which is not significant"
    return (
        f"{text}; Kendall's tau between the two rankings of {counted(len(before), 'method')} is "
        f"{shown(both.value, '')} (p = {both.p_value:.2f}){proven}."
    )


def _chart(family: Family, found: Mapping[str, tuple[Ranks, Ranks]]) -> StudyChart:
    panels = []
    for metric, sides in found.items():
        best = sorted(sides[1], key=lambda method: mean(sides[1][method]))[:MOST_LINES]
        lines = (
            StudyLine(
                family.names[method],
                family.keys[method],
                tuple(mean(side[method]) for side in sides),
            )
            for method in best
        )
        panels.append(StudyPanel(METRICS[metric], tuple(lines)))
    number = len(found["aubc"][0])
    return StudyChart(
        title="Mean rank on the development and roll-out datasets",
        places=SIDES,
        axes=("", "Mean rank"),
        panels=tuple(panels),
        ranks=True,
        left_out=f"Shown: the {MOST_LINES} best of {number} methods."
        if number > MOST_LINES
        else "",
    )
