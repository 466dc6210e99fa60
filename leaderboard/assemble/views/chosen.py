"""Which rankings a league offers beside the usual ones."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace

from leaderboard.assemble.cells import Cells
from leaderboard.assemble.ranking.choices import MOST_METHODS
from leaderboard.assemble.table import Frame, make_table
from leaderboard.assemble.views.concordance import concordance, told
from leaderboard.assemble.views.restricted import class_choices, class_metrics, restricted
from leaderboard.metrics.metric import SeedMetric
from leaderboard.model import Value, View

MOST_BY_CLASS = 20
"""Methods up to which classes are combined and ranked by every metric; with more, single classes
are ranked by AUBC alone."""
Settings = Mapping[str, Cells]
"""By the setting's key."""

Classes = Mapping[str, tuple[str, tuple[str, ...]]]
"""Dataset and names of its foreground classes, by the setting's key."""


def chosen_views(
    frame: Frame, views: Sequence[View], cells: Settings, classes: Classes
) -> tuple[View, ...]:
    """The rankings by other metrics and by chosen classes.

    By metric: over all settings and over each dataset's. By class: over each dataset's settings.
    With more than ``MOST_METHODS`` methods, there are only those by metric over all settings.

    Args:
        frame: of the league.
        views: its usual rankings, the first one over all settings.
        cells: of the compared settings.
        classes: of the settings; without names where they are unknown.
    """
    few = len(frame.entrants) <= MOST_METHODS
    found: list[View] = []
    for number, usual in enumerate(views):
        if number and not (few and _is_of_a_dataset(usual, views)):
            continue
        found += (_beside(frame, view, usual) for view in _by_metric(frame, usual, cells))
        if few:
            by_class = _by_class(frame, usual, cells, classes)
            found += (_beside(frame, view, usual) for view in by_class)
    return tuple(found)


def _is_of_a_dataset(view: View, views: Sequence[View]) -> bool:
    """Whether it has the settings of a single dataset, and all of them."""
    several = [each.dataset for each in views if each.dataset and ", " in each.dataset]
    return bool(view.dataset) and not (
        view.regime or view.patch or view.role or view.dataset in several
    )


def _by_metric(frame: Frame, usual: View, cells: Settings) -> Iterator[View]:
    """The rankings over a view's settings by each other metric that any method has."""
    own = [cells[key] for key in usual.settings]
    values = {row.entrant: row.values for row in usual.rows}
    for metric in frame.metrics:
        known = any(row.values[metric.name].mean is not None for row in usual.rows)
        if not known or not isinstance(metric, SeedMetric) or metric.name == usual.ranked_by:
            continue
        table = make_table(
            replace(frame, metrics=(metric,)),
            own,
            everybody=len(usual.rows) == len(frame.entrants),
            by=metric.name,
        )
        rows = tuple(replace(row, values=values[row.entrant]) for row in table.rows)
        yield replace(usual, **vars(table) | {"rows": rows}, by=metric.name)


def _by_class(frame: Frame, usual: View, cells: Settings, classes: Classes) -> Iterator[View]:
    """The rankings over a dataset's settings by some of its classes."""
    different = {classes[key] for key in usual.settings}
    if len(different) != 1:
        return
    ((_, every),) = different
    own = replace(frame, metrics=class_metrics(frame.metrics))
    empty = {metric.name: Value() for metric in frame.metrics}
    few = len(frame.entrants) <= MOST_BY_CLASS
    for places in class_choices(len(every), combined=few):
        part = {key: restricted(cells[key], places, own.metrics) for key in usual.settings}
        everybody = len(usual.rows) == len(frame.entrants)
        table = make_table(own, [*part.values()], everybody=everybody)
        rows = tuple(replace(row, values=empty | {**row.values}) for row in table.rows)
        chosen = tuple(every[place] for place in places)
        view = replace(usual, **vars(table) | {"rows": rows}, classes=chosen)
        yield view
        if few:
            yield from _by_metric(own, view, part)


def _beside(frame: Frame, view: View, usual: View) -> View:
    """With how far it agrees with the usual ranking, which its verdict says first."""
    (title,) = (each.title for each in frame.metrics if each.name == usual.ranked_by)
    found = concordance(usual.rows, view.rows)
    more = (told(found, title, frame.entrants), *view.verdict.more)
    return replace(view, concordance=found, verdict=replace(view.verdict, more=more))
