"""Ranks over all settings of the main study, by every metric (P2's figure 4)."""

from collections.abc import Mapping

from leaderboard.assemble.studies.family import ALPHA, Family, tau
from leaderboard.assemble.studies.patch_size import ROLES
from leaderboard.assemble.studies.rollout import DEVELOPMENT
from leaderboard.assemble.studies.words import listed_names
from leaderboard.formatting import counted, shown
from leaderboard.metrics import mean
from leaderboard.model import (
    League,
    SettingTable,
    StudyCell,
    StudyPart,
    StudyTable,
    Value,
)

FEWEST = 2
"""Settings and methods of a comparison."""
PLOTTED = "The rank in every setting is plotted with the ranking itself."


def overall(family: Family) -> StudyPart | None:
    """Mean rank by metric with its standard error, over all settings and by patch size."""
    league = next((found for name in DEVELOPMENT if (found := family.track(name))), None)
    if league is None:
        return None
    settings = {setting.key: setting for setting in league.settings}
    relations = league.relations
    number = len(next(iter(relations.ranks.values()), {}))
    if min(len(relations.entrants), number) < FEWEST:
        return None
    titles = {column.name: column.title for column in league.columns}
    known = {
        metric: found
        for metric, found in relations.mean_ranks.items()
        if any(value.mean is not None for value in found)
    }
    return StudyPart(
        title=family.title,
        group=family.group,
        answer=_answer(family, league, known, titles),
        leagues=(league.key,),
        tables=(_table(family, league, settings, known, titles),),
        notes=(PLOTTED,),
        sources=family.sources(P2="figure 4, from tables 6 and 7"),
    )


def _names(family: Family, league: League) -> list[str]:
    ids = {each.key: each.id for each in league.entrants}
    return [family.names[ids[key]] for key in league.relations.entrants]


def _table(
    family: Family,
    league: League,
    settings: Mapping[str, SettingTable],
    known: Mapping[str, tuple[Value, ...]],
    titles: Mapping[str, str],
) -> StudyTable:
    relations = league.relations
    columns: dict[str, list[StudyCell | None]] = {
        f"{titles[metric]}, all settings": [
            None if value.mean is None else StudyCell(value.mean, spread=value.spread)
            for value in values
        ]
        for metric, values in known.items()
    }
    for role in ROLES:
        kept = [
            places
            for key, places in relations.ranks["aubc"].items()
            if settings[key].patch_role == role
        ]
        if FEWEST <= len(kept) < len(relations.ranks["aubc"]):
            columns[f"AUBC, {role}"] = [_mean(ranks) for ranks in zip(*kept, strict=True)]
    rows = zip(_names(family, league), zip(*columns.values(), strict=True), strict=True)
    number = len(relations.ranks["aubc"])
    return StudyTable(
        title=f"Mean rank over {counted(number, 'setting')}",
        corner="Method",
        columns=tuple(columns),
        rows=tuple(rows),
        note=f"\N{PLUS-MINUS SIGN} standard error over settings; ranks are among these "
        f"{counted(len(relations.entrants), 'method')}.",
    )


def _mean(ranks: tuple[int | None, ...]) -> StudyCell | None:
    known = [rank for rank in ranks if rank is not None]
    return StudyCell(mean(known)) if len(known) == len(ranks) else None


def _answer(
    family: Family,
    league: League,
    known: Mapping[str, tuple[Value, ...]],
    titles: Mapping[str, str],
) -> str:
    names = _names(family, league)
    best: dict[str, list[str]] = {}
    for metric, values in known.items():
        means = [value.mean for value in values]
        lowest = min(each for each in means if each is not None)
        leaders = listed_names([names[n] for n, each in enumerate(means) if each == lowest])
        best.setdefault(leaders, []).append(titles[metric])
    parts = [f"{who} has the best mean rank by {listed_names(by)}" for who, by in best.items()]
    text = "; ".join(parts)
    first, second = (known.get(metric, ()) for metric in ("aubc", "final_dice"))
    both = [(a.mean, b.mean) for a, b in zip(first, second, strict=False)]
    pairs = [(a, b) for a, b in both if a is not None and b is not None]
    if len(pairs) < FEWEST:
        return f"{text}."
    agreement = tau([a for a, _ in pairs], [b for _, b in pairs])
    if agreement is None or agreement.p_value is None:
        return f"{text}."
    proven = f"significant at {ALPHA}" if agreement.significant else f"not significant at {ALPHA}"
    return (
        f"{text}; mean ranks by AUBC and by Final Dice have a Kendall's tau of "
        f"{shown(agreement.value, '')} ({proven})."
    )
