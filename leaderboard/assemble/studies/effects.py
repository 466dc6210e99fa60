"""The effect of query size and of training length, method by method and setting by setting."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import combinations

import numpy as np

from leaderboard.assemble.cells import Cells
from leaderboard.metrics import (
    Difference,
    Sample,
    common_budgets,
    length_difference,
    mean,
    query_size_tau,
)
from leaderboard.metrics.reference import Reference
from leaderboard.metrics.registry import printed_by_seed
from leaderboard.metrics.runs import Runs
from leaderboard.model import League, LengthEffect, QuerySizeEffect, SettingTable, Value
from leaderboard.published.load import SEEDS
from leaderboard.undefined import Undefined, UndefinedMetricError

Sized = tuple[str, Runs, Reference]
"""Key of a setting, a method's experiments there, and the setting's reference."""
Figures = tuple[Mapping[str, Value], int]
"""Values by column, and the number of seeds behind them."""


def query_size_effects(settings: Iterable[Cells]) -> tuple[QuerySizeEffect, ...]:
    """Kendall's tau of every method and group of settings that differ only in the query size.

    AUBC is taken over the budgets that all these settings share; one point per size and seed. What
    is undefined is left out; so are published figures, which lack single seeds. Source: protocol
    section 6.
    """
    families: dict[str, dict[str, list[Sized]]] = defaultdict(lambda: defaultdict(list))
    for setting in sorted(settings, key=lambda setting: setting.key):
        for key, cell in setting.cells.items():
            if setting.key_ignoring_query_size and not isinstance(cell.runs, Undefined):
                sized = (setting.key, cell.runs, setting.reference)
                families[setting.key_ignoring_query_size][key].append(sized)
    return tuple(
        effect
        for _, entrants in sorted(families.items())
        for key, group in sorted(entrants.items())
        if len(group) > 1
        for effect in _query_size_effects(key, group)
    )


def _query_size_effects(entrant: str, group: Sequence[Sized]) -> Iterator[QuerySizeEffect]:
    try:
        shared = common_budgets([curve for _, runs, _ in group for curve in runs.curves])
    except UndefinedMetricError:
        return
    queries = tuple(runs.budgets[1] - runs.budgets[0] for _, runs, _ in group)
    sizes = [size for size, (_, runs, _) in zip(queries, group, strict=True) for _ in runs.seeds]
    for metric in printed_by_seed():
        try:
            values = [metric.by_seed(runs.at(shared), reference) for _, runs, reference in group]
            result = query_size_tau(sizes, np.concatenate(values).tolist())
        except UndefinedMetricError:
            continue
        yield QuerySizeEffect(
            entrant=entrant,
            settings=tuple(setting for setting, _, _ in group),
            metric=metric.name,
            tau=result.tau,
            p_value=result.p_value,
            points=len(sizes),
            sizes=queries,
            means=tuple(mean(each.tolist()) for each in values),
        )


def length_effects(leagues: Iterable[League]) -> tuple[LengthEffect, ...]:
    """Differences between leagues that differ in the training length, longer minus shorter.

    Of every method that is complete in both, with an unpaired t-test over seeds; computed from
    means and sample standard deviations, so published figures will do. Compared are settings with
    the same ``key_ignoring_epochs`` in comparable leagues of one group, protocol and nnU-Net.
    Source: protocol section 6.
    """
    by_epochs = sorted(leagues, key=lambda league: (league.epochs, league.track, league.key))
    return tuple(
        effect
        for short, long in combinations(by_epochs, 2)
        if _comparable(short, long)
        for effect in league_differences(short, long)
    )


def _comparable(short: League, long: League) -> bool:
    def versions(league: League) -> tuple[str, ...]:
        return (league.group, league.protocol, league.nnunet)

    return (
        short.comparable
        and long.comparable
        and short.epochs < long.epochs
        and versions(short) == versions(long)
    )


def league_differences(short: League, long: League) -> Iterator[LengthEffect]:
    """Second minus first, of every method in the settings that differ in the training alone."""
    longer = {
        setting.key_ignoring_epochs: setting
        for setting in long.settings
        if setting.key_ignoring_epochs
    }
    for setting in short.settings:
        other = longer.get(setting.key_ignoring_epochs)
        if other is not None:
            yield from _setting_effects(short, setting, long, other)


def _setting_effects(
    short: League, first: SettingTable, long: League, second: SettingTable
) -> Iterator[LengthEffect]:
    before, after = complete_figures(short, first), complete_figures(long, second)
    for method in before:
        if method not in after:
            continue
        for metric in printed_by_seed():
            result = difference(before[method], after[method], metric.name)
            if result is None:
                continue
            yield LengthEffect(
                method=method,
                leagues=(short.key, long.key),
                settings=(first.key, second.key),
                metric=metric.name,
                difference=result.difference,
                p_value=result.p_value,
                significant=result.significant,
            )


def difference(first: Figures, second: Figures, metric: str) -> Difference | None:
    """Second minus first with an unpaired t-test over seeds; None where it is undefined."""
    try:
        return length_difference(_sample(first, metric), _sample(second, metric))
    except UndefinedMetricError:
        return None


def complete_figures(league: League, setting: SettingTable) -> dict[str, Figures]:
    """Of the complete methods of a setting by id, in its order."""
    ids = {entrant.key: entrant.id for entrant in league.entrants}
    return {
        ids[row.entrant]: (row.values, len(row.seeds) or SEEDS)
        for row in setting.rows
        if row.status == "complete"
    }


def _sample(figures: Figures, metric: str) -> Sample:
    values, seeds = figures
    value = values[metric]
    if value.mean is None or value.spread is None:
        raise UndefinedMetricError(value.reason or "there is no spread over seeds")
    return Sample(value.mean, value.spread, seeds)
