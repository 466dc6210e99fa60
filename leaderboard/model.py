"""Everything that the page shows, as plain data; Dice, AUBC and scores are percent here.

A *league* is what may be compared: one group (measured or published), track, protocol version,
nnU-Net version and training length. A *view* is a league restricted to a dataset, a regime or a
query patch size: the choices of the main table's filters. A *block* is one setting of a league.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Group = Literal["measured", "published"]
Status = Literal["complete", "incomplete", "failed"]
Badge = Literal[
    "baseline", "submission", "published", "oracle", "incomplete", "failed", "outdated protocol"
]


@dataclass(frozen=True)
class Value:
    """A number with what stands beside it, or the reason why there is none."""

    mean: float | None = None
    spread: float | None = None
    """Sample standard deviation over seeds, or the standard error that the column says."""
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
    """One sentence: what it is, what the value beside it is, its source."""
    higher_is_better: bool | None
    relational: bool = False
    """Whether it depends on who else has entered."""
    spread: str = "sample standard deviation over seeds"
    """What ``Value.spread`` is."""
    beside: Literal["interval", "spread"] = "interval"
    """What stands beside the mean where a value has both."""


@dataclass(frozen=True)
class Entrant:
    """A method as its card shows it; one per method and league."""

    key: str
    """Unique on the page, safe in HTML, CSS and URLs (``m-001``)."""
    league: str
    """Key of its league."""
    id: str
    name: str
    description: str
    reference: str
    """Where the method was published; empty if its author doesn't say."""
    oracle: bool
    badges: tuple[Badge, ...]
    source_hash: str
    """Empty for published entries."""
    parameters: Mapping[str, str]
    environments: tuple[str, ...]
    """Machines and versions, a line each; empty for published entries."""
    problems: tuple[str, ...]
    """Failures with their reason, missing seeds, loops and settings, a line each."""
    command: str
    """The command that reproduces it; empty for published entries."""


@dataclass(frozen=True)
class Row:
    """An entrant in a view or in a block."""

    entrant: str
    """Key of the entrant."""
    status: Status
    rank: int | None
    """None: not ranked (incomplete, failed, or no score)."""
    values: Mapping[str, Value]
    """By column name."""
    notes: tuple[str, ...] = ()
    """What is missing or went wrong, a line each."""
    seeds: tuple[int, ...] = ()
    """Seeds of complete experiments; in a view those complete in all its settings."""
    rank_low: int | None = None
    rank_high: int | None = None
    """95 % interval of the rank over bootstrap draws; None with ``rank_reason``."""
    rank_reason: str | None = None
    ties: str = ""
    """Letters of the compact letter display; empty where it has no answer."""


@dataclass(frozen=True)
class View:
    """The main table of a league for one choice of filters; None stands for all."""

    dataset: str | None
    regime: str | None
    patch: str | None
    """A ``patch_role`` of its blocks."""
    settings: tuple[str, ...]
    """Keys of its blocks."""
    rows: tuple[Row, ...]
    """By rank, then the unranked ones by status and name."""
    ranked_by: str = "score"
    """Name of the column that gave the ranks."""
    stamp: str = ""
    """Names the ranked entrants, over whom its relational columns were computed."""
    caution: str = ""
    """What the rank intervals and tie groups can't bear; empty if they rest on enough."""


@dataclass(frozen=True)
class CurvePoint:
    """Mean over seeds after one loop."""

    patches: int
    foreground: float
    """Labelled share of the pool's foreground voxels, in percent."""
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
    """Share in [0, 1]."""
    y0: float
    y_full: float
    points: tuple[tuple[float, float], ...]
    """Share in [0, 1] and Mean Dice of every seed and loop."""


@dataclass(frozen=True)
class ClassFigure:
    """A foreground class after the last loop, means over seeds, percent."""

    name: str
    dice: float | None
    """None: no test case has it."""
    dice_std: float | None
    labelled: float
    """Labelled share of the class's voxels in the pool."""


@dataclass(frozen=True)
class BlockRow(Row):
    """An entrant in one setting, with what its figures need."""

    curve: tuple[CurvePoint, ...] = ()
    fit: EfficiencyFit | None = None
    classes: tuple[ClassFigure, ...] = ()


@dataclass(frozen=True)
class Block:
    """One setting of a league."""

    key: str
    """Unique on the page, safe in HTML and URLs (``s-001``)."""
    name: str
    dataset: str
    regime: str
    patch: str
    """``4 x 40 x 40``."""
    epochs: int
    about: tuple[str, ...]
    """Cases, split, budgets, training, a phrase each."""
    seeds: tuple[int, ...]
    """All that any entrant was run with; empty for published entries."""
    full_data: Value
    """Mean Dice of a model trained on the whole pool."""
    rows: tuple[BlockRow, ...]
    differs: tuple[str, ...] = ()
    """In what another setting of the same name differs, with which it may not be compared."""
    but_length: str = ""
    """The same in settings of other leagues that differ in the training length alone."""
    patch_role: str = ""
    """``query patch`` or ``half patch`` as the dataset's card has it; otherwise the sizes."""
    ranked_by: str = "score"
    """Name of the column that gave the ranks."""
    stamp: str = ""
    """As a view's."""
    caution: str = ""
    """As a view's."""


@dataclass(frozen=True)
class PairwisePenalty:
    """The pairwise penalty matrix of a league: shares in [0, 1]."""

    title: str
    """``alpha 0.05``, ``alpha 0.02``, ``Holm-Bonferroni``."""
    matrix: tuple[tuple[float, ...], ...]
    """``[i][j]``: share of loops in which entrant i beats j."""
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
    """Keys of entrants that can't be told apart, best first."""
    settings: int
    p_value: float
    """Of the Friedman test."""
    warning: str
    """Empty from 10 settings on."""


@dataclass(frozen=True)
class Agreement:
    """Kendall's tau-b between the rankings of two settings."""

    first: str
    """Key of a block."""
    second: str
    tau: float
    p_value: float
    entrants: int = 0
    """Complete in both settings, whose scores are compared."""


@dataclass(frozen=True)
class QuerySizeEffect:
    """Kendall's tau-b between query size and performance; positive: smaller queries are better."""

    entrant: str
    blocks: tuple[str, ...]
    """Settings that differ in the query size alone."""
    metric: str
    """``aubc`` over the budgets that all of them share, or ``final_dice``."""
    tau: float
    p_value: float
    """Two-sided; the protocol's alpha is 0.1."""
    points: int
    """Query sizes x seeds."""


@dataclass(frozen=True)
class LengthEffect:
    """What longer training changes for a method in a setting."""

    method: str
    """Id, the same in both leagues."""
    leagues: tuple[str, str]
    """Keys, shorter training first."""
    blocks: tuple[str, str]
    metric: str
    """``aubc`` or ``final_dice``."""
    difference: float
    """Longer minus shorter, in percent points."""
    p_value: float
    """Of a two-sided unpaired t-test over seeds."""
    significant: bool
    """At the protocol's alpha of 0.1."""


@dataclass(frozen=True)
class Relations:
    """What depends on who else has entered a league."""

    entrants: tuple[str, ...]
    """Keys of the complete entrants, by mean rank."""
    stamp: str
    """Names them: ``9 entrants, 3fa2c1d0`` (hash of their sorted ids)."""
    penalties: tuple[PairwisePenalty, ...]
    penalties_reason: str
    """Why there is no matrix; empty if there is."""
    ranks: Mapping[str, Mapping[str, tuple[int | None, ...]]]
    """By metric (``aubc``, ``final_dice``, ``fg_eff``), then block key: a rank an entrant."""
    critical: CriticalDifference | None
    critical_reason: str
    agreements: tuple[Agreement, ...]
    mean_ranks: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    """By metric as in ``ranks``: mean over blocks with its standard error, one an entrant."""
    ranks_without_a_seed: Mapping[str, Mapping[str, tuple[tuple[int, ...], ...]]] = field(
        default_factory=dict
    )
    """By metric (``aubc``, ``final_dice``), then block: ranks of the entrants over all seeds but
    one, a row a seed; a block without an answer is left out."""
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
    """Major.Minor; empty for published entries."""
    nnunet: str
    epochs: int
    comparable: bool
    """False: a track that exists to be cheap."""
    columns: tuple[Column, ...]
    """Of the main table and the blocks, in order."""
    entrants: tuple[Entrant, ...]
    blocks: tuple[Block, ...]
    views: tuple[View, ...]
    """The first one has no filter; one per different, non-empty choice."""
    relations: Relations
    notes: tuple[str, ...] = ()
    """What a reader must know (sources of published figures, PPM counting), a line each."""


@dataclass(frozen=True, order=True)
class LeftOut:
    """A result file that counts nowhere, and why."""

    file: str
    """Path inside the folder that was given."""
    reason: str


@dataclass(frozen=True)
class Board:
    """The whole page."""

    leagues: tuple[League, ...]
    """Measured before published, comparable before cheap ones, then by track."""
    left_out: tuple[LeftOut, ...]
    protocols: tuple[str, ...]
    commits: tuple[str, ...]
    made: str
    """Day of the newest result (``2026-11-22``); empty if no result says when it was made."""
    results: int
    """All that count somewhere on the page."""
    failed: int
    expected: int
    """Experiments that the main tables' entrants would have, were they complete."""
    complete: int = 0
    """How many of those expected there are and ended well."""
    length_effects: tuple[LengthEffect, ...] = ()
    """Between leagues that differ in the training length."""
    bibliography: str = field(default="", repr=False)
    """BibTeX of the papers."""
