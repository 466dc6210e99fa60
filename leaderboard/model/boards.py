"""Leagues, and the whole page."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from leaderboard.model.details import MethodInSetting
from leaderboard.model.groups import Group
from leaderboard.model.methods import Entrant
from leaderboard.model.relations import LengthEffect, Relations
from leaderboard.model.studies import Study
from leaderboard.model.tables import Column, SettingTable, View


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
    details: Mapping[str, tuple[MethodInSetting, ...]] = field(default_factory=dict)
    """By the method's key, in the order of the settings."""
    queries_from: str = ""
    """Track that chose the queries, if not the methods of this league; its name as papers' figures
    have it, too."""


@dataclass(frozen=True, order=True)
class LeftOut:
    """A result file that is not used, and why."""

    file: str
    """Path inside the given folder."""
    reason: str


@dataclass(frozen=True, order=True)
class Apart:
    """A version of an entry on the public board that isn't ranked: withdrawn, or replaced."""

    entry: str
    version: int
    folder: str
    """Where its files are, relative to the board's folder."""
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
    apart: tuple[Apart, ...] = ()
    """Versions of entries that can be read but aren't ranked."""
    unvouched: tuple[str, ...] = ()
    """Tracks whose baselines nothing vouches for: neither a seal nor the benchmark's own list."""
    studies: tuple[Study, ...] = ()
    """Across leagues."""
    bibliography: str = field(default="", repr=False)
    """BibTeX of the papers."""
    default: str = ""
    """Key of the league that the page shows first; empty: the board has none."""
