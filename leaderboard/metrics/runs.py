"""What a metric of one method in one setting is computed from."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from leaderboard.labelling.estimate import Work
from leaderboard.metrics.learning_curve import Curve
from leaderboard.read.facts import Facts
from leaderboard.undefined import Undefined, UndefinedMetricError

NOT_COUNTED = Undefined("the boundary voxels were not counted")


@dataclass(frozen=True)
class Runs:
    """The complete experiments of one method in one setting, one row per seed."""

    seeds: tuple[int, ...]
    """In increasing order."""
    budgets: tuple[int, ...]
    """Labelled patches by loop, the same for all seeds."""
    dice: np.ndarray
    """Mean Dice in [0, 1], shape ``(seeds, loops)``."""
    foreground: np.ndarray | Undefined
    """Labelled fraction of the pool's foreground voxels in [0, 1], shape ``(seeds, loops)``."""
    effort: np.ndarray | Undefined = NOT_COUNTED
    """Labelled fraction of the pool's boundary voxels in [0, 1], shape ``(seeds, loops)``."""
    work: Mapping[Work, np.ndarray | Undefined] = field(default_factory=dict)
    """By kind, its fraction of labelling the whole pool, shape ``(seeds, loops)``."""
    results: tuple[Facts, ...] = ()
    """The results themselves, by seed, for metrics that need other counts."""
    kept: dict[str, np.ndarray] = field(default_factory=dict, repr=False, compare=False)
    """Figures by loop that several metrics share, by name."""

    @property
    def curves(self) -> tuple[Curve, ...]:
        """Learning curves, one per seed."""
        return tuple(Curve(self.budgets, tuple(row)) for row in self.dice.tolist())

    def at(self, budgets: Sequence[int]) -> "Runs":
        """The loops at these budgets alone.

        Raises:
            UndefinedMetricError: A budget was not measured.
        """
        if not set(budgets) <= set(self.budgets):
            raise UndefinedMetricError("not measured at all budgets of the comparison")
        loops = [place for place, budget in enumerate(self.budgets) if budget in set(budgets)]

        def chosen(shares: np.ndarray | Undefined) -> np.ndarray | Undefined:
            return shares if isinstance(shares, Undefined) else shares[:, loops]

        return replace(
            self,
            budgets=tuple(self.budgets[loop] for loop in loops),
            dice=self.dice[:, loops],
            foreground=chosen(self.foreground),
            effort=chosen(self.effort),
            work={kind: chosen(shares) for kind, shares in self.work.items()},
            kept={},
        )
