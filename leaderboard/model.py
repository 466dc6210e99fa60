"""Everything that the page shows, as plain data; Dice, AUBC and scores are in percent here.

A *league* is what may be compared: one group (measured or published), track, protocol version,
nnU-Net version and training length. A *view* is a league restricted to a dataset, a regime or a
query patch size: the choices of the main table's filters.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from leaderboard.undefined import Undefined

Group = Literal["measured", "published"]
Status = Literal["complete", "incomplete", "failed"]
Badge = Literal[
    "baseline", "submission", "published", "oracle", "incomplete", "failed", "outdated protocol"
]


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
class Entrant:
    """A method that has entered a league, as its card shows it."""

    key: str
    """Unique on the page, safe in HTML, CSS and URLs (``m-001``)."""
    league: str
    """Key of its league."""
    id: str
    name: str
    description: str
    reference: str
    """Where the method was published; empty if unknown."""
    oracle: bool
    """Whether it uses ground truth."""
    badges: tuple[Badge, ...]
    source_hash: str
    """Empty for published methods."""
    parameters: Mapping[str, str]
    environments: tuple[str, ...]
    """Machines and versions, one per line; empty for published methods."""
    problems: tuple[str, ...]
    """Failures with their reason, missing seeds, loops and settings, one per line."""
    command: str
    """The command that reproduces it; empty for published methods."""


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
    """Seeds of complete experiments; in a view those that are complete in all its settings."""
    rank_low: int | None = None
    rank_high: int | None = None
    """95 % interval of the rank over bootstrap draws; None with ``rank_reason``."""
    rank_reason: str | None = None
    ties: str = ""
    """Letters of the compact letter display; empty where it is undefined."""


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
    caution: str = ""
    """Why its rank intervals and tie groups are unreliable; empty if they aren't."""


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
    warnings: tuple[str, ...] = ()
    """What was odd with the raw data, one line a kind."""
    patch_role: str = ""
    """``query patch`` or ``half patch`` if the dataset's card says so; otherwise its size."""
    ranked_by: str = "score"
    cohort: str = ""
    caution: str = ""
    """These three as in a view."""


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


@dataclass(frozen=True)
class League:
    """All that may be compared with one another."""

    key: str
    """Unique on the page, safe in HTML and URLs (``l-1``)."""
    title: str
    group: Group
    track: str
    protocol: str
    """Major.Minor; empty for published figures."""
    nnunet: str
    epochs: int
    comparable: bool
    """False: a reduced-cost track."""
    columns: tuple[Column, ...]
    """Of the main table and the settings' tables, in order."""
    entrants: tuple[Entrant, ...]
    settings: tuple[SettingTable, ...]
    views: tuple[View, ...]
    """The first one has no filter; one per different, non-empty choice."""
    relations: Relations
    notes: tuple[str, ...] = ()
    """What a reader must know (source of the figures, how they are counted), one per line."""


@dataclass(frozen=True, order=True)
class LeftOut:
    """A result file that is not used, and why."""

    file: str
    """Path inside the given folder."""
    reason: str


@dataclass(frozen=True)
class Board:
    """The whole page."""

    leagues: tuple[League, ...]
    """Measured before published ones, comparable before reduced-cost ones, then by track."""
    left_out: tuple[LeftOut, ...]
    protocols: tuple[str, ...]
    commits: tuple[str, ...]
    made: str
    """Day of the newest result (``2026-11-22``); empty if no result has a date."""
    results: int
    """Those used somewhere on the page."""
    failed: int
    expected: int
    """Experiments there would be if every method in the main tables were complete."""
    complete: int = 0
    """Of those expected, how many are complete."""
    length_effects: tuple[LengthEffect, ...] = ()
    """Between leagues that differ in training length."""
    bibliography: str = field(default="", repr=False)
    """BibTeX of the papers."""
