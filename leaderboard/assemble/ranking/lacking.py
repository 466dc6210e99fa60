"""What a table can't show, and why: each reason once, in a sentence."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from leaderboard.formatting import counted, joined, plain
from leaderboard.metrics.metric import Metric
from leaderboard.model import Row, Value

FEW_SEEDS = re.compile(r"needs at least \d+ seeds")
"""Occurs in all reasons that come down to too few seeds."""
UNRANKED = "not ranked: "
"""Begins the reason of a method that isn't ranked; its row says the rest."""
NAMED = 3
"""Methods that are named, where not all lack a figure."""


@dataclass
class _Lack:
    """What one reason keeps from a table."""

    figures: dict[str, None] = field(default_factory=dict)
    """Titles of columns without a value, in order."""
    spreads: dict[str, None] = field(default_factory=dict)
    """Titles of columns whose values have neither spread nor interval."""
    rows: dict[str, None] = field(default_factory=dict)
    """Keys of the methods that it concerns."""


def lacking(
    metrics: Sequence[Metric],
    rows: Sequence[Row],
    names: Mapping[str, str],
    of_all: Mapping[str, str] | None = None,
) -> tuple[str, ...]:
    """One sentence for each reason.

    ``One seed: no interval for AUBC and Final Dice; no rank interval, PPM wins or PPM losses.``
    Rows of methods that aren't complete say themselves what they lack; only if there are no others
    are they counted here.

    Args:
        metrics: the columns.
        rows: of the table.
        names: of the methods, by key.
        of_all: why the table as a whole lacks a figure, by the figure.
    """
    told = [row for row in rows if row.rank is not None or row.status == "complete"] or rows
    found: dict[str, _Lack] = {}
    for row in told:
        if row.rank is not None and row.rank_reason:
            lack = found.setdefault(_reason(row.rank_reason, row), _Lack())
            lack.figures["rank interval"] = lack.rows[row.entrant] = None
    for metric in metrics:
        for row in told:
            value = row.values.get(metric.name, Value())
            if value.reason:
                lack = found.setdefault(_reason(value.reason, row), _Lack())
                titles = lack.figures if value.mean is None else lack.spreads
                titles[metric.title] = lack.rows[row.entrant] = None
    for figure, reason in (of_all or {}).items():
        lack = found.setdefault(_reason(reason, told[0]), _Lack())
        lack.figures[figure] = None
        lack.rows |= dict.fromkeys(row.entrant for row in told)
    return tuple(
        _sentence(reason, lack, [names[key] for key in lack.rows] if _few(lack, told) else [])
        for reason, lack in found.items()
    )


def _few(lack: _Lack, rows: Sequence[Row]) -> bool:
    return len(lack.rows) < len(rows) and len(lack.rows) <= NAMED


def _reason(reason: str, row: Row) -> str:
    """The reason as it begins a sentence; those of too few seeds are one."""
    if reason.startswith(UNRANKED):
        return "no method is ranked"
    if not FEW_SEEDS.search(reason):
        return reason
    seeds = len(row.seeds)
    return "too few seeds" if not seeds else "one seed" if seeds == 1 else counted(seeds, "seed")


def _sentence(reason: str, lack: _Lack, names: Sequence[str]) -> str:
    parts = []
    if lack.spreads:
        parts.append(f"no interval for {joined(lack.spreads)}")
    if lack.figures:
        parts.append(f"no {joined(lack.figures, 'or')}")
    whose = f" ({joined(names)})" if names else ""
    # A reason of one setting begins with the setting's name.
    start = reason if ": " in reason else f"{reason[0].upper()}{reason[1:]}"
    return plain(f"{start}{whose}: {'; '.join(parts)}.", limit=1000)
