"""What depends on which other methods have entered a league: ranks over settings, PPM, tests."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from leaderboard.assemble.cells import Cell, Cells
from leaderboard.assemble.keys import cohort_id
from leaderboard.assemble.ranking.blocks import complete_settings
from leaderboard.assemble.studies.effects import query_size_effects
from leaderboard.metrics import (
    friedman,
    kendall,
    leave_one_seed_out,
    mean_ranks,
    nemenyi,
    ppm,
    ranks,
)
from leaderboard.metrics.metric import NOTHING
from leaderboard.metrics.ppm import Correction
from leaderboard.metrics.ranks import compared
from leaderboard.metrics.registry import printed, printed_by_seed
from leaderboard.metrics.runs import Runs
from leaderboard.model import Agreement, CriticalDifference, PairwisePenalty, Relations, Value
from leaderboard.undefined import Undefined, UndefinedMetricError, attempt, required

PENALTIES: tuple[tuple[str, float, Correction], ...] = (
    ("alpha 0.05", 0.05, "none"),
    ("alpha 0.02", 0.02, "none"),
    ("alpha 0.05, Holm-Bonferroni", 0.05, "holm"),
)
FEW_SETTINGS = 10
"""With fewer, a critical-difference diagram has little power."""
FEWEST_AGREEING = 3
"""Methods that two settings must share for their rankings to be compared."""
DECIMALS = 2
"""That ranks compare (protocol section 6)."""
ORDER = "aubc"
"""The metric that the methods' order, the tests over settings and agreements follow."""

MeanScores = Mapping[str, Mapping[str, float]]
"""By setting, then method; without those where it is undefined."""


def make_relations(
    settings: Sequence[Cells], ids: Mapping[str, str], ranked_over: Sequence[str] = ()
) -> Relations:
    """Relations between the methods that are complete in every setting that is ranked over.

    Settings agree about the methods that both have, and query sizes about those of one method,
    whatever is ranked.

    Works on published means too; what needs single seeds or loops is undefined then. The order of
    settings and methods changes nothing.

    Args:
        settings: those that the league's main table compares.
        ids: of the methods by key, for the cohort.
        ranked_over: keys of the settings over which the main table ranks; empty: all.
    """
    every = sorted((_complete(setting) for setting in settings), key=lambda each: each.key)
    settings = [each for each in every if not ranked_over or each.key in ranked_over]
    scores = {metric.name: _means(settings, metric.name) for metric in printed()}
    entrants = _by_mean_rank(_everywhere(settings), scores[ORDER])
    setting_ranks: dict[str, dict[str, tuple[int | None, ...]]] = {
        metric: {setting: _ranks(means, entrants) for setting, means in by_setting.items()}
        for metric, by_setting in scores.items()
    }
    return Relations(
        entrants=entrants,
        cohort=cohort_id(ids[key] for key in entrants),
        penalties=attempt(lambda: _penalties(settings, entrants)),
        ranks=setting_ranks,
        critical=attempt(lambda: _critical(scores[ORDER], entrants)),
        agreements=tuple(_agreements(_means(every, ORDER))),
        mean_ranks={
            metric: _mean_ranks(list(by_setting.values()))
            for metric, by_setting in setting_ranks.items()
        },
        ranks_without_a_seed=_without_a_seed(settings, entrants),
        query_sizes=query_size_effects(every),
    )


def _complete(setting: Cells) -> Cells:
    cells = {
        key: cell
        for key, cell in sorted(setting.cells.items())
        if cell.status == "complete" and not isinstance(cell.scores, Undefined)
    }
    return replace(setting, cells=cells)


def _everywhere(settings: Sequence[Cells]) -> tuple[str, ...]:
    """The methods that are the same and complete in every setting."""
    keys = {each.key for each in settings}
    return tuple(key for key, own in complete_settings(settings).items() if keys and own == keys)


def _means(settings: Sequence[Cells], metric: str) -> dict[str, dict[str, float]]:
    return {
        setting.key: {
            key: mean
            for key, cell in setting.cells.items()
            if (mean := cell.values[metric].mean) is not None
        }
        for setting in settings
    }


def _by_mean_rank(entrants: Sequence[str], scores: MeanScores) -> tuple[str, ...]:
    """Methods by mean rank of AUBC; those without it last, ties by key."""
    ranked = [key for key in entrants if all(key in means for means in scores.values())]
    if not ranked:
        return tuple(entrants)
    table = np.array([ranks([means[key] for key in ranked]) for means in scores.values()])
    order = np.argsort(mean_ranks(table).mean, kind="stable")
    rest = [key for key in entrants if key not in ranked]
    return (*(ranked[place] for place in order), *rest)


def _ranks(means: Mapping[str, float], entrants: Sequence[str]) -> tuple[int | None, ...]:
    present = [key for key in entrants if key in means]
    places = dict(zip(present, ranks([means[key] for key in present], DECIMALS), strict=True))
    return tuple(places.get(key) for key in entrants)


def _mean_ranks(settings: Sequence[tuple[int | None, ...]]) -> tuple[Value, ...]:
    """Mean rank over settings with its standard error, one per method."""
    values = []
    for places in zip(*settings, strict=True):
        known = [place for place in places if place is not None]
        if len(known) < len(places):
            values.append(Value(reason="no rank in every setting"))
            continue
        mean, error = mean_ranks(np.array(known)[:, np.newaxis])
        reason = None if error is not None else "a standard error needs at least 2 settings"
        values.append(
            Value(
                mean=float(mean[0]),
                spread=None if error is None else float(error[0]),
                reason=reason,
            )
        )
    return tuple(values)


def _penalties(settings: Sequence[Cells], entrants: Sequence[str]) -> tuple[PairwisePenalty, ...]:
    dice = {
        setting.key: np.stack([required(cell.runs).dice for cell in _paired(setting, entrants)])
        for setting in settings
    }
    first = max((setting.first_loop for setting in settings), default=1)
    made = [(title, ppm(dice, alpha, correction, first)) for title, alpha, correction in PENALTIES]
    return tuple(
        PairwisePenalty(
            title=title,
            matrix=tuple(tuple(row) for row in result.matrix.tolist()),
            wins=tuple(result.wins.tolist()),
            losses=tuple(result.losses.tolist()),
        )
        for title, result in made
    )


def _paired(setting: Cells, entrants: Sequence[str]) -> list[Cell]:
    """The methods' cells in a setting, whose seeds and loops pair up.

    Raises:
        UndefinedMetricError: They don't, or there is none.
    """
    if not entrants:
        raise UndefinedMetricError("no method is complete in every setting")
    cells = [setting.cells[key] for key in entrants]
    runs: list[Runs] = [required(cell.runs) for cell in cells]
    if len({each.seeds for each in runs}) > 1:
        raise UndefinedMetricError("the methods were not run with the same seeds")
    if len({each.budgets for each in runs}) > 1:
        raise UndefinedMetricError("the methods were not measured at the same budgets")
    return cells


def _critical(scores: MeanScores, entrants: Sequence[str]) -> CriticalDifference:
    table = compared(
        np.array([[means.get(key, np.nan) for key in entrants] for means in scores.values()])
    )
    test, post_hoc = friedman(table), nemenyi(table)
    settings = len(table)
    return CriticalDifference(
        mean_ranks=tuple(post_hoc.mean_ranks.tolist()),
        difference=post_hoc.difference,
        groups=tuple(tuple(entrants[place] for place in group) for group in post_hoc.groups),
        settings=settings,
        p_value=test.p_value,
        warning=f"only {settings} settings: the test has little power"
        if settings < FEW_SETTINGS
        else "",
    )


def _agreements(scores: MeanScores) -> Iterable[Agreement]:
    """Kendall's tau-b of every two settings over the methods that both have."""
    for (first, means), (second, others) in combinations(scores.items(), 2):
        shared = [key for key in means if key in others]
        if len(shared) < FEWEST_AGREEING:
            continue
        try:
            result = kendall([means[key] for key in shared], [others[key] for key in shared])
        except UndefinedMetricError:
            continue
        yield Agreement(first, second, result.tau, result.p_value, len(shared))


def _without_a_seed(
    settings: Sequence[Cells], entrants: Sequence[str]
) -> dict[str, dict[str, tuple[tuple[int, ...], ...]]]:
    """Leave-one-seed-out ranks by metric and setting, where they are defined."""
    found: dict[str, dict[str, tuple[tuple[int, ...], ...]]] = {}
    for metric in printed_by_seed():
        found[metric.name] = {}
        for setting in settings:
            left = attempt(lambda: _left_out(setting, entrants, metric.name))  # noqa: B023
            if not isinstance(left, Undefined):
                found[metric.name][setting.key] = tuple(tuple(row) for row in left.tolist())
    return found


def _left_out(setting: Cells, entrants: Sequence[str], metric: str) -> np.ndarray:
    values = [cell.by_seed.get(metric) for cell in _paired(setting, entrants)]
    known = [each for each in values if each is not None]
    if len(known) < len(values):
        raise UndefinedMetricError(NOTHING.reason)
    return leave_one_seed_out(np.stack(known))
