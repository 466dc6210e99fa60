"""What all entrants of a setting are measured against: full-data Dice and the shared loop 0."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from benchmark.results import ExperimentResult, dice_per_class
from leaderboard.metrics import NoAnswerError, mean

NO_FULL_DATA = "no full-data Dice is known for this training"


@dataclass(frozen=True)
class Start:
    """Loop 0 of a setting, means over seeds; NaN: not known."""

    dice: float
    """y0, Mean Dice in [0, 1]."""
    foreground: float
    """t0, labelled share of the pool's foreground voxels in [0, 1]."""
    effort: float
    """t0, labelled share of the pool's boundary voxels in [0, 1]."""


@dataclass(frozen=True)
class Reference:
    """The same for all entrants of a setting; what an entrant says of itself changes nothing."""

    full: float | str
    """Full-data Mean Dice in [0, 1], or why it is not known."""
    start: Start | None = None
    """None: no entrant has a loop 0."""

    @property
    def known_full(self) -> float:
        """Full-data Mean Dice in [0, 1].

        Raises:
            NoAnswerError: It is not known.
        """
        if isinstance(self.full, str):
            raise NoAnswerError(self.full)
        return self.full

    @property
    def known_start(self) -> Start:
        """Loop 0.

        Raises:
            NoAnswerError: No entrant has one.
        """
        if self.start is None:
            raise NoAnswerError("no entrant has a loop 0")
        return self.start


def make_reference(results: Sequence[ExperimentResult], seeds: Sequence[int]) -> Reference:
    """From the baselines of a setting, or from all its results where there is no baseline.

    Loop 0 is the setting's, not an entrant's (protocol sections 4 and 6): nobody gets a better
    score by a worse start.

    Args:
        results: all of the setting.
        seeds: of a complete entrant; others don't count.
    """
    baselines = [result for result in results if result.method.origin == "builtin"]
    deciding = baselines or results
    wanted = [result for result in deciding if result.seed in seeds and result.loops]
    return Reference(_full(deciding), _start(wanted) if wanted else None)


def _full(results: Iterable[ExperimentResult]) -> float | str:
    known = {result.dataset.full_data_dice for result in results} - {None}
    if len(known) > 1:
        return "the results disagree about the full-data Dice"
    return next((dice for dice in known if dice is not None), NO_FULL_DATA)


def _start(results: Sequence[ExperimentResult]) -> Start:
    return Start(
        dice=_over_seeds(results, _dice),
        foreground=_over_seeds(
            results,
            lambda result: _share(
                result.loops[0].labelled_foreground, result.dataset.pool_foreground
            ),
        ),
        effort=_over_seeds(
            results,
            lambda result: _share(result.loops[0].labelled_boundary, result.dataset.pool_boundary),
        ),
    )


def _dice(result: ExperimentResult) -> float:
    dice = dice_per_class(result.loops[0].counts)
    return float("nan") if np.isnan(dice).all() else float(np.nanmean(dice))


def _share(part: Sequence[int] | None, whole: Sequence[int] | None) -> float:
    return sum(part) / sum(whole) if part is not None and whole and sum(whole) else float("nan")


def _over_seeds(
    results: Sequence[ExperimentResult], value: Callable[[ExperimentResult], float]
) -> float:
    """Mean over seeds of the mean over a seed's different values.

    Loop 0 is trained once for all methods of a run, so equal values are one: an entrant more
    changes nothing.
    """
    found: dict[int, set[float]] = {}
    for result in results:
        found.setdefault(result.seed, set()).add(value(result))
    known = [sorted(x for x in values if not np.isnan(x)) for _, values in sorted(found.items())]
    means = [mean(values) for values in known if values]
    return mean(means) if means else float("nan")
