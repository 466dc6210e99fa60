"""The page: one self-contained HTML file that works offline, with and without its script."""

import json
import re
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from leaderboard.board_json import board_json, dump
from leaderboard.figures import style_of
from leaderboard.figures.charts import charts
from leaderboard.formatting import (
    BADGE_TEXTS,
    DECIMALS,
    MISSING,
    badge_text,
    beside,
    count,
    counted,
    listed,
    plain,
)
from leaderboard.model import Board, Entrant, Group, League
from leaderboard.page import cells
from leaderboard.page.effects import query_sizes, training_lengths
from leaderboard.page.libraries import digest, libraries, pack
from leaderboard.page.pictures import Label, Picture, league_pictures, setting_pictures
from leaderboard.page.protocol import linked, protocol

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup

FOLDER = Path(__file__).parent
BADGES = {
    "baseline": "a method that comes with the benchmark",
    "submission": "a user-submitted method",
    "published": "figures from the papers, from another nnU-Net version; ranked separately",
    "oracle": "sees the labels of the whole pool beforehand, which is not possible in practice",
    "incomplete": "some of its experiments are missing; not ranked",
    "failed": "at least one of its experiments failed, for the reason given; not ranked",
    "outdated protocol": "measured under an older version of the protocol",
}
LIMIT = 3_000_000
"""Bytes of a page, so that it can be sent by mail."""
SPARED = ("fits", "foreground", "classes", "patches")
"""Kinds of pictures that a larger page omits, in this order."""
STAND_IN = 150
"""Bytes of the text in place of an omitted picture."""
GROUPS: Mapping[Group, str] = {"measured": "Measured", "published": "Published"}
BREAK = re.compile("[_,](?=.)")


def render(board: Board, limit: int = LIMIT) -> str:
    """The whole page as HTML; the same board gives the same text.

    A page of more than ``limit`` bytes omits still pictures of settings that its script draws
    anyway, kind by kind, until it is small enough or none is left.
    """
    labels = _labels(board)
    pictures = _pictures(board, labels)
    rest = _all_but_pictures(board, labels)
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


def _pictures(board: Board, labels: dict[str, Label]) -> dict[str, list[Picture]]:
    """Of settings and leagues, by key."""
    found = {le.key: list(league_pictures(le, labels)) for le in board.leagues}
    settings = (setting for league in board.leagues for setting in league.settings)
    return found | {setting.key: list(setting_pictures(setting, labels)) for setting in settings}


def _page(rest: Mapping[str, object], pictures: dict[str, list[Picture]]) -> str:
    return _environment().get_template("page.html").render(rest, pictures=pictures)


def _all_but_pictures(board: Board, labels: dict[str, Label]) -> dict[str, object]:
    """What the template needs, by name, except for the pictures."""
    fold, script = ((FOLDER / name).read_text("utf-8") for name in ("fold.js", "script.js"))
    packed = libraries()
    policy = {
        "default-src": "'none'",
        "script-src": " ".join(
            [digest(fold), digest(script), *(library.digest for library in packed)]
        ),
        "style-src": "'unsafe-inline'",
        "img-src": "data: blob:",
        "base-uri": "'none'",
        "form-action": "'none'",
    }
    return {
        "board": board,
        "badges": BADGES,
        "glossary": _glossary(board),
        "policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "libraries": packed,
        "data": pack(dump(board_json(board))),
        "looks": _looks(board, labels),
        "fold": fold,
        "script": script,
        "query_sizes": {le.key: query_sizes(le, labels) for le in board.leagues},
        "training_lengths": training_lengths(board),
        "protocol": protocol(),
    }


def _environment() -> "Environment":
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(FOLDER),
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
        soft=_soft,
    )
    environment.globals.update(
        figure=cells.figure,
        beside=beside,
        counted=counted,
        comparing=cells.comparing,
        origin_of=cells.origin,
        rank_note=cells.rank_note,
        badges_of=cells.badges,
        answered=cells.answered,
        notices=cells.notices,
        reasons=cells.reasons,
        rows_of=cells.rows_of,
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


def _labels(board: Board) -> dict[str, Label]:
    """Name and style of every method, the same in all leagues."""
    every = [entrant for league in board.leagues for entrant in league.entrants]
    order = sorted({(_later(entrant), entrant.id) for entrant in every})
    known = {entrant_id: place for place, (_, entrant_id) in reversed(list(enumerate(order)))}
    labels = {}
    for league in board.leagues:
        for entrant in league.entrants:
            labels[entrant.key] = Label(plain(entrant.name, 2 * 60), style_of(known[entrant.id]))
    return labels


def _later(entrant: Entrant) -> bool:
    """Submissions come last, so that a new one changes no other method's style."""
    return "submission" in entrant.badges


def _looks(board: Board, labels: dict[str, Label]) -> str:
    """What the script needs for its charts, as JSON that is safe inside a script element."""

    def look(league: League) -> list[list[object]]:
        every = (labels[entrant.key] for entrant in league.entrants)
        return [
            [label.name, label.style.colour, list(label.style.dashes), label.style.marker]
            for label in every
        ]

    content = {
        "charts": charts(),
        "decimals": DECIMALS,
        "badges": BADGE_TEXTS,
        "looks": {le.key: look(le) for le in board.leagues},
    }
    text = json.dumps(content, separators=(",", ":"), ensure_ascii=False)
    for sign in "<>&":
        text = text.replace(sign, f"\\u{ord(sign):04x}")
    return text
