"""Patch size: rankings with the query patch and with half of it."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

from leaderboard.assemble.studies.effects import Figures, difference
from leaderboard.assemble.studies.family import (
    ALPHA,
    METRICS,
    MOST_LINES,
    USUAL_PATCH,
    Family,
    figures,
    means,
    place,
    tau,
)
from leaderboard.assemble.studies.words import agreeing, gains, points
from leaderboard.formatting import counted
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
from leaderboard.published.rows import methods_of

ROLES = (USUAL_PATCH, "half patch")
EFFORT = (
    "Queries have the same number of patches at both sizes, so half patches label about an eighth "
    "as many voxels."
)
ALL = "All settings"


@dataclass(frozen=True)
class _Pair:
    """A place with both patch sizes."""

    dataset: str
    name: str
    sides: tuple[tuple[League, SettingTable], ...]
    """In the order of ``ROLES``."""

    @cached_property
    def figures(self) -> list[Mapping[str, Figures]]:
        """Of the complete methods, one mapping per patch size."""
        return [figures(league, setting) for league, setting in self.sides]

    @cached_property
    def scores(self) -> Mapping[str, list[Mapping[str, float]]]:
        """By metric: means by method, one mapping per patch size."""
        return {metric: [means(*side, metric) for side in self.sides] for metric in METRICS}


def patch_size(family: Family) -> StudyPart | None:
    """Kendall's tau between mean ranks with either patch, and what the half patch changes."""
    pairs = list(_pairs(family.leagues))
    cohorts = [each for each in _cohorts(family, pairs) if len(each) > 1]
    if not cohorts:
        return None
    everyone = cohorts[-1]
    agreements = _agreements(pairs, cohorts)
    changes, counted_cells = _changes(family, pairs, everyone)
    overall = [cells[0] for name, cells in agreements.rows if name.startswith("AUBC") and cells[0]]
    centre = mean([cell.value for cell in counted_cells["aubc"]] or [0.0])
    change = gains(counted_cells["aubc"])
    phrases = [f"compared with the query patch, the half patch is {change} (mean {points(centre)})"]
    phrases += [f"mean ranks with the two patch sizes {agreeing(overall[-1:])}"] if overall else []
    return StudyPart(
        title=family.title,
        group=family.group,
        answer=f"By AUBC, {'; '.join(phrases)}.",
        leagues=tuple(dict.fromkeys(side[0].key for pair in pairs for side in pair.sides)),
        tables=(agreements, changes),
        charts=(_chart(family, pairs, everyone),),
        notes=(EFFORT,),
        sources=family.sources(P1="tables 6, 15, 16 and 17", P2="tables 6 and 7"),
    )


def _pairs(leagues: Sequence[League]) -> Iterator[_Pair]:
    """Places that have both patch sizes, in settings that differ in nothing else."""
    found: dict[str, dict[str, tuple[League, SettingTable]]] = {}
    for league in leagues:
        for setting in league.settings:
            if setting.patch_role in ROLES and setting.key_ignoring_patch:
                sides = found.setdefault(setting.key_ignoring_patch, {})
                # A league with both patches comes before leagues with one.
                if (
                    setting.patch_role not in sides
                    or len({each.patch_role for each in league.settings}) > 1
                ):
                    sides[setting.patch_role] = (league, setting)
    for sides in found.values():
        if len(sides) == len(ROLES):
            both = tuple(sides[role] for role in ROLES)
            yield _Pair(both[0][1].dataset, place(both[0][1]), both)


def _cohorts(family: Family, pairs: Sequence[_Pair]) -> list[tuple[str, ...]]:
    """Methods with both patches everywhere: those of the first paper alone, then all."""
    if not pairs:
        return []
    every = [scores for pair in pairs for scores in pair.scores["aubc"]]
    common = tuple(method for method in every[0] if all(method in each for each in every))
    first = tuple(method for method in common if method in methods_of("P1"))
    common = tuple(family.ordered(common))
    return [first, common] if family.published and len(first) < len(common) else [common]


def _mean_ranks(pairs: Sequence[_Pair], methods: Sequence[str], metric: str) -> list[list[float]]:
    """Mean rank of each method over the pairs, one list per patch size."""
    sides = []
    for number in range(len(ROLES)):
        table = [
            ranks([pair.scores[metric][number][method] for method in methods]) for pair in pairs
        ]
        sides.append([mean(column) for column in zip(*table, strict=True)])
    return sides


def _agreements(pairs: Sequence[_Pair], cohorts: Sequence[tuple[str, ...]]) -> StudyTable:
    datasets = list(dict.fromkeys(pair.dataset for pair in pairs))
    groups = [pairs, *([pair for pair in pairs if pair.dataset == name] for name in datasets)]
    rows = []
    for metric, title in METRICS.items():
        for methods in cohorts:
            cells = tuple(tau(*_mean_ranks(group, methods, metric)) for group in groups)
            rows.append((f"{title}, {counted(len(methods), 'method')}", cells))
    return StudyTable(
        title="Kendall's tau between mean ranks with the query patch and with the half patch",
        corner="Metric",
        columns=(ALL, *datasets),
        rows=tuple(rows),
        note=f"Mean ranks are over settings. Bold: p < {ALPHA}, two-sided.",
    )


def _changes(
    family: Family, pairs: Sequence[_Pair], methods: Sequence[str]
) -> tuple[StudyTable, dict[str, list[StudyCell]]]:
    """Half patch minus query patch by method, and all differences by metric."""
    every: dict[str, list[StudyCell]] = {metric: [] for metric in METRICS}
    rows = []
    for method in methods:
        cells: list[StudyCell | None] = []
        for metric in METRICS:
            found = list(_differences(pairs, method, metric))
            every[metric] += found
            centre = mean([each.value for each in found]) if found else None
            better = sum(each.significant and each.value > 0 for each in found)
            worse = sum(each.significant and each.value < 0 for each in found)
            cells += [
                None if centre is None else StudyCell(centre, "%", signed=True),
                StudyCell(better, "whole"),
                StudyCell(worse, "whole"),
            ]
        rows.append((family.names[method], tuple(cells)))
    columns = tuple(
        text
        for title in METRICS.values()
        for text in (f"{title}, mean difference", "settings better", "settings worse")
    )
    note = (
        f"Over {counted(len(pairs), 'setting')}. Better, worse: p < {ALPHA} in a two-sided "
        "unpaired t-test over seeds."
    )
    title = "Half patch minus query patch, in percentage points"
    return StudyTable(title, "Method", columns, tuple(rows), note), every


def _differences(pairs: Sequence[_Pair], method: str, metric: str) -> Iterator[StudyCell]:
    for pair in pairs:
        query, half = pair.figures
        if method in query and method in half:
            found = difference(query[method], half[method], metric)
            if found is not None:
                yield StudyCell(
                    found.difference, "%", found.p_value, found.significant, signed=True
                )


def _chart(family: Family, pairs: Sequence[_Pair], methods: Sequence[str]) -> StudyChart:
    panels = []
    for metric, title in METRICS.items():
        both = zip(methods, *_mean_ranks(pairs, methods, metric), strict=True)
        best = sorted(both, key=lambda each: each[1] + each[2])[:MOST_LINES]
        lines = (
            StudyLine(family.names[method], family.keys[method], (query, half))
            for method, query, half in best
        )
        panels.append(StudyPanel(title, tuple(lines)))
    return StudyChart(
        title="Mean rank with each patch size",
        places=ROLES,
        axes=("", "Mean rank"),
        panels=tuple(panels),
        ranks=True,
        left_out=f"Shown: the {MOST_LINES} best of {len(methods)} methods."
        if len(methods) > MOST_LINES
        else "",
    )
