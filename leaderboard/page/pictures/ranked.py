"""The chart of a ranking, and in words what it shows and leaves out."""

from collections.abc import Mapping, Sequence

from leaderboard.figures.ranking import FIRST, Dot, chosen, groups, limits, ranking_chart
from leaderboard.figures.styles import MOST
from leaderboard.formatting import count, number
from leaderboard.model import Column, Entrant, League, Row, View
from leaderboard.page.pictures.labels import Label


def ranking_svg(league: League, view: View, labels: Mapping[str, Label]) -> tuple[str, str]:
    """SVG and caption; both empty where the view ranks nobody."""
    column = next(column for column in league.columns if column.name == view.ranked_by)
    entrants = {entrant.key: entrant for entrant in league.entrants}
    ranked = [row for row in view.rows if row.rank is not None]
    dots = [_dot(row, column, entrants[row.entrant], labels[row.entrant]) for row in ranked]
    if not dots:
        return "", ""
    title = column.title + (f" ({column.unit})" if column.unit else "")
    caption = _caption(title, _whiskers(column, ranked), dots, len(view.rows))
    return ranking_chart(dots, title, f"{league.title}. {caption}"), caption


def _dot(row: Row, column: Column, entrant: Entrant, label: Label) -> Dot:
    value = row.values[column.name]
    mean, low, high, spread = (
        None if part is None else number(part, column.unit)
        for part in (value.mean, value.low, value.high, value.spread)
    )
    mean = mean or 0.0
    if low is None or high is None:
        low, high = mean - (spread or 0.0), mean + (spread or 0.0)
    return Dot(
        name=label.name,
        style=label.style,
        rank=row.rank or 0,
        mean=mean,
        low=low,
        high=high,
        ties=row.ties,
        leading=row.leading,
        oracle=bool(entrant.oracle),
        baseline="baseline" in entrant.badges,
    )


def _whiskers(column: Column, rows: Sequence[Row]) -> str:
    """What the lines through the dots are."""
    values = [row.values[column.name] for row in rows]
    if any(value.low is not None and value.high is not None for value in values):
        return "with 95 % intervals"
    if any(value.spread is not None for value in values):
        return f"± one {column.spread}"
    return "without intervals, which need at least two seeds"


def _caption(title: str, whiskers: str, dots: Sequence[Dot], rows: int) -> str:
    shown = chosen(dots)
    parts = [f"{title} by method, best first, {whiskers}."]
    if groups(shown):
        parts.append("Bars join methods that share a letter: they cannot be told apart.")
    low, high = limits(shown)
    if any(dot.low < low or dot.high > high for dot in shown):
        parts.append("Arrowheads: intervals that go on beyond the plot.")
    if any(dot.oracle for dot in shown):
        parts.append("Hollow markers: methods that use ground truth.")
    if len(shown) < rows:
        left = rows - len(shown)
        first = f"the first {FIRST}" if len(dots) > MOST else f"{count(len(shown))}"
        baselines = " and the baselines" if len(dots) > MOST and len(shown) > FIRST else ""
        more = "more method is" if left == 1 else "more methods are"
        parts.append(f"Shown: {first}{baselines}; {count(left)} {more} in the table.")
    return " ".join(parts)
