"""What depends on which other methods have entered a league."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from leaderboard.model.tables import Value
from leaderboard.undefined import Undefined


@dataclass(frozen=True)
class PairwisePenalty:
    """The pairwise penalty matrix of a league: fractions in [0, 1]."""

    title: str
    """``alpha 0.05``, ``alpha 0.02``, ``Holm-Bonferroni``."""
    matrix: tuple[tuple[float, ...], ...]
    """``[i][j]``: fraction of loops in which method i beats method j."""
    wins: tuple[float, ...]
    losses: tuple[float, ...]


@dataclass(frozen=True)
class CriticalDifference:
    """Friedman test and Nemenyi post-hoc over the settings of a league."""

    mean_ranks: tuple[float, ...]
    """In the order of the relations' entrants."""
    difference: float
    """Critical difference at 0.05."""
    groups: tuple[tuple[str, ...], ...]
    """Keys of methods that cannot be distinguished, best first."""
    settings: int
    p_value: float
    """Of the Friedman test."""
    warning: str
    """Empty for 10 settings or more."""


@dataclass(frozen=True)
class Agreement:
    """Kendall's tau-b between the rankings of two settings."""

    first: str
    """Key of a setting."""
    second: str
    tau: float
    p_value: float
    entrants: int = 0
    """Number of methods that are complete in both settings."""


@dataclass(frozen=True)
class QuerySizeEffect:
    """Kendall's tau-b between query size and performance; positive: smaller queries are better."""

    entrant: str
    settings: tuple[str, ...]
    """Keys of settings that differ only in the query size."""
    metric: str
    """``aubc`` over the budgets that all of them share, or ``final_dice``."""
    tau: float
    p_value: float
    """Two-sided; the protocol's alpha is 0.1."""
    points: int
    """Query sizes x seeds."""
    sizes: tuple[int, ...] = ()
    """Query size of each of the settings, in patches."""
    means: tuple[float, ...] = ()
    """Likewise the mean of the metric over seeds, in percent."""


@dataclass(frozen=True)
class LengthEffect:
    """The effect of longer training on a method in a setting."""

    method: str
    """Id, the same in both leagues."""
    leagues: tuple[str, str]
    """Keys, shorter training first."""
    settings: tuple[str, str]
    """Likewise."""
    metric: str
    """``aubc`` or ``final_dice``."""
    difference: float
    """Longer minus shorter, in percentage points."""
    p_value: float
    """Of a two-sided unpaired t-test over seeds."""
    significant: bool
    """At the protocol's alpha of 0.1."""


@dataclass(frozen=True)
class Relations:
    """What depends on which other methods have entered a league."""

    entrants: tuple[str, ...]
    """Keys of the complete methods, by mean rank."""
    cohort: str
    """Number and id of these methods: ``9 methods, 3fa2c1d0`` (hash of their sorted ids)."""
    penalties: tuple[PairwisePenalty, ...] | Undefined
    ranks: Mapping[str, Mapping[str, tuple[int | None, ...]]]
    """By metric (``aubc``, ``final_dice``, ``fg_eff``), then setting key: one rank per method."""
    critical: CriticalDifference | Undefined
    agreements: tuple[Agreement, ...]
    mean_ranks: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    """By metric as in ``ranks``: mean over settings with its standard error, one per method."""
    ranks_without_a_seed: Mapping[str, Mapping[str, tuple[tuple[int, ...], ...]]] = field(
        default_factory=dict
    )
    """By metric (``aubc``, ``final_dice``), then setting: ranks over all seeds but one, a row for
    each seed left out; a setting where they are undefined is missing."""
    query_sizes: tuple[QuerySizeEffect, ...] = ()
