"""Everything that the page shows, as plain data."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from benchmark.results import Environment, ExperimentResult
from leaderboard.entries import Entries, LeftOut
from leaderboard.tables import Answer, Row, Table, make_tables
from leaderboard.text import MISSING, percent, plain


@dataclass(frozen=True)
class TrackNote:
    """What holds for all results of a track."""

    track: str
    comparable: bool
    environments: tuple[str, ...]
    """Machines and versions, a line each."""


@dataclass(frozen=True)
class Board:
    """All tables with what must stand beside them."""

    tables: tuple[Table, ...]
    tracks: tuple[TrackNote, ...]
    left_out: tuple[LeftOut, ...]
    results: int
    failed: int
    protocols: tuple[str, ...]
    commits: tuple[str, ...]


@dataclass(frozen=True)
class TopRow:
    """A row of a table as plain text, for a terminal."""

    track: str
    setting: str
    rank: str
    method: str
    final_dice: str
    aubc: str
    seeds: str
    badges: str


def make_board(entries: Entries) -> Board:
    """Tables and notes from all entries; depends on nothing else."""
    results = entries.results
    return Board(
        tables=make_tables(results),
        tracks=tuple(_track_note(name, results) for name in sorted({r.track for r in results})),
        left_out=entries.left_out,
        results=len(results),
        failed=sum(result.status == "failed" for result in results),
        protocols=_distinct(result.protocol_version for result in results),
        commits=_distinct(result.environment.commit for result in results),
    )


def top_rows(board: Board, limit: int = 5) -> list[TopRow]:
    """First ``limit`` rows of every table and every submission, in the tables' order."""
    return [
        TopRow(
            track=plain(table.key.track),
            setting=plain(table.key.setting),
            rank="-" if row.rank is None else str(row.rank),
            method=row.name,
            final_dice=answer_text(row.final_dice),
            aubc=answer_text(row.aubc),
            seeds=seeds_text(row),
            badges=", ".join(row.badges),
        )
        for table in board.tables
        for place, row in enumerate(table.rows)
        if place < limit or "submission" in row.badges
    ]


def answer_text(answer: Answer) -> str:
    """``71.3 ± 1.2`` in percent; ``n/a`` for what has no answer."""
    if isinstance(answer.mean, str):
        return MISSING
    std = MISSING if isinstance(answer.std, str) else percent(answer.std)
    return f"{percent(answer.mean)} ± {std}"


def seeds_text(row: Row) -> str:
    """``1 of 2``: complete experiments of those expected."""
    return f"{len(row.seeds)} of {row.expected_seeds}"


def _track_note(track: str, results: Sequence[ExperimentResult]) -> TrackNote:
    members = [result for result in results if result.track == track]
    return TrackNote(
        track=track,
        comparable=all(result.comparable for result in members),
        environments=_distinct(_environment_text(result.environment) for result in members),
    )


def _environment_text(environment: Environment) -> str:
    machine = f"{environment.cpu}, {environment.cores} cores"
    accelerator = environment.accelerator or "no accelerator"
    packages = ", ".join(
        f"{name} {version}" for name, version in sorted(environment.packages.items())
    )
    return plain(f"{machine}; {accelerator}; Python {environment.python}; {packages}", limit=2000)


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({plain(text, limit=2000) for text in texts}))
