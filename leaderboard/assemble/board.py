"""The whole board from all entries."""

from collections.abc import Iterable

from leaderboard.assemble.effects import length_effects
from leaderboard.assemble.grouping import LeagueResults, make_leagues
from leaderboard.assemble.league import make_league
from leaderboard.assemble.measured import measured_source
from leaderboard.entries import Entries
from leaderboard.formatting import plain
from leaderboard.model import Board

DAY = len("2026-11-22")


def make_board(entries: Entries, *, published: bool = False) -> Board:
    """Leagues and what goes with them; depends only on the entries.

    Args:
        entries: result files.
        published: whether to add leagues of the papers' figures.
    """
    results = entries.results
    leagues = make_leagues(results)
    finished = [result.finished for result in results if result.finished]
    made = [make_league(measured_source(league)) for league in leagues]
    bibliography = ""
    if published:
        from leaderboard.assemble.printed import printed_source
        from leaderboard.published import bibliography as bibtex
        from leaderboard.published import studies

        made.extend(make_league(printed_source(study)) for study in studies())
        bibliography = bibtex()
    return Board(
        leagues=tuple(made),
        left_out=entries.left_out,
        protocols=_distinct(result.protocol_version for result in results),
        commits=_distinct(result.environment.commit for result in results),
        made=max(finished, default="")[:DAY],
        results=len(results),
        failed=sum(result.status == "failed" for result in results),
        expected=sum(map(_expected, leagues)),
        complete=sum(map(_complete, leagues)),
        length_effects=length_effects(made),
        bibliography=bibliography,
    )


def _expected(league: LeagueResults) -> int:
    """Experiments of a league if every method had every seed of every compared setting."""
    return len(league.methods) * sum(len(setting.seeds) for setting in league.compared)


def _complete(league: LeagueResults) -> int:
    """Of the experiments that ``_expected`` counts, how many are complete."""
    return sum(
        result.status == "complete" and result.seed in setting.seeds
        for setting in league.compared
        for result in setting.results
    )


def _distinct(texts: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({plain(text) for text in texts}))
