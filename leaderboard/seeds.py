"""How many seeds a run needs: the noise over seeds, and what a comparison can find in it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import median

import numpy as np

from leaderboard.metrics.power import (
    NO_NOISE,
    detectable_difference,
    paired_spread,
    unpaired_spread,
)
from leaderboard.model import Board, League
from leaderboard.published import studies
from nnactive.errors import UserError
from nnactive.settings import Setting

SEEDS = range(2, 11)
"""That a table shows."""
MOST = 50
"""Seeds that nobody will exceed."""


@dataclass(frozen=True)
class Noise:
    """How much the difference of two methods varies over seeds in a setting."""

    setting: str
    spread: float
    """Standard deviation of one seed's difference, in percentage points."""


@dataclass(frozen=True)
class Detectable:
    """Smallest differences that are found with a number of seeds, in percentage points."""

    seeds: int
    mean: float
    """Between means over all settings."""
    median: float
    """In a single setting, the median of all."""
    worst: float
    """In the setting with the most noise."""


def known_noise(settings: Sequence[Setting], sd: float) -> list[Noise]:
    """From a standard deviation of each method's score over seeds, in percentage points."""
    return [Noise(setting.name, unpaired_spread([sd])) for setting in settings]


def published_noise(settings: Sequence[Setting], metric: str) -> list[Noise]:
    """From the papers' standard deviations over seeds, pooled over their methods.

    Single seeds aren't published, so two methods count as if they shared nothing: their seeds'
    differences vary no more than that, as long as methods that share a seed do well together.

    Args:
        settings: compared ones, of the papers' training.
        metric: ``aubc`` or ``final_dice``.

    Raises:
        UserError: The papers have no such setting.
    """
    return [Noise(setting.name, _published(setting, metric)) for setting in settings]


def _compared(setting: Setting) -> tuple[object, ...]:
    chosen = (setting.query_size, setting.queries, setting.annotator)
    return (setting.name, setting.training, *chosen)


def _published(setting: Setting, metric: str) -> float:
    for study in studies():
        for known in study.settings:
            same = _compared(known.measured) == _compared(setting)
            stds = [
                row.spread
                for row in study.rows
                if same and (row.setting, row.metric) == (known.name, metric)
            ]
            if stds:
                return unpaired_spread(stds)
    raise UserError(
        f"{setting.name}: the papers publish no spread for this setting and training; give one "
        "with --sd, or name your own results with --results"
    )


def measured_noise(
    settings: Sequence[Setting], metric: str, track: str, board: Board
) -> list[Noise]:
    """From results: of methods that were run with the same seeds, the differences themselves.

    Args:
        settings: compared ones.
        metric: ``aubc`` or ``final_dice``.
        track: whose results count.
        board: of the results.

    Raises:
        UserError: A setting lacks two methods with two common seeds.
    """
    leagues = [league for league in board.leagues if league.track == track]
    found = {name: each for league in leagues for name, each in _measured(league, metric).items()}
    for setting in settings:
        if setting.name not in found:
            raise UserError(
                f"{setting.name}: the results of track {track} have no two methods with two common "
                "seeds there; give a standard deviation with --sd"
            )
    return [Noise(setting.name, found[setting.name]) for setting in settings]


def _measured(league: League, metric: str) -> Mapping[str, float]:
    """By the setting's name, pooled over all methods that have most seeds in common."""
    found = {}
    for setting in league.settings:
        scores: dict[tuple[int, ...], list[tuple[float, ...]]] = {}
        for details in league.details.values():
            for each in details:
                if each.setting == setting.key and metric in each.figures:
                    scores.setdefault(each.seeds, []).append(each.figures[metric])
        enough = [each for seeds, each in scores.items() if len(seeds) > 1 and len(each) > 1]
        if enough:
            table = np.array(max(enough, key=lambda each: len(each) * len(each[0])))
            found[setting.name] = paired_spread(table)
    return found


def detectable(noise: Sequence[Noise], seeds: Sequence[int] = SEEDS) -> list[Detectable]:
    """What is found with each number of seeds: a difference with its sign, power 0.8, at 0.05.

    >>> [found] = detectable([Noise("a", 1.0), Noise("b", 2.0)], [4])
    >>> round(found.mean, 2), round(found.median, 2), round(found.worst, 2)
    (2.04, 3.19, 4.26)

    Raises:
        UserError: The seeds vary in no setting.
    """
    spreads = [each.spread for each in noise]
    if not _varies(spreads):
        raise UserError(f"{NO_NOISE} in any setting; give a standard deviation with --sd")
    return [
        Detectable(
            count,
            detectable_difference(spreads, count),
            detectable_difference([median(spreads)], count) if _varies([median(spreads)]) else 0.0,
            detectable_difference([max(spreads)], count),
        )
        for count in seeds
    ]


def _varies(spreads: Sequence[float]) -> bool:
    """Whether variances are more than nothing."""
    return any(spread**2 > 0 for spread in spreads)


def enough_seeds(spreads: Sequence[float], difference: float) -> int | None:
    """The smallest number of seeds that finds a difference of means over settings; None: too many.

    >>> enough_seeds([1.0], 2.0), enough_seeds([1.0], 0.01)
    (5, None)
    """
    return next(
        (n for n in range(2, MOST + 1) if detectable_difference(spreads, n) <= difference), None
    )
