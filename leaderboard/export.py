"""The board for other programs and for papers: CSV, JSON, Markdown, LaTeX."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

from leaderboard.formatting import MISSING, plain
from leaderboard.island import LONG_COLUMNS, island, long_rows, to_json
from leaderboard.latex import latex_table
from leaderboard.model import Board, Column, League, Row, Value
from leaderboard.rounding import beside, shown

__all__ = ["long_csv", "to_json", "to_latex", "to_markdown"]

IN_PRINT = ("score", "aubc", "final_dice", "fg_eff", "mean_rank", "ppm_wins", "ppm_losses")
"""Columns that fit on paper; the CSV has all."""
INTERVAL = "\N{EN DASH}"
"""Stands in the text of an interval and in no other."""
FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]")
"""How a text begins that a spreadsheet may take for a formula; full-width signs are signs, too."""
LINKED = re.compile(r":(?=//)|(?<=www)\.", re.IGNORECASE)
"""Signs by which Markdown takes a bare address for a link."""
TEXTS = slice(0, LONG_COLUMNS.index("column"))
"""Fields of a long row that hold what others wrote."""


def long_csv(board: Board) -> str:
    """One line per league, view or setting, entrant and column; ``n/a`` for what has no answer."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(LONG_COLUMNS)
    for *fields, reason in long_rows(island(board)):
        texts = [safe(field) for field in fields[TEXTS]]
        writer.writerow([*texts, *fields[TEXTS.stop :], safe(reason)])
    return target.getvalue()


def safe(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if FORMULA.match(text) else text


def to_markdown(board: Board) -> str:
    """The main table of every league over all its settings, as Markdown."""
    return "\n".join(_markdown(league) for league in board.leagues)


def to_latex(board: Board) -> str:
    """The main table of every league over all its settings, as LaTeX (needs booktabs)."""
    return "\n".join(_latex(league) for league in board.leagues)


def _markdown(league: League) -> str:
    head, rows = _table(league)
    lines = [f"## {_escaped(league.title)}", "", _line(map(_escaped, head))]
    lines.append(_line(["---:", "---", *["---:"] * (len(head) - 3), "---"]))
    lines += [_line(map(_escaped, row)) for row in rows]
    lines += ["", f"{_escaped(_caption(league))}", ""]
    return "\n".join(lines)


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    """Text without meaning in Markdown, HTML and bare addresses included."""
    return LINKED.sub(r"\\\g<0>", re.sub(r"([\\`*_{}\[\]<>#|~$&!])", r"\\\1", text))


def _latex(league: League) -> str:
    caption = f"{league.title}. {_caption(league)}"
    return latex_table(*_table(league), caption=caption, label=f"tab:{league.key}")


def _caption(league: League) -> str:
    view = league.views[0]
    settings = len(view.settings)
    means = f"Means over {settings} settings" if settings > 1 else "Means over seeds"
    text = "; ".join([means, *_beside(league)])
    if any(row.rank_low is not None for row in view.rows):
        text += (
            "; the rank with its 95 % bootstrap interval, letters for entrants that can't be told "
            "apart"
        )
    return f"{text}. What depends on who has entered: {view.stamp}."


def _beside(league: League) -> Iterator[str]:
    """What stands beside the means of which columns, a phrase each."""
    rows = league.views[0].rows
    found: dict[str, list[str]] = {}
    for column in _printed(league):
        for more in sorted({beside(row.values[column.name], column) for row in rows} - {""}):
            kind = "95 % interval" if INTERVAL in more else f"\N{PLUS-MINUS SIGN} {column.spread}"
            titles = found.setdefault(kind, [])
            if column.title not in titles:
                titles.append(column.title)
    for kind, titles in found.items():
        yield f"beside {', '.join(titles)}: {kind}"


def _printed(league: League) -> list[Column]:
    """The columns that fit on paper; without those that answer nobody."""
    return [
        column
        for column in league.columns
        if column.name in IN_PRINT
        and any(row.values[column.name].mean is not None for row in league.views[0].rows)
    ]


def _table(league: League) -> tuple[list[str], list[list[str]]]:
    """Head and rows of the first view as plain text."""
    view = league.views[0]
    names = {entrant.key: entrant for entrant in league.entrants}
    columns = _printed(league)
    head = ["Rank", "Method", *(_title(column) for column in columns), "Badges"]
    rows = [
        [
            rank_text(row),
            plain(names[row.entrant].name),
            *(value_text(row.values[column.name], column) for column in columns),
            ", ".join(names[row.entrant].badges),
        ]
        for row in view.rows
    ]
    return head, rows


def _title(column: Column) -> str:
    return f"{column.title} ({column.unit})" if column.unit else column.title


def rank_text(row: Row) -> str:
    """``2 (1-3) ab``: rank, its interval where it is wider, tie group."""
    if row.rank is None:
        return "-"
    wide = row.rank_low is not None and row.rank_low != row.rank_high
    interval = f" ({row.rank_low}\N{EN DASH}{row.rank_high})" if wide else ""
    return f"{row.rank}{interval} {row.ties}".strip()


def value_text(value: Value, column: Column) -> str:
    """``71.3 ± 1.2``, ``71.3 (70.1-72.5)``, ``71.3`` or ``n/a``: as on the page."""
    if value.mean is None:
        return MISSING
    centre, more = shown(value.mean, column.unit), beside(value, column)
    return f"{centre} ({more})" if INTERVAL in more else f"{centre} {more}".strip()


def chosen(board: Board, wanted: Sequence[str]) -> tuple[League, ...]:
    """The leagues with one of the given keys, tracks or titles; all if none is given."""
    return tuple(
        league
        for league in board.leagues
        if not wanted or {league.key, league.track, league.title} & set(wanted)
    )
