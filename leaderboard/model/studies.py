"""Studies across rankings: what query size, training length, patch size and noise change."""

from dataclasses import dataclass

from leaderboard.model.groups import Group


@dataclass(frozen=True)
class StudyCell:
    """A figure of a study's table."""

    value: float
    unit: str = ""
    """As ``Column.unit``; ``whole``: a number without decimals."""
    p_value: float | None = None
    """Two-sided."""
    significant: bool = False
    """At the table's level."""
    spread: float | None = None
    """Standard error, in the same unit."""
    signed: bool = False
    """Whether it is a difference, shown with its sign."""


@dataclass(frozen=True)
class StudyTable:
    """One table of a study; its texts are for people."""

    title: str
    corner: str
    """Heading of the rows' names: ``Method``, ``Metric``."""
    columns: tuple[str, ...]
    rows: tuple[tuple[str, tuple[StudyCell | None, ...]], ...]
    """Name of the row, one cell per column; None: no figure."""
    note: str = ""
    """The test and its level, one sentence."""


@dataclass(frozen=True)
class StudyLine:
    """One line of a chart."""

    name: str
    method: str
    """Key of the entrant whose look it has; empty: the look of its place."""
    values: tuple[float | None, ...]
    """One per place on the x axis."""


@dataclass(frozen=True)
class StudyPanel:
    """One plot of a chart."""

    title: str
    lines: tuple[StudyLine, ...]


@dataclass(frozen=True)
class StudyChart:
    """Small multiples over the same places: a line per method, a panel per setting."""

    title: str
    places: tuple[str, ...]
    axes: tuple[str, str]
    """Titles of x and y."""
    panels: tuple[StudyPanel, ...]
    ranks: bool = False
    """Whether the values are ranks: 1 on top."""
    left_out: str = ""
    """Which lines it does not show; empty: it shows all."""


@dataclass(frozen=True)
class StudySource:
    """Where a paper prints the figures."""

    name: str
    """``Lüth et al. 2025 (P1)``."""
    address: str
    """https."""
    where: str
    """``tables 8, 9 and 10``."""


@dataclass(frozen=True)
class StudyPart:
    """A study with the figures of one source, never mixed with another's."""

    title: str
    """``Published``, ``Measured (protocol 1.0, nnU-Net 2.8.1)``."""
    group: Group
    answer: str
    """One sentence made from the figures."""
    leagues: tuple[str, ...]
    """Keys of the leagues whose figures it uses."""
    tables: tuple[StudyTable, ...]
    charts: tuple[StudyChart, ...] = ()
    notes: tuple[str, ...] = ()
    """How the figures are counted, and what can't be computed from them, one per line."""
    sources: tuple[StudySource, ...] = ()
    """Of published figures."""


@dataclass(frozen=True)
class Study:
    """One question across rankings."""

    key: str
    """Unique on the page, safe in HTML and URLs (``study-query-size``)."""
    title: str
    question: str
    parts: tuple[StudyPart, ...]
    """Measured before published ones."""
