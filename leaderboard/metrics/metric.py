"""A metric's declaration: all that tables, exports and the page need to know of it.

A metric is declared once, in the module of its function. ``registry`` collects the declarations;
columns, cells, means, the board's JSON, exports, the terminal and the page are derived from them.
"""

import math
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

import numpy as np

from leaderboard.metrics.reference import Reference
from leaderboard.metrics.runs import Runs
from leaderboard.metrics.spread import mean, sample_std
from leaderboard.metrics.student import student_interval
from leaderboard.model import Column, Group, Value
from leaderboard.read.facts import Facts
from leaderboard.undefined import Undefined, UndefinedMetricError, attempt, required

PERCENT = 100
NOTHING = Undefined("no complete experiment")
NEEDS_SEEDS = Undefined("single seeds and loops are not published in the papers")
"""Why a published method lacks a figure that measured ones have."""
NOT_PUBLISHED = Undefined("not published in the papers")

INTERVAL = (
    "below it the 95 % interval of the mean over seeds (Student's t); over several settings, the "
    "mean over them and its interval (Student's t, Welch-Satterthwaite degrees of freedom)"
)
"""For the help of metrics with one value per seed."""
PAPERS_INTERVAL = (
    "over several settings the 95 % interval of their mean by the papers' formula (1.96 standard "
    "errors)"
)
PUBLISHED_STD = (
    f"below it \N{PLUS-MINUS SIGN} the sample standard deviation over seeds as published, "
    f"{PAPERS_INTERVAL}"
)


@dataclass(frozen=True, kw_only=True)
class Published:
    """How a metric appears in leagues of published figures."""

    printed: bool = False
    """Whether the papers print its values. If not, it is computed from those that they print."""
    help: str = ""
    """Instead of the metric's; empty: the same."""
    spread: str = ""
    """Instead of the metric's; empty: the same."""
    ranking: str = ""
    """Instead of the metric's; empty: the same."""


@dataclass(frozen=True)
class Experiments:
    """What a metric of one method in one setting is computed from."""

    runs: Runs | Undefined
    """Curves of the complete experiments, or why there are none."""
    results: tuple[Facts, ...]
    """Of the complete experiments, by seed."""
    reference: Reference
    """Of the setting."""


@dataclass(frozen=True)
class Figure:
    """A metric's value for one method in one setting, and what means over settings need."""

    value: Value
    by_seed: np.ndarray | None = None
    """Shape ``(seeds,)``; None where there is no value per seed."""
    std: float | None = None
    """What a mean over settings takes as standard deviation over seeds."""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """What every metric declares."""

    name: str
    """Key of its column in CSV and JSON."""
    title: str
    unit: str
    """As in ``formatting.DECIMALS``; empty: none."""
    help: str
    """One sentence: what it is, what the number below it is, its source."""
    higher_is_better: bool
    order: int
    """Place among the columns, ascending."""
    spread: str = "sample standard deviation over seeds"
    """What the number after the plus-minus sign is."""
    published: Published | None = None
    """None: published leagues have no such column."""
    ranking: str = ""
    """Note on a league whose ranks follow it; empty: it never decides the ranks."""
    in_dice: str = ""
    """Name of the metric, itself or another, that says in percentage points of Dice how far methods
    differ where ranks follow this one; empty: none does."""
    headline: bool = False
    """Whether Markdown, LaTeX and the methods' cards show it, too."""
    terminal: int | None = None
    """Place among the terminal's columns; None: not there."""
    least: float = -math.inf
    most: float = math.inf
    """What it can be at all, and its interval with it."""

    relational: ClassVar[bool] = False
    """Whether it depends on which other methods are ranked."""
    has_interval: ClassVar[bool] = False
    """Whether its mean over settings has a 95 % interval."""

    @property
    def sign(self) -> int:
        """1, or -1 where lower figures are better."""
        return 1 if self.higher_is_better else -1

    def column(self, group: Group) -> Column:
        """Its column in a league of that group."""
        column = Column(
            name=self.name,
            title=self.title,
            unit=self.unit,
            help=self.help,
            higher_is_better=self.higher_is_better,
            relational=self.relational,
            spread=self.spread,
            headline=self.headline,
            terminal=self.terminal,
        )
        if group == "measured" or self.published is None:
            return column
        return replace(
            column,
            help=self.published.help or self.help,
            spread=self.published.spread or self.spread,
            beside="spread",
        )

    def note(self, group: Group) -> str:
        """Note on a league of that group whose ranks follow it."""
        own = self.published.ranking if self.published and group == "published" else ""
        return own or self.ranking


class OwnMetric(Metric, ABC):
    """A metric of one method in one setting; it stays the same whoever else enters."""

    @abstractmethod
    def figure(self, experiments: Experiments) -> Figure:
        """The metric of a method's complete experiments in a setting."""


@dataclass(frozen=True, kw_only=True)
class SeedMetric(OwnMetric):
    """A metric with one value per seed."""

    by_seed: Callable[[Runs, Reference], np.ndarray]
    """Values in the metric's unit, shape ``(seeds,)``."""
    by_class: bool = False
    """Whether it is a mean over foreground classes, so that readers may choose among them."""
    has_interval: ClassVar[bool] = True

    def figure(self, experiments: Experiments) -> Figure:
        """Mean, sample standard deviation and 95 % interval over seeds."""
        found = attempt(lambda: self.by_seed(required(experiments.runs), experiments.reference))
        if isinstance(found, Undefined):
            return Figure(Value(reason=found.reason))
        value = over_seeds(found.tolist(), self.least, self.most)
        return Figure(value, by_seed=found, std=value.spread)


@dataclass(frozen=True)
class Estimate:
    """A fitted figure."""

    value: float
    standard_error: float
    """Of the fit, as if all seeds and loops were independent."""
    seed_error: float
    """Standard error over seeds, whose loops belong together; NaN with one seed."""


@dataclass(frozen=True, kw_only=True)
class FitMetric(OwnMetric):
    """A metric fitted once to all seeds and loops."""

    fit: Callable[[Runs, Reference], Estimate]
    has_interval: ClassVar[bool] = True

    def figure(self, experiments: Experiments) -> Figure:
        """The fit with its standard error, and the 95 % interval over seeds."""
        found = attempt(lambda: self.fit(required(experiments.runs), experiments.reference))
        if isinstance(found, Undefined):
            return Figure(Value(reason=found.reason))
        seeds = len(required(experiments.runs).seeds)
        # The error over seeds is that of a mean over them.
        std = found.seed_error * math.sqrt(seeds)
        value = Value(found.value, found.standard_error)
        interval = attempt(lambda: student_interval([found.value], [std], seeds))
        if isinstance(interval, Undefined):
            return Figure(replace(value, reason=interval.reason))
        return Figure(replace(value, low=interval.low, high=interval.high), std=std)


@dataclass(frozen=True, kw_only=True)
class CostMetric(OwnMetric):
    """What a single experiment cost; neither an achievement nor a basis for intervals."""

    cost: Callable[[Facts, Reference], float]

    def figure(self, experiments: Experiments) -> Figure:
        """Mean and sample standard deviation over seeds."""
        reference = experiments.reference
        costs = attempt(lambda: [self.cost(result, reference) for result in experiments.results])
        if isinstance(costs, Undefined):
            return Figure(Value(reason=costs.reason))
        return Figure(replace(over_seeds(costs), low=None, high=None))


@dataclass(frozen=True)
class Standing:
    """The ranked methods' figures in one setting of a table; k methods in the table's order."""

    means: Mapping[str, tuple[float, ...]]
    """By metric, a mean over seeds per method."""
    by_seed: Mapping[str, np.ndarray] | Undefined
    """By metric, shape ``(k, seeds)``."""
    dice: np.ndarray | Undefined
    """Mean Dice in [0, 1], shape ``(k, seeds, loops)``."""


@dataclass(frozen=True, eq=False)
class Compared:
    """The k ranked methods of one table."""

    size: int
    """k, at least 1."""
    settings: Mapping[str, Standing]
    """By the setting's key."""
    first_loop: int = 1
    """The first in which the methods may differ."""


@dataclass(frozen=True, kw_only=True)
class RelationalMetric(Metric):
    """A metric that depends on which other methods are ranked in the same table."""

    among: Callable[[Compared], Sequence[Value]]
    """Its values, one per method."""
    relational: ClassVar[bool] = True

    def values(self, compared: Compared) -> list[Value]:
        """One value per ranked method, or the reason why there is none."""
        found = attempt(lambda: list(self.among(compared)))
        if isinstance(found, Undefined):
            return [Value(reason=found.reason)] * compared.size
        return found


def over_seeds(values: Sequence[float], least: float = -math.inf, most: float = math.inf) -> Value:
    """Mean, sample standard deviation and Student's 95 % interval of one value per seed.

    Args:
        values: by seed.
        least: what the mean can be at all, and its interval with it.
        most: likewise.
    """
    if not values:
        return Value(reason=NOTHING.reason)
    try:
        std = sample_std(values)
        interval = student_interval([mean(values)], [std], len(values)).within(least, most)
    except UndefinedMetricError as error:
        return Value(mean(values), reason=str(error))
    return Value(interval.mean, std, interval.low, interval.high)
