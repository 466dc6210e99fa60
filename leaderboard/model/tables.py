"""Figures in tables: values, columns, rows, and the tables of settings and rankings."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from leaderboard.model.verdicts import NO_VERDICT, Verdict

Status = Literal["complete", "incomplete", "failed"]


@dataclass(frozen=True)
class Value:
    """A number with its spread or interval, or the reason why there is none."""

    mean: float | None = None
    spread: float | None = None
    """As ``Column.spread`` says: sample standard deviation over seeds, or a standard error."""
    low: float | None = None
    high: float | None = None
    """95 % interval, where the column has one."""
    reason: str | None = None
    """Why there is no mean, or a mean but no spread or interval."""


@dataclass(frozen=True)
class Column:
    """A column of figures."""

    name: str
    """Key of ``Row.values``, and its name in CSV and JSON."""
    title: str
    unit: str
    """``%``, ``s``, ``h``, ``GiB``, ``voxels``, ``patches``, empty."""
    help: str
    """One sentence: what it is, what the number below it is, its source."""
    higher_is_better: bool | None
    relational: bool = False
    """Whether it depends on which other methods are ranked."""
    spread: str = "sample standard deviation over seeds"
    """What ``Value.spread`` is."""
    beside: Literal["interval", "spread"] = "interval"
    """What is shown with the mean where a value has both."""
    headline: bool = False
    """Whether Markdown, LaTeX and the methods' cards show it, too."""
    terminal: int | None = None
    """Place among the terminal's columns; None: not there."""


@dataclass(frozen=True)
class CurvePoint:
    """Mean over seeds after one loop."""

    patches: int
    foreground: float
    """Labelled fraction of the pool's foreground voxels, in percent."""
    dice: float
    low: float | None
    high: float | None
    """95 % interval of the mean over seeds (Student's t) inside [0, 100]; None below 3 seeds."""


@dataclass(frozen=True)
class EfficiencyFit:
    """The FG-Eff fit of a method: ``y = (y0 - y_full) exp(-gamma (t - t0)) + y_full``."""

    gamma: float
    standard_error: float
    t0: float
    """Labelled fraction in [0, 1]."""
    y0: float
    y_full: float
    points: tuple[tuple[float, float], ...]
    """Labelled fraction and Mean Dice, both in [0, 1], of every seed and loop."""


@dataclass(frozen=True)
class ClassFigure:
    """A foreground class after the final loop: means over seeds in percent."""

    name: str
    dice: float | None
    """None: no test case has it."""
    dice_std: float | None
    labelled: float
    """Labelled fraction of the class's voxels in the pool."""


@dataclass(frozen=True)
class Row:
    """A method in a view or in a setting."""

    entrant: str
    """Key of the entrant."""
    status: Status
    rank: int | None
    """None: not ranked (incomplete, failed, or no score)."""
    values: Mapping[str, Value]
    """By column name."""
    notes: tuple[str, ...] = ()
    """What is missing or went wrong, one per line."""
    seeds: tuple[int, ...] = ()
    """Seeds of complete experiments; in a view those that are complete in all settings over which
    it ranks."""
    rank_low: int | None = None
    rank_high: int | None = None
    """95 % interval of the rank; None with ``rank_reason``."""
    rank_reason: str | None = None
    ties: str = ""
    """Letters of the compact letter display; empty where it is undefined."""
    leading: bool = False
    """Whether it is as good as the best method without ground truth, or not significantly worse."""
    partial: str = ""
    """Where an incomplete method stands among those that have the same settings as it:
    ``4th of 13 over 3 of 5 settings``; empty: complete, or nothing to compare."""


@dataclass(frozen=True)
class SettingRow(Row):
    """A method in one setting, with what its figures need."""

    curve: tuple[CurvePoint, ...] = ()
    fit: EfficiencyFit | None = None
    classes: tuple[ClassFigure, ...] = ()


@dataclass(frozen=True)
class SettingTable:
    """One setting of a league with its table."""

    key: str
    """Unique on the page, safe in HTML and URLs (``s-001``)."""
    name: str
    dataset: str
    regime: str
    patch: str
    """``4 x 40 x 40``."""
    epochs: int
    about: tuple[str, ...]
    """Cases, split, budgets, training: one phrase each."""
    seeds: tuple[int, ...]
    """Those that a complete method has; empty for published methods."""
    full_data: Value
    """Mean Dice of a model trained on the whole pool."""
    rows: tuple[SettingRow, ...]
    differs: tuple[str, ...] = ()
    """How another setting of the same name differs; the two must not be compared."""
    key_ignoring_epochs: str = ""
    """Shared by settings of other leagues that differ only in training length; empty: by none."""
    key_ignoring_patch: str = ""
    """Shared by settings that differ only in the patch; empty: starts are compared, or unknown."""
    warnings: tuple[str, ...] = ()
    """What was odd with the raw data, one line a kind."""
    role: str = ""
    """``development``: methods are developed on its dataset; ``roll-out``: they are proved on it;
    empty: neither."""
    patch_role: str = ""
    """``query patch`` or ``half patch`` if the dataset's card says so; otherwise its size."""
    ranked_by: str = "score"
    cohort: str = ""
    """These two as in a view."""
    verdict: Verdict = NO_VERDICT
    lacking: tuple[str, ...] = ()
    """As in a view."""


@dataclass(frozen=True)
class Concordance:
    """How far a ranking agrees with the usual one over the same settings."""

    tau: float | None
    """Kendall's tau-b of the ranks; None with ``reason``."""
    p_value: float | None
    """Two-sided."""
    methods: int
    """Those that both rank."""
    changed: int = 0
    """Pairs of methods of which the other one is better here."""
    swaps: tuple[tuple[str, str], ...] = ()
    """Of these, the pairs that differ significantly in both rankings: keys, first the method that
    is better by the usual ranking."""
    reason: str = ""


@dataclass(frozen=True)
class View:
    """The main table of a league for one choice of filters; None means all."""

    dataset: str | None
    regime: str | None
    patch: str | None
    """A ``patch_role`` of its settings."""
    settings: tuple[str, ...]
    """Keys of its settings."""
    rows: tuple[Row, ...]
    """By rank, then unranked ones by status and name."""
    ranked_by: str = "score"
    """Name of the column that the ranks follow."""
    cohort: str = ""
    """Number and id of the ranked methods, among which its relational columns were computed."""
    verdict: Verdict = NO_VERDICT
    ranked_over: tuple[str, ...] = ()
    """Keys of the settings over which its methods are ranked: the largest block that methods have
    in common; empty: all of ``settings``."""
    lacking: tuple[str, ...] = ()
    """What its rows can't show and why, one sentence a reason."""
    role: str | None = None
    """A ``role`` of its settings."""
    by: str = ""
    """Name of the metric that a reader chose to rank by; empty: the usual one. The rows' values are
    then those of the view with the same settings and classes that ranks by the usual one."""
    classes: tuple[str, ...] = ()
    """Foreground classes that its figures are means over; empty: all."""
    concordance: Concordance | None = None
    """With the usual ranking by all classes; None: this is it."""
