"""Noise: what a method's beta changes; the smaller, the more noise."""

import math
import re
from collections.abc import Iterator, Mapping

from leaderboard.assemble.entrants import title_of
from leaderboard.assemble.studies.family import ALPHA, METRICS, Family, means, place, tau
from leaderboard.assemble.studies.words import gains, listed_names
from leaderboard.formatting import counted
from leaderboard.model import (
    Entrant,
    League,
    StudyCell,
    StudyChart,
    StudyLine,
    StudyPanel,
    StudyPart,
    StudyTable,
)

PARAMETER = "beta"
NOISELESS = {"power_bald": "bald", "power_pe": "predictive_entropy"}
"""What a method is without noise."""
FEWEST = 3
"""Values of beta that make a study."""
Betas = Mapping[float, str]
"""Method by beta, ascending."""


def noise(family: Family) -> StudyPart | None:
    """AUBC and Final Dice by beta, and Kendall's tau with beta."""
    found = [(league, *each) for league in family.leagues for each in _varied(league)]
    if not found:
        return None
    tables, charts, answers = [], [], []
    for league, base, betas in found:
        own = [_table(league, base, betas, metric) for metric in METRICS]
        tables += own
        charts += list(_charts(league, base, betas))
        answers.append(_answer(league, base, betas, own[0]))
    return StudyPart(
        title=family.title,
        group=family.group,
        answer=" ".join(answers),
        leagues=tuple(dict.fromkeys(league.key for league, *_ in found)),
        tables=tuple(tables),
        charts=tuple(charts),
        sources=family.sources(P1="table 14"),
    )


def _varied(league: League) -> Iterator[tuple[str, Betas]]:
    """Built-in methods of a league with at least three values of beta."""
    by_base: dict[str, dict[float, str]] = {}
    for each in league.entrants:
        beta = _beta(each)
        if beta is not None:
            by_base.setdefault(_base(each), {})[beta] = each.id
    ids = {each.id for each in league.entrants}
    for base, betas in by_base.items():
        plain = NOISELESS.get(base)
        if len(betas) >= FEWEST:
            if plain in ids:
                betas.setdefault(math.inf, plain)
            yield base, dict(sorted(betas.items()))


def _base(entrant: Entrant) -> str:
    found = re.match(r"\w+", entrant.id)
    return found.group() if found else entrant.id


def _beta(entrant: Entrant) -> float | None:
    if "submission" in entrant.badges:
        return None
    try:
        value = float(entrant.parameters[PARAMETER])
    except (KeyError, ValueError):
        return None
    return None if math.isnan(value) else value


def _text(beta: float) -> str:
    return "\N{INFINITY}" if math.isinf(beta) else f"{beta:g}"


def _table(league: League, base: str, betas: Betas, metric: str) -> StudyTable:
    scores = [(place(setting), means(league, setting, metric)) for setting in league.settings]
    rows: list[tuple[str, tuple[StudyCell | None, ...]]] = [
        (
            f"beta = {_text(beta)}",
            tuple(StudyCell(each[method], "%") if method in each else None for _, each in scores),
        )
        for beta, method in betas.items()
    ]
    taus = tuple(_trend(betas, each) for _, each in scores)
    rows.append(("Kendall's tau with beta", taus))
    return StudyTable(
        title=f"{METRICS[metric]} of {title_of(base)} by beta",
        corner="Noise",
        columns=tuple(name for name, _ in scores),
        rows=tuple(rows),
        note="Smaller beta: more noise; beta = \N{INFINITY}: none. A positive tau means that less "
        f"noise is better; bold: p < {ALPHA}, two-sided, over the means.",
    )


def _trend(betas: Betas, scores: Mapping[str, float]) -> StudyCell | None:
    known = [place for place, method in enumerate(betas.values()) if method in scores]
    methods = list(betas.values())
    return tau([*map(float, known)], [scores[methods[each]] for each in known])


def _answer(league: League, base: str, betas: Betas, table: StudyTable) -> str:
    """Where noise helps, by AUBC."""
    taus = [cell for cell in table.rows[-1][1] if cell is not None]
    wins: dict[str, int] = {}
    for setting in league.settings:
        scores = means(league, setting, "aubc")
        known = [(scores[method], beta) for beta, method in betas.items() if method in scores]
        if known:
            best = _text(max(known)[1])
            wins[best] = wins.get(best, 0) + 1
    most = max(wins.values(), default=0)
    leaders = listed_names([beta for beta, number in wins.items() if number == most])
    return (
        f"By AUBC, less noise in {title_of(base)} is {gains(taus, 'setting')}; the best beta is "
        f"most often {leaders} ({most} of {counted(len(league.settings), 'setting')})."
    )


def _charts(league: League, base: str, betas: Betas) -> Iterator[StudyChart]:
    panels: dict[str, list[StudyLine]] = {}
    for setting in league.settings:
        scores = means(league, setting, "aubc")
        values = tuple(scores.get(method) for method in betas.values())
        panels.setdefault(setting.dataset, []).append(StudyLine(setting.regime, "", values))
    yield StudyChart(
        title=f"AUBC of {title_of(base)} by beta",
        places=tuple(map(_text, betas)),
        axes=("beta", "AUBC (%)"),
        panels=tuple(StudyPanel(name, tuple(lines)) for name, lines in panels.items()),
    )
