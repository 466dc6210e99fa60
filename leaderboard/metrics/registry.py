"""All declared metrics, found in the modules of this package."""

import pkgutil
from functools import cache
from importlib import import_module

import leaderboard.metrics as package
from leaderboard.metrics.metric import Metric, SeedMetric
from leaderboard.model import Group


def declared() -> tuple[Metric, ...]:
    """Every metric, in the order of the columns."""
    return discovered()


def shown_in(group: Group) -> tuple[Metric, ...]:
    """The metrics that are columns in leagues of a group."""
    return tuple(m for m in declared() if group == "measured" or m.published is not None)


def printed() -> tuple[Metric, ...]:
    """Those whose values the papers print: they compare settings and training lengths."""
    return tuple(m for m in declared() if m.published is not None and m.published.printed)


def printed_by_seed() -> tuple[SeedMetric, ...]:
    """Those of ``printed`` that have one value per seed."""
    return tuple(metric for metric in printed() if isinstance(metric, SeedMetric))


@cache
def discovered() -> tuple[Metric, ...]:
    """The declarations in all modules of the package."""
    modules = pkgutil.iter_modules(package.__path__, f"{package.__name__}.")
    found = {
        metric.name: metric
        for module in modules
        for metric in vars(import_module(module.name)).values()
        if isinstance(metric, Metric)
    }
    return tuple(sorted(found.values(), key=lambda metric: (metric.order, metric.name)))
