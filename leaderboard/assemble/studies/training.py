"""Training length: 500 against 200 epochs, and against queries that the shorter training chose."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations
from statistics import median

from leaderboard.assemble.studies.effects import league_differences, length_effects
from leaderboard.assemble.studies.family import (
    ALPHA,
    METRICS,
    MOST_LINES,
    Family,
    agreement,
    means,
    place,
)
from leaderboard.assemble.studies.words import agreeing, gains, points
from leaderboard.model import (
    League,
    LengthEffect,
    SettingTable,
    StudyCell,
    StudyChart,
    StudyLine,
    StudyPanel,
    StudyPart,
    StudyTable,
)

INDEPENDENT = "random"
"""Methods of this kind query without a model, so that precomputed queries are their own."""
RANDOM = (
    "Random methods are left out where queries are precomputed: theirs don't depend on the "
    "training."
)
Pair = tuple[League, League]
Differences = Mapping[str, Mapping[str, StudyCell]]
"""By place, then method."""


def training(family: Family) -> StudyPart | None:
    """Differences between training lengths, and agreement of the rankings."""
    pairs = list(_pairs(family.leagues))
    if not pairs:
        return None
    found = [(pair, _effects(pair)) for pair in pairs]
    variants = _variants(pairs)
    titles = dict(zip((league.key for league in variants), _tracks(variants), strict=True))
    tables = [
        _differences(
            family, [titles[league.key] for league in pair], _cells(pair, effects, metric), metric
        )
        for pair, effects in found
        for metric in METRICS
    ]
    tables += [_agreements(variants, metric) for metric in METRICS]
    return StudyPart(
        title=family.title,
        group=family.group,
        answer=_answer(found, variants),
        leagues=tuple(league.key for league in variants),
        tables=tuple(table for table in tables if table.rows),
        charts=tuple(_charts(family, variants)),
        notes=(RANDOM,) if any(map(_precomputed, variants)) else (),
        sources=family.sources(P1="tables 11, 12 and 13", P2="table 8 (AMOS, 500 epochs)"),
    )


def _pairs(leagues: tuple[League, ...]) -> Iterator[Pair]:
    """Leagues with settings in common: shorter before longer, precomputed before own queries."""
    by_key = {league.key: league for league in leagues}
    lengths = dict.fromkeys(effect.leagues for effect in length_effects(leagues))
    pairs = [(by_key[short], by_key[long]) for short, long in lengths]
    yield from (pair for pair in pairs if not any(map(_precomputed, pair)))
    for first in filter(_precomputed, leagues):
        for second in leagues:
            same = first.epochs == second.epochs and not _precomputed(second)
            if same and any(league_differences(first, second)):
                yield first, second
    yield from (pair for pair in pairs if any(map(_precomputed, pair)))


def _precomputed(league: League) -> bool:
    """Whether a league's trainings are on the queries of another, shorter one."""
    return bool(league.queries_from)


def _variant(league: League) -> str:
    """Short name of a league's training."""
    return f"{league.epochs} epochs{' on precomputed queries' if _precomputed(league) else ''}"


def _tracks(leagues: Sequence[League]) -> list[str]:
    """Names of trainings, with the track where several have the same."""
    seen = Counter(map(_variant, leagues))
    return [
        _variant(league) + (f" ({league.track})" if seen[_variant(league)] > 1 else "")
        for league in leagues
    ]


def _variants(pairs: Iterable[Pair]) -> tuple[League, ...]:
    """All leagues of the pairs, from short to long, precomputed first."""
    every = {league.key: league for pair in pairs for league in pair}
    return tuple(
        sorted(every.values(), key=lambda league: (league.epochs, not _precomputed(league)))
    )


def _effects(pair: Pair) -> list[LengthEffect]:
    """Of methods whose queries may depend on the training, where they are precomputed."""
    every = league_differences(*pair)
    if not any(map(_precomputed, pair)):
        return list(every)
    return [effect for effect in every if not effect.method.startswith(INDEPENDENT)]


def _cells(pair: Pair, effects: Iterable[LengthEffect], metric: str) -> Differences:
    places = {setting.key: place(setting) for setting in pair[1].settings}
    found: dict[str, dict[str, StudyCell]] = {}
    for each in effects:
        if each.metric == metric:
            cell = StudyCell(each.difference, "%", each.p_value, each.significant, signed=True)
            found.setdefault(places[each.settings[1]], {})[each.method] = cell
    return found


def _differences(
    family: Family, titles: Sequence[str], cells: Differences, metric: str
) -> StudyTable:
    methods = family.ordered(method for each in cells.values() for method in each)
    first, second = titles
    return StudyTable(
        title=f"{METRICS[metric]}: {second} minus {first}, in percentage points",
        corner="Method",
        columns=tuple(cells),
        rows=tuple(
            (family.names[method], tuple(each.get(method) for each in cells.values()))
            for method in methods
        ),
        note=f"Bold: p < {ALPHA}, two-sided unpaired t-test over seeds.",
    )


def _shared(variants: tuple[League, ...]) -> dict[str, list[tuple[League, SettingTable]]]:
    """Settings that every variant has, by place."""
    found: dict[str, list[tuple[League, SettingTable]]] = {}
    for league in variants:
        for setting in league.settings:
            if setting.key_ignoring_epochs:
                found.setdefault(setting.key_ignoring_epochs, []).append((league, setting))
    return {place(each[0][1]): each for each in found.values() if len(each) == len(variants)}


def _agreements(variants: tuple[League, ...], metric: str) -> StudyTable:
    """Over the methods that every variant has in a setting."""
    shared = _shared(variants)
    columns = {}
    for name, places in shared.items():
        scores = [means(league, setting, metric) for league, setting in places]
        common = [method for method in scores[0] if all(method in each for each in scores)]
        columns[name] = [{method: each[method] for method in common} for each in scores]
    rows, names = [], _tracks(variants)
    for first, second in combinations(range(len(variants)), 2):
        cells = tuple(agreement(each[first], each[second]) for each in columns.values())
        if any(cells):
            rows.append((f"{names[first]} and {names[second]}", cells))
    return StudyTable(
        title=f"{METRICS[metric]}: Kendall's tau between the rankings of two training lengths",
        corner="Trainings",
        columns=tuple(columns),
        rows=tuple(rows),
        note=f"Over the methods common to all training lengths. Bold: p < {ALPHA}, two-sided.",
    )


def _answer(found: Iterable[tuple[Pair, list[LengthEffect]]], variants: tuple[League, ...]) -> str:
    phrases = []
    for pair, effects in found:
        by_place = _cells(pair, effects, "aubc")
        cells = [cell for each in by_place.values() for cell in each.values()]
        if not cells or _precomputed(pair[1]):
            continue
        middle = points(median(cell.value for cell in cells))
        what = (
            "queries made with the longer training instead of precomputed ones"
            if _precomputed(pair[0])
            else f"{pair[1].epochs} instead of {pair[0].epochs} epochs"
        )
        phrases.append(f"{what} are {gains(cells)} (median {middle})")
    taus = [cell for _, cells in _agreements(variants, "aubc").rows for cell in cells if cell]
    phrases += [f"the rankings {agreeing(taus)}"] if taus else []
    return (
        f"By AUBC, {'; '.join(phrases)}." if phrases else "No two training lengths can be compared."
    )


def _charts(family: Family, variants: tuple[League, ...]) -> Iterator[StudyChart]:
    shared = _shared(variants)
    panels, most = [], 0
    for name, places in shared.items():
        scores = [means(league, setting, "aubc") for league, setting in places]
        seen = Counter(method for each in scores for method in each)
        methods = family.ordered(method for method, number in seen.items() if number > 1)
        most = max(most, len(methods))
        panels.append(
            StudyPanel(
                name,
                tuple(
                    StudyLine(
                        family.names[method],
                        family.keys[method],
                        tuple(each.get(method) for each in scores),
                    )
                    for method in methods[:MOST_LINES]
                ),
            )
        )
    if panels:
        yield StudyChart(
            title="AUBC by training",
            places=tuple(
                name.replace(" epochs", "").replace(" on precomputed queries", " (precomputed)")
                for name in _tracks(variants)
            ),
            axes=("Epochs", "AUBC (%)"),
            panels=tuple(panels),
            left_out=f"Shown: the first {MOST_LINES} of {most} methods."
            if most > MOST_LINES
            else "",
        )
