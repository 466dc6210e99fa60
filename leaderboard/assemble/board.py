"""The whole board from all entries."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from leaderboard.assemble.grouping import LeagueResults, make_leagues
from leaderboard.assemble.league import make_league
from leaderboard.assemble.ranking.default import default_league
from leaderboard.assemble.sources.measured import measured_source
from leaderboard.assemble.studies import make_studies
from leaderboard.assemble.studies.effects import length_effects
from leaderboard.formatting import NAME_LENGTH, plain
from leaderboard.labelling.estimate import Estimate
from leaderboard.model import Board, League
from leaderboard.montages import with_montages
from leaderboard.published.imports import ImportedRow
from leaderboard.read.load import Entries

DAY = len("2026-11-22")


def make_board(
    entries: Entries,
    *,
    published: bool = False,
    imported: Sequence[ImportedRow] = (),
    estimate: Estimate | None = None,
) -> Board:
    """Leagues and what goes with them; depends only on the entries and the imported rows.

    Args:
        entries: result files.
        published: whether to add leagues of the papers' figures.
        imported: figures of other works.
        estimate: how long labelling takes; None: as the benchmark ships it.
    """
    results = entries.results
    vouched = {id(results[place]) for place in entries.vouched}
    # No track or protocol that only a stranger's file names comes before the others.
    leagues = sorted(make_leagues(results), key=lambda league: not _has(league, vouched))
    # Where something vouches for results, no other's date or version stands at the top.
    telling = [results[place] for place in sorted(entries.vouched)] or results
    finished = [result.finished for result in telling if result.finished]
    made = [
        _pictured(make_league(measured_source(league, entries.public, estimate)), entries.files)
        for league in leagues
    ]
    telling_ids = {id(result) for result in telling}
    newest = {
        built.key: _newest(league, telling_ids)
        for built, league in zip(made, leagues, strict=True)
        if _has(league, telling_ids)
    }
    printed, bibliography = _printed() if published else ([], "")
    made += printed
    if imported:
        from leaderboard.assemble.sources.imported import imported_sources

        made.extend(make_league(source) for source in imported_sources(imported))
    return Board(
        leagues=tuple(made),
        left_out=entries.left_out,
        apart=entries.apart,
        unvouched=tuple(plain(track, NAME_LENGTH) for track in entries.unvouched),
        protocols=_distinct(result.protocol_version for result in telling),
        commits=_distinct(result.environment.commit for result in telling),
        made=max(finished, default="")[:DAY],
        results=len(results),
        failed=sum(result.status == "failed" for result in results),
        expected=sum(map(_expected, leagues)),
        complete=sum(map(_complete, leagues)),
        length_effects=length_effects(made),
        studies=make_studies(made),
        bibliography=bibliography,
        default=default_league(made, newest),
    )


def _printed() -> tuple[list[League], str]:
    """Leagues of the papers' figures, and the papers in BibTeX."""
    from leaderboard.assemble.sources.printed import printed_source
    from leaderboard.published import bibliography, studies

    return [make_league(printed_source(study)) for study in studies()], bibliography()


def _pictured(league: League, files: Mapping[str, Path]) -> League:
    """A league whose methods' cards show pictures of their queries, where the runs are at hand."""
    if not files:
        return league
    details = {
        method: with_montages(settings, [files.get(each.first) for each in settings])
        for method, settings in league.details.items()
    }
    return replace(league, details=details)


def _has(league: LeagueResults, wanted: set[int]) -> bool:
    """Whether a league has any of some results, given by their ids in memory."""
    return any(id(result) in wanted for each in league.settings for result in each.results)


def _newest(league: LeagueResults, wanted: set[int]) -> str:
    """When the newest of a league's ``wanted`` results was finished."""
    return max(
        (
            result.finished or ""
            for each in league.settings
            for result in each.results
            if id(result) in wanted
        ),
        default="",
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
