"""What the figures of a block are computed from: single seeds and loops, or printed means."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from leaderboard.assemble.references import Reference


@dataclass(frozen=True)
class Measured:
    """The complete experiments of one entrant in one setting, a row a seed."""

    seeds: tuple[int, ...]
    """In increasing order."""
    budgets: tuple[int, ...]
    """Labelled patches by loop, the same for all seeds."""
    dice: np.ndarray
    """Mean Dice in [0, 1], shape ``(seeds, loops)``."""
    foreground: np.ndarray
    """Labelled share of the pool's foreground voxels in [0, 1], shape ``(seeds, loops)``."""
    effort: np.ndarray | None = None
    """Labelled share of the pool's boundary voxels in [0, 1]; None: not known."""


@dataclass(frozen=True)
class Printed:
    """What a paper prints of one method in one setting."""

    means: Mapping[str, float]
    """By metric: ``aubc`` and ``final_dice`` in percent, ``fg_eff`` as it is."""
    stds: Mapping[str, float]
    """Sample standard deviation over seeds (percent); of ``fg_eff`` the fit's variance."""
    seeds: int = 4


@dataclass(frozen=True)
class Scores:
    """All complete entrants of one block."""

    block: str
    """Key of its ``model.Block``."""
    reference: Reference
    entrants: Mapping[str, Measured | Printed]
    """By the entrant's key; all measured or all printed."""
    but_query_size: str = ""
    """The same in blocks that differ in the query size alone; empty: in none."""
