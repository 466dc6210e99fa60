"""The page: an HTML file that works offline, with and without its script."""

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from leaderboard.cache import Cache
from leaderboard.choosing import by_metric
from leaderboard.figures.styles import COLOURS, DASHES
from leaderboard.formatting import (
    BADGE_TEXTS,
    DECIMALS,
    MISSING,
    badge_text,
    beside,
    count,
    listed,
    plain,
    vouching,
)
from leaderboard.metrics.curves import CURVES
from leaderboard.metrics.paired import quantiles
from leaderboard.model import Board, Group
from leaderboard.page import apart, assets, badges, cells
from leaderboard.page.effects import studies
from leaderboard.page.libraries import Library, digest, libraries, pack
from leaderboard.page.pictures import (
    Label,
    Picture,
    costs_missing,
    labels_of,
    league_pictures,
    looks,
    setting_pictures,
)
from leaderboard.page.protocol import linked, protocol
from leaderboard.page.references import cited
from leaderboard.payload import board_json, details_json, dump, split

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

LIMIT = 3_000_000
"""Bytes of a page, so that it can be sent by mail."""
SPARED = ("fits", "foreground", "classes", "patches")
"""Kinds of pictures that a larger page omits, in this order."""
STAND_IN = 150
"""Bytes of the text in place of an omitted picture."""
GROUPS: Mapping[Group, str] = {"measured": "Measured", "published": "Published"}
BREAK = re.compile("[_,](?=.)")


@dataclass(frozen=True)
class Page:
    """A page, and the files that it loads on demand from a folder beside it."""

    html: str
    companions: Mapping[str, str]
    """Text by name; empty where the page has everything."""


def make_page(
    board: Board, folder: str, *, cache: Cache | None = None, most_rows: int | None = None
) -> Page:
    """The page of a board of any size.

    Args:
        board: what it shows.
        folder: name of the folder beside the page, for a large board.
        cache: where libraries are kept.
        most_rows: see ``apart.is_large``.
    """
    if not apart.is_large(board, most_rows):
        return Page(render(board, cache=cache), {})
    labels = labels_of(board)
    environment = _environment()
    content, pieces = split(full := board_json(board))
    companions = apart.pack_all(apart.all_pieces(board, full, pieces, labels, environment))
    files = {key: name for key, (name, _) in companions.items()}
    rest = _all_but_pictures(board, labels, cache, folder) | {
        "data": pack(dump(content)),
        "beside": _inside_script({"folder": folder, "files": files}),
    }
    html = environment.get_template("page.html").render(rest, pictures=_of_leagues(board, labels))
    return Page(html, {f"{name}.js": text for name, text in companions.values()})


def render(board: Board, limit: int = LIMIT, cache: Cache | None = None) -> str:
    """The whole page as one HTML file; the same board gives the same text.

    A page of more than ``limit`` bytes omits still pictures of settings that its script draws
    anyway, kind by kind, until it is small enough or none is left.
    """
    labels = labels_of(board)
    pictures = _pictures(board, labels)
    rest = _all_but_pictures(board, labels, cache, "") | {
        "data": pack(dump(board_json(board))),
        "details": pack(dump(details_json(board))),
    }
    page = _page(rest, pictures)
    spared = set[str]()
    excess = len(page.encode()) - limit
    for kind in SPARED:
        if excess <= 0:
            break
        spared.add(kind)
        alike = (one for every in pictures.values() for one in every if one.kind == kind)
        excess -= sum(len(one.svg.encode()) - STAND_IN for one in alike)
    if not spared:
        return page
    fewer = {
        key: [replace(one, svg="") if one.kind in spared else one for one in every]
        for key, every in pictures.items()
    }
    return _page(rest, fewer)


def default(board: Board) -> str:
    """Key of the ranking that is shown first; empty for none."""
    return board.default or next((league.key for league in board.leagues), "")


def _pictures(board: Board, labels: dict[str, Label]) -> dict[str, list[Picture]]:
    """Of settings and leagues, by key."""
    settings = (setting for league in board.leagues for setting in league.settings)
    own = {setting.key: list(setting_pictures(setting, labels)) for setting in settings}
    return _of_leagues(board, labels) | own


def _of_leagues(board: Board, labels: dict[str, Label]) -> dict[str, list[Picture]]:
    return {league.key: list(league_pictures(league, labels)) for league in board.leagues}


def _page(rest: Mapping[str, object], pictures: dict[str, list[Picture]]) -> str:
    return _environment().get_template("page.html").render(rest, pictures=pictures)


def _all_but_pictures(
    board: Board, labels: dict[str, Label], cache: Cache | None, folder: str
) -> dict[str, object]:
    """What the template needs of every board, by name, except for the pictures and the data.

    ``folder`` is that of the files beside the page; empty: it has none.
    """
    packed = libraries(cache)
    return {
        "board": board,
        "default": default(board),
        "groups": GROUPS,
        "badges": badges.MEANINGS,
        "glossary": _glossary(board),
        "policies": _policies(packed, beside=bool(folder)),
        "libraries": packed,
        "styles": assets.styles(),
        "looks": _looks(board, labels),
        "fold": assets.fold(),
        "script": assets.script(),
        "studies": studies(board, labels),
        "protocol": protocol(),
        "folder": folder,
    }


def _policies(packed: Sequence[Library], *, beside: bool) -> list[str]:
    """The page's Content-Security-Policies, each of which must allow what it does."""
    own = [*map(digest, (assets.fold(), assets.script())), *(each.digest for each in packed)]
    rules = {
        "default-src": "'none'",
        "script-src": " ".join([*own, "'strict-dynamic'"] if beside else own),
        "style-src": "'unsafe-inline'",
        "img-src": "data: blob:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    policy = "; ".join(f"{name} {value}" for name, value in rules.items())
    return [policy, apart.POLICY] if beside else [policy]


def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(assets.TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        count=count,
        listed=listed,
        plain=plain,
        words=_words,
        badge_text=badge_text,
        linked=linked,
        cited=cited,
        soft=_soft,
    )
    environment.globals.update(
        figure=cells.figure,
        beside=beside,
        vouching=vouching,
        comparing=cells.comparing,
        meaning_of=badges.meaning,
        role_meaning=badges.role_meaning,
        short_badge=badges.short,
        notes_of=cells.notes,
        looks_of=cells.looks,
        table_columns=cells.table_columns,
        tested=cells.tested,
        size_of=cells.size,
        rank_note=cells.rank_note,
        badges_of=cells.badges,
        answered=cells.answered,
        notices=cells.notices,
        by_metric=by_metric,
        rows_of=cells.rows_of,
        costs_missing=costs_missing,
        missing=MISSING,
    )
    return environment


def _soft(name: str) -> "Markup":
    """A name that breaks after underscores and commas first."""
    from markupsafe import Markup, escape

    return Markup(BREAK.sub(r"\g<0><wbr>", str(escape(name))))  # noqa: S704


def _words(name: str) -> str:
    """A badge's name as a CSS class."""
    return name.replace(" ", "-")


def _glossary(board: Board) -> list[tuple[str, list[tuple[str, str]]]]:
    """Title and help of every column by group, as published figures differ in meaning."""
    known: dict[Group, dict[str, str]] = {}
    for league in board.leagues:
        columns = known.setdefault(league.group, {})
        columns |= {column.title: column.help for column in league.columns}
    return [(GROUPS[group], list(columns.items())) for group, columns in known.items()]


def _looks(board: Board, labels: dict[str, Label]) -> str:
    """What the script needs for its charts, as JSON that is safe inside a script element."""
    content = looks(board, labels) | {
        "decimals": DECIMALS,
        "badges": BADGE_TEXTS | badges.SHORT,
        "meanings": badges.MEANINGS,
        "usual": badges.USUAL,
        "palette": [COLOURS, DASHES],
        "quantiles": quantiles(),
        "curves": {
            each.name: {"title": each.title, "unit": each.unit, "columns": each.columns}
            for each in CURVES
        },
    }
    return _inside_script(content)


def _inside_script(content: Mapping[str, object]) -> str:
    """JSON that is safe inside a script element."""
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text
