"""A measured league from its results."""

from collections.abc import Mapping

from leaderboard.assemble.cells import Cells
from leaderboard.assemble.columns import MEASURED
from leaderboard.assemble.entrants import display_names, make_entrant
from leaderboard.assemble.families import but_query_size
from leaderboard.assemble.grouping import LeagueResults, SettingResults
from leaderboard.assemble.keys import keys
from leaderboard.assemble.references import make_reference
from leaderboard.assemble.relations import make_relations
from leaderboard.assemble.scores import Measured, Scores
from leaderboard.assemble.settings import make_block, make_cells
from leaderboard.assemble.table import Frame, make_table
from leaderboard.assemble.views import make_views
from leaderboard.formatting import NAME_LENGTH, plain
from leaderboard.model import Block, League

RANKING = {
    "score": "Ranks follow the mean primary score.",
    "aubc": "Ranks follow mean AUBC, as no baseline has a primary score in all settings.",
}


def make_measured(league: LeagueResults) -> League:
    """All tables and figures of a league's results."""
    names, methods = league.key.names, league.methods
    entrants = keys("m", methods, within=names)
    shown = display_names(methods)
    frame = Frame(
        names=names,
        columns=MEASURED,
        entrants={entrants[method]: name for method, name in shown.items()},
        ids={key: method for method, key in entrants.items()},
        baselines=frozenset(
            entrants[method]
            for method, results in methods.items()
            if results[0].method.origin == "builtin"
        ),
    )
    found = {setting.text: setting for setting in league.settings}
    settings = {key: found[text] for text, key in keys("s", found, within=names).items()}
    cells = {key: make_cells(setting, key, entrants) for key, setting in settings.items()}
    blocks = {
        key: make_block(setting, cells[key], make_table(frame, [cells[key]]))
        for key, setting in settings.items()
    }
    chosen = {setting.key for setting in league.compared}
    compared = {key: cells[key] for key, setting in settings.items() if setting.key in chosen}

    views = make_views(frame, [blocks[key] for key in compared], compared)
    rows = {row.entrant: row for row in views[0].rows}
    league_key = keys("l", ["league"], within=names)["league"]
    return League(
        key=league_key,
        title=_title(league),
        group="measured",
        track=plain(league.key.track, NAME_LENGTH),
        protocol=plain(league.key.protocol, NAME_LENGTH),
        nnunet=plain(league.key.nnunet, NAME_LENGTH),
        epochs=league.key.epochs,
        comparable=league.key.comparable,
        columns=MEASURED,
        entrants=tuple(
            make_entrant(key, league_key, league.key, methods[method], rows[key], shown[method])
            for method, key in entrants.items()
        ),
        blocks=tuple(blocks.values()),
        views=views,
        relations=make_relations(
            [_scores(settings[key], cells) for key, cells in compared.items()],
            {key: method for method, key in entrants.items()},
        ),
        notes=(RANKING[views[0].ranked_by], *_variants(settings, blocks, compared)),
    )


def _title(league: LeagueResults) -> str:
    key = league.key
    return plain(
        f"{plain(key.track, NAME_LENGTH)}: {key.epochs} epochs, protocol "
        f"{plain(key.protocol, NAME_LENGTH)}, nnU-Net {plain(key.nnunet, NAME_LENGTH)}"
    )


def _scores(setting: SettingResults, cells: Cells) -> Scores:
    """What relations are computed from: the complete entrants' curves."""
    return Scores(
        block=cells.key,
        reference=make_reference(setting.results, setting.seeds),
        entrants={
            key: cell.scores
            for key, cell in cells.cells.items()
            if cell.status == "complete" and isinstance(cell.scores, Measured)
        },
        but_query_size=but_query_size(setting.key.checksum, setting.results[0].setting),
    )


def _variants(
    settings: Mapping[str, SettingResults],
    blocks: Mapping[str, Block],
    compared: Mapping[str, Cells],
) -> list[str]:
    """A line for each setting that the main table leaves out."""
    there = {blocks[key].name for key in compared}
    return [
        f"{block.name}: there are results that differ in {', '.join(settings[key].differs)}; they "
        "stand in a block of their own and not in the main table."
        if block.name in there
        else f"{block.name}: no baseline was run; it is not in the main table."
        for key, block in blocks.items()
        if key not in compared
    ]
