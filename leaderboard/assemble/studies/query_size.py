"""Query size: rankings at different query sizes, and what smaller queries gain."""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations

from leaderboard.assemble.studies.effects import Figures, difference
from leaderboard.assemble.studies.family import (
    ALPHA,
    METRICS,
    MOST_LINES,
    Family,
    agreement,
    average,
    figures,
    means,
    place,
)
from leaderboard.assemble.studies.words import agreeing, gains
from leaderboard.model import (
    League,
    StudyCell,
    StudyChart,
    StudyLine,
    StudyPanel,
    StudyPart,
    StudyTable,
)

TIMES = "\N{MULTIPLICATION SIGN}"
PUBLISHED: Mapping[str, Fraction] = {
    "query_size_half": Fraction(1, 2),
    "query_size_same": Fraction(1),
    "query_size_double": Fraction(2),
}
"""Query size relative to the usual one, by the published study's name."""
BUDGETS = "AUBC is taken over the budgets that all query sizes share."
NEEDS_SEEDS = (
    "Kendall's tau between query size and performance needs single seeds, which the papers don't "
    "print; shown instead: the difference between the smallest and the largest queries."
)
Sizes = Mapping[Fraction, Mapping[str, float]]
"""Means by method, by relative query size in increasing order."""


@dataclass(frozen=True)
class _Figures:
    """Of one metric: everything by place."""

    sizes: Mapping[str, Sizes]
    effects: Mapping[str, Mapping[str, StudyCell]]
    """By place and method: positive where smaller queries are better."""


def query_size(family: Family) -> StudyPart | None:
    """Rankings at different query sizes, compared by Kendall's tau, and the effect by method."""
    found = {metric: _figures(family, metric) for metric in METRICS}
    if not any(each.sizes for each in found.values()):
        return None
    leagues = [league for league in family.leagues if _takes_part(league)]
    tables = [_agreements(found[metric], title) for metric, title in METRICS.items()]
    tables += [_effects(family, found[metric], title) for metric, title in METRICS.items()]
    return StudyPart(
        title=family.title,
        group=family.group,
        answer=_answer(found["aubc"]),
        leagues=tuple(league.key for league in leagues),
        tables=tuple(table for table in tables if table.rows),
        charts=tuple(_charts(family, found["aubc"])),
        notes=(BUDGETS, NEEDS_SEEDS) if family.published else (BUDGETS,),
        sources=family.sources(P1="tables 8, 9 and 10"),
    )


def _takes_part(league: League) -> bool:
    return bool(league.relations.query_sizes) or league.track in PUBLISHED


def _figures(family: Family, metric: str) -> _Figures:
    return _printed(family, metric) if family.published else _measured(family, metric)


def _printed(family: Family, metric: str) -> _Figures:
    """From one league for each query size."""
    leagues = {
        size: league
        for name, size in PUBLISHED.items()
        if (league := family.track(name)) is not None
    }
    sizes: dict[str, dict[Fraction, Mapping[str, float]]] = defaultdict(dict)
    every: dict[str, dict[Fraction, Mapping[str, Figures]]] = defaultdict(dict)
    for size, league in leagues.items():
        for setting in league.settings:
            sizes[place(setting)][size] = means(league, setting, metric)
            every[place(setting)][size] = figures(league, setting)
    effects: dict[str, dict[str, StudyCell]] = {}
    for name, by_size in every.items():
        small, large = by_size[min(by_size)], by_size[max(by_size)]
        if min(by_size) < max(by_size):
            effects[name] = {
                method: StudyCell(
                    result.difference, "%", result.p_value, result.significant, signed=True
                )
                for method in small
                if method in large
                and (result := difference(large[method], small[method], metric)) is not None
            }
    return _Figures({name: each for name, each in sizes.items() if len(each) > 1}, effects)


def _measured(family: Family, metric: str) -> _Figures:
    """From settings of one league that differ in the query size alone."""
    sizes: dict[str, dict[Fraction, dict[str, float]]] = {}
    effects: dict[str, dict[str, StudyCell]] = defaultdict(dict)
    varied = [league for league in family.leagues if league.relations.query_sizes]
    for league in varied:
        ids = {each.key: each.id for each in league.entrants}
        # Leagues are not mixed: methods of two tracks share no ranking.
        track = f" ({league.track})" if len(varied) > 1 else ""
        places = {setting.key: place(setting) + track for setting in league.settings}
        for effect in league.relations.query_sizes:
            if effect.metric != metric:
                continue
            name, method = places[effect.settings[0]], ids[effect.entrant]
            effects[name][method] = StudyCell(
                effect.tau, p_value=effect.p_value, significant=effect.p_value < ALPHA
            )
            ordered = sorted(zip(effect.sizes, effect.means, strict=True))
            usual = ordered[(len(ordered) - 1) // 2][0]
            for size, mean in ordered:
                by_size = sizes.setdefault(name, {})
                by_size.setdefault(Fraction(size, usual), {})[method] = mean
    return _Figures(sizes, effects)


def _agreements(found: _Figures, title: str) -> StudyTable:
    every = sorted({size for by_size in found.sizes.values() for size in by_size})
    rows = [
        (
            f"{_times(first)} and {_times(second)}",
            tuple(
                agreement(by_size[first], by_size[second])
                if first in by_size and second in by_size
                else None
                for by_size in found.sizes.values()
            ),
        )
        for first, second in combinations(every, 2)
    ]
    rows = [(name, cells) for name, cells in rows if any(cells)]
    if len(rows) > 1:
        columns = zip(*(cells for _, cells in rows), strict=True)
        rows.append(("Mean", tuple(average(column) for column in columns)))
    return StudyTable(
        title=f"{title}: Kendall's tau between the rankings at two query sizes",
        corner="Query sizes",
        columns=tuple(found.sizes),
        rows=tuple(rows),
        note=f"Bold: p < {ALPHA}, two-sided.",
    )


def _effects(family: Family, found: _Figures, title: str) -> StudyTable:
    methods = family.ordered(method for cells in found.effects.values() for method in cells)
    test = (
        f"{title} with the smallest queries minus {title} with the largest, in percentage points"
        if family.published
        else f"{title}: Kendall's tau with query size; positive: smaller queries are better"
    )
    kind = "unpaired t-test over seeds" if family.published else "over sizes and seeds"
    return StudyTable(
        title=test,
        corner="Method",
        columns=tuple(found.effects),
        rows=tuple(
            (
                family.names[method],
                tuple(cells.get(method) for cells in found.effects.values()),
            )
            for method in methods
        ),
        note=f"Bold: p < {ALPHA}, two-sided ({kind}).",
    )


def _answer(found: _Figures) -> str:
    cells = [cell for each in found.effects.values() for cell in each.values()]
    pairs = [
        cell
        for by_size in found.sizes.values()
        for first, second in combinations(by_size.values(), 2)
        if (cell := agreement(first, second)) is not None
    ]
    phrases = [f"smaller queries are {gains(cells)}"] if cells else []
    phrases += [f"the rankings at different query sizes {agreeing(pairs)}"] if pairs else []
    text = "; ".join(phrases)
    return f"By AUBC, {text}." if text else "No two query sizes can be compared."


def _charts(family: Family, found: _Figures) -> Iterator[StudyChart]:
    every = sorted({size for by_size in found.sizes.values() for size in by_size})
    panels = tuple(
        StudyPanel(name, tuple(_lines(family, by_size, every)))
        for name, by_size in found.sizes.items()
    )
    most = max((len(_methods(by_size)) for by_size in found.sizes.values()), default=0)
    yield StudyChart(
        title="AUBC by query size, relative to the usual one",
        places=tuple(_times(size) for size in every),
        axes=("Query size", "AUBC (%)"),
        panels=panels,
        left_out=f"Shown: the first {MOST_LINES} of {most} methods." if most > MOST_LINES else "",
    )


def _lines(family: Family, by_size: Sizes, every: Sequence[Fraction]) -> Iterator[StudyLine]:
    for method in family.ordered(_methods(by_size))[:MOST_LINES]:
        values = tuple(by_size.get(size, {}).get(method) for size in every)
        yield StudyLine(family.names[method], family.keys[method], values)


def _methods(by_size: Sizes) -> set[str]:
    return {method for means in by_size.values() for method in means}


def _times(size: Fraction) -> str:
    return f"{TIMES}{size}"
