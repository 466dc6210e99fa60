"""What the page of a large board leaves to files beside it, which its script loads on demand.

A file holds one piece: a method's card, a setting, a view of a ranking, or the penalty matrices of
one. It is a script, as a page that is opened from disk can load nothing else, and hands over JSON
that is packed as in the page. Its name has the hash of its text, so that a page never takes a file
of another build.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Final

from leaderboard.model import Board, League
from leaderboard.page.cells import rows_of
from leaderboard.page.libraries import pack
from leaderboard.page.pictures import Label, setting_pictures
from leaderboard.payload import details_json, dump, rows_by_method

if TYPE_CHECKING:
    from jinja2 import Environment

MOST_ROWS: Final = 1_000
"""Rows in the settings' tables of a page that has everything: of 40 methods in 24 settings. A row
takes about 2.5 kB of it with its share of views, cards and figures, and a page has 3 MB at most."""
MOST_MONTAGES: Final = 1_500_000
"""Likewise bytes of the queries' montages."""
POLICY: Final = "script-src 'self' file: 'unsafe-inline'"
"""A second policy, and both must allow a script. The first allows those that the page's own script
adds (``strict-dynamic``), from anywhere; this one keeps them to the page's own server or disk."""
HASH: Final = 12
"""Digits in a file's name."""


def is_large(board: Board, most_rows: int | None = None) -> bool:
    """Whether a board's page leaves something to files beside it: beyond so many rows."""
    rows = sum(len(setting.rows) for league in board.leagues for setting in league.settings)
    montages = sum(
        len(picture)
        for league in board.leagues
        for settings in league.details.values()
        for each in settings
        for picture in each.pictures
    )
    most = MOST_ROWS if most_rows is None else most_rows
    return rows > most or montages > MOST_MONTAGES


def pack_all(pieces: Iterable[tuple[str, Mapping[str, Any]]]) -> dict[str, tuple[str, str]]:
    """By a piece's key: the name of its file without ending, and the file's text."""
    return {key: _packed(key, dict(piece)) for key, piece in pieces}


def _packed(key: str, piece: dict[str, Any]) -> tuple[str, str]:
    packed = pack(dump(piece))
    name = f"{key}-{hashlib.sha256(packed.encode()).hexdigest()[:HASH]}"
    return name, f'nnactiveTake("{name}","{packed}");\n'


def all_pieces(
    board: Board,
    content: Mapping[str, Any],
    split_off: Mapping[str, Mapping[str, Any]],
    labels: Mapping[str, Label],
    environment: "Environment",
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Every piece with its key.

    Args:
        board: what the page shows.
        content: its JSON, whole.
        split_off: what ``payload.split`` takes from it.
        labels: of its methods.
        environment: for templates.
    """
    details = details_json(board)
    markup: dict[str, str] = {}
    for league, own in zip(board.leagues, content["leagues"], strict=True):
        markup |= _settings(league, labels, environment)
        yield from _methods(league, own, details, environment)
    for key in (*markup, *(key for key in split_off if key not in markup)):
        more = {"html": markup[key]} if key in markup else {}
        yield key, {**split_off.get(key, {}), **more}


def _settings(
    league: League, labels: Mapping[str, Label], environment: "Environment"
) -> dict[str, str]:
    """Their markup; their tables are empty, as the script fills them."""
    body = environment.get_template("settings.html").module.setting_body  # type: ignore[attr-defined]
    return {
        setting.key: body(league, setting, list(setting_pictures(setting, labels)), whole=False)
        for setting in league.settings
    }


def _methods(
    league: League,
    content: Mapping[str, Any],
    details: Mapping[str, Any],
    environment: "Environment",
) -> Iterator[tuple[str, Mapping[str, Any]]]:
    body = environment.get_template("card.html").module.card_body  # type: ignore[attr-defined]
    by_method, rows = rows_of(league), rows_by_method(content)
    for index, entrant in enumerate(league.entrants):
        yield (
            entrant.key,
            {
                "html": body(league, entrant, by_method.get(entrant.key, [])),
                "details": details.get(entrant.key, []),
                "rows": rows.get(index, {}),
            },
        )
