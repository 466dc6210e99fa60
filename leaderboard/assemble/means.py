"""An entrant's figures in a table: those of its only setting, or means over several."""

import math
from collections.abc import Sequence

from leaderboard.assemble.cells import Cell, Cells
from leaderboard.assemble.columns import FITS, SCORES
from leaderboard.formatting import plain
from leaderboard.metrics import NoAnswerError, mean, mean_over_settings
from leaderboard.model import Value


def means_of(entrant: str, settings: Sequence[Cells], names: Sequence[str]) -> dict[str, Value]:
    """Values by column of the entrant with that key.

    Args:
        entrant: its key.
        settings: one or more.
        names: of the columns that aren't relational.
    """
    if len(settings) == 1 and entrant in settings[0].cells:
        return {name: settings[0].cells[entrant].values[name] for name in names}
    return {name: _over_settings(entrant, settings, name) for name in names}


def _over_settings(entrant: str, settings: Sequence[Cells], name: str) -> Value:
    """Mean over settings; where one has no answer the mean has none."""
    cells = [setting.cells.get(entrant) for setting in settings]
    known = [cell for cell in cells if cell is not None and cell.values[name].mean is not None]
    if len(known) < len(cells):
        return Value(reason=_lacking(settings, cells, name))
    means = [cell.values[name].mean or 0.0 for cell in known]
    if name not in {*SCORES, *FITS}:
        return Value(mean(means))
    stds = [cell.stds.get(name, math.nan) for cell in known]
    try:
        interval = mean_over_settings(means, stds, [cell.seed_count for cell in known])
    except NoAnswerError as refusal:
        return Value(mean(means), reason=str(refusal))
    return Value(interval.mean, None, interval.low, interval.high)


def _lacking(settings: Sequence[Cells], cells: Sequence[Cell | None], name: str) -> str:
    """Why a mean over settings has no answer; a setting is named if it isn't so in all."""
    reasons = {
        setting.name: "no result" if cell is None else cell.values[name].reason or ""
        for setting, cell in zip(settings, cells, strict=True)
        if cell is None or cell.values[name].mean is None
    }
    there = {cell.values[name].reason for cell in cells if cell is not None}
    if len(there) == 1 and None not in there:
        return str(there.pop())
    first, reason = next(iter(reasons.items()))
    return plain(f"{first}: {reason}")
