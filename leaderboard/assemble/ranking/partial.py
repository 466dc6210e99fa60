"""Where methods that aren't complete stand over the settings that they have."""

from collections.abc import Mapping, Sequence
from functools import cache

import numpy as np

from leaderboard.assemble.cells import Cells
from leaderboard.formatting import ordinal
from leaderboard.metrics import ranks
from leaderboard.metrics.metric import Metric


def partial_places(
    entrants: Sequence[str],
    complete: Mapping[str, frozenset[str]],
    settings: Sequence[Cells],
    metric: Metric,
) -> dict[str, str]:
    """Places such as ``4th of 13 over the 3 of 5 settings it has``.

    A method's mean over the settings in which it is complete is compared with the means, over the
    same settings, of all methods that are complete in them.

    Args:
        entrants: keys of the methods that want a place.
        complete: as ``complete_settings`` returns it, of all methods.
        settings: of the table, at least one; with a single one there are no such places.
        metric: whose column the ranks follow.

    Returns:
        By method; without those that have no setting, no figure, or nobody to be compared with.
    """
    if len(settings) == 1 or not entrants:
        return {}
    keys = tuple(complete)
    there = np.array([[each.key in complete[key] for each in settings] for key in keys])
    means = np.array(
        [[metric.sign * _mean(each, key, metric.name) for each in settings] for key in keys]
    )

    @cache
    def standing(own: frozenset[str]) -> dict[str, str]:
        """Of all methods that are complete in some settings."""
        places = [place for place, each in enumerate(settings) if each.key in own]
        scores = means[:, places].mean(axis=1)
        rivals = np.flatnonzero(there[:, places].all(axis=1) & np.isfinite(scores)).tolist()
        found = ranks(scores[rivals].tolist())
        return {
            keys[rival]: f"{ordinal(rank)} of {len(rivals)} over the {len(places)} of "
            f"{len(settings)} settings it completed"
            for rival, rank in zip(rivals, found, strict=True)
            if len(rivals) > 1
        }

    return {
        key: place
        for key in entrants
        if complete.get(key) and (place := standing(complete[key]).get(key))
    }


def _mean(setting: Cells, key: str, column: str) -> float:
    cell = setting.cells.get(key)
    mean = None if cell is None else cell.values[column].mean
    return np.nan if mean is None else mean
