"""The board for other programs and for papers: CSV, JSON, Markdown, LaTeX."""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence

from leaderboard.choosing import by_metric
from leaderboard.formatting import MISSING, badge_text, beside, joined, plain, shown
from leaderboard.model import Board, Column, League, Row, Value
from leaderboard.payload import LONG_COLUMNS, board_json, long_rows, to_json

__all__ = ["long_csv", "to_json", "to_latex", "to_markdown"]

INTERVAL = "\N{EN DASH}"
"""Occurs in the text of an interval and in no other."""
FORMULA = re.compile(r"\s*[=+\-@\uff1d\uff0b\uff0d\uff20]")
"""Start of a text that a spreadsheet may take for a formula; full-width signs count, too."""
LINKED = re.compile(r":(?=//)|(?<=www)\.", re.IGNORECASE)
"""Characters by which Markdown recognises a bare address as a link."""
TEXTS = slice(0, LONG_COLUMNS.index("column"))
"""Fields of a long row that hold text from submissions."""
SIGNS = {
    **{sign: f"\\{sign}" for sign in "&%$#_{}"},
    "\\": r"\textbackslash{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "\N{PLUS-MINUS SIGN}": r"$\pm$",
    "\N{EN DASH}": "--",
    "\N{MULTIPLICATION SIGN}": r"$\times$",
    "\N{NARROW NO-BREAK SPACE}": r"\,",
}
"""Characters with a meaning in LaTeX, or without a glyph in its fonts."""


def long_csv(board: Board) -> str:
    """One line per league, view or setting, method and column; ``n/a`` for what is undefined."""
    target = io.StringIO()
    writer = csv.writer(target, lineterminator="\n")
    writer.writerow(LONG_COLUMNS)
    for *fields, reason in long_rows(board_json(board)):
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
    return "\n".join([*lines, *_other_metrics(league)])


def _other_metrics(league: League) -> Iterator[str]:
    """How the rankings by other metrics differ, as a small table; nothing where there are none."""
    others = by_metric(league)
    if not others or league.views[0].by or league.views[0].classes:
        return
    titles = {column.name: column.title for column in league.columns}
    yield f"Rankings by other metrics, compared with that by {titles[league.views[0].ranked_by]}:"
    yield ""
    heads = ("Ranked by", "Best", "Kendall's tau", "Swapped pairs", "Significant swaps")
    yield _line(heads)
    yield _line(["---", "---", "---:", "---:", "---"])
    for column, best, found in others:
        cells = (column.title, best, found.tau, found.changed, found.swaps or "none")
        yield _line(map(_escaped, cells))
    yield ""


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _escaped(text: str) -> str:
    """Text without meaning in Markdown; HTML and bare addresses included."""
    return LINKED.sub(r"\\\g<0>", re.sub(r"([\\`*_{}\[\]<>#|~$&!])", r"\\\1", text))


def _latex(league: League) -> str:
    caption = f"{league.title}. {_caption(league)}"
    return latex_table(*_table(league), caption=caption, label=f"tab:{league.key}")


def latex_table(
    head: Sequence[str], rows: Sequence[Sequence[str]], *, caption: str, label: str
) -> str:
    """A floating table (needs booktabs); all texts are plain and get escaped here.

    The first column is a rank, the second and the last are text, the others numbers.
    """
    lines = [
        r"\begin{table}",
        r"\centering",
        rf"\caption{{{latex_escaped(caption)}}}",
        rf"\label{{{label}}}",
        rf"\begin{{tabular}}{{rl{'r' * (len(head) - 3)}l}}",
        r"\toprule",
        _latex_line(head),
        r"\midrule",
        *map(_latex_line, rows),
        r"\bottomrule",
        r"\end{tabular}",
        r"\end{table}",
    ]
    return "\n".join(lines) + "\n"


def _latex_line(cells: Iterable[str]) -> str:
    return rf"{' & '.join(map(latex_escaped, cells))} \\"


def latex_escaped(text: str) -> str:
    r"""Text without a meaning in LaTeX.

    >>> latex_escaped("50 % of a_b")
    '50 \\% of a\\_b'
    """
    return "".join(SIGNS.get(sign, sign) for sign in text)


def _caption(league: League) -> str:
    view = league.views[0]
    settings, over = len(view.settings), len(view.ranked_over)
    means = f"Means over {settings} settings" if settings > 1 else "Means over seeds"
    if over:
        means = f"Means over the {over} of {settings} settings that are compared"
    if view.classes:
        where = f" in {view.dataset}" if view.dataset else ""
        means = f"For {joined(view.classes)}{where} alone: {means[0].lower()}{means[1:]}"
    text = "; ".join([means, *_beside(league)])
    if any(row.rank_low is not None for row in view.rows):
        text += "; ranks with their 95 % interval"
    if view.verdict.test:
        text += f"; methods that share a letter can't be told apart ({view.verdict.test})"
    verdict = "".join(f" {said}" for said in (view.verdict.headline, view.verdict.repeat) if said)
    return f"{text}.{verdict} Relational figures are computed among {view.cohort}."


def _beside(league: League) -> Iterator[str]:
    """What is shown with the means of which columns, one phrase each."""
    rows = league.views[0].rows
    found: dict[str, list[str]] = {}
    for column in _headline(league):
        for more in sorted({beside(row.values[column.name], column) for row in rows} - {""}):
            kind = "95 % interval" if INTERVAL in more else f"\N{PLUS-MINUS SIGN} {column.spread}"
            titles = found.setdefault(kind, [])
            if column.title not in titles:
                titles.append(column.title)
    for kind, titles in found.items():
        yield f"{', '.join(titles)} with {kind}"


def _headline(league: League) -> list[Column]:
    """The columns that fit on paper; without those that are undefined for every method."""
    return [
        column
        for column in league.columns
        if (column.headline or column.name == league.views[0].ranked_by)
        and any(row.values[column.name].mean is not None for row in league.views[0].rows)
    ]


def _table(league: League) -> tuple[list[str], list[list[str]]]:
    """Head and rows of the first view as plain text."""
    view = league.views[0]
    names = {entrant.key: entrant for entrant in league.entrants}
    columns = _headline(league)
    head = ["Rank", "Method", *(_title(column) for column in columns), "Badges"]
    rows = [
        [
            rank_text(row),
            plain(names[row.entrant].name),
            *(value_text(row.values[column.name], column) for column in columns),
            ", ".join(map(badge_text, names[row.entrant].badges)),
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
