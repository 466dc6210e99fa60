"""What depends on who else has entered a league: ranks over settings, PPM, tests, agreement."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import combinations

import numpy as np

from leaderboard.assemble.answers import METRICS, Metric, aubcs, final_dices, mean_of
from leaderboard.assemble.query_sizes import query_size_effects
from leaderboard.assemble.scores import Measured, Scores
from leaderboard.assemble.stamps import stamp
from leaderboard.metrics import (
    NoAnswerError,
    friedman,
    kendall,
    leave_one_seed_out,
    mean_ranks,
    nemenyi,
    ppm,
    ranks,
)
from leaderboard.metrics.ppm import Correction
from leaderboard.model import Agreement, CriticalDifference, PairwisePenalty, Relations, Value

PENALTIES: tuple[tuple[str, float, Correction], ...] = (
    ("alpha 0.05", 0.05, "none"),
    ("alpha 0.02", 0.02, "none"),
    ("alpha 0.05, Holm-Bonferroni", 0.05, "holm"),
)
FEW_SETTINGS = 10
"""Below it, a critical-difference diagram says little."""
FEWEST_AGREEING = 3
"""Methods that two settings must share for their rankings to be compared."""
DECIMALS = 2
"""That ranks compare (protocol section 6)."""

MeanScores = Mapping[str, Mapping[str, float]]
"""By block, then entrant; without those that have no answer."""


def make_relations(blocks: Sequence[Scores], ids: Mapping[str, str]) -> Relations:
    """Relations between the entrants that are complete in every block.

    Works on printed means too; what needs single seeds or loops then has a reason. ``ids`` names
    entrants by key, for the stamp. The order of blocks and entrants changes nothing.
    """
    blocks = sorted(blocks, key=lambda block: block.block)
    everywhere = _complete(blocks)
    scores = {metric: _means(blocks, metric) for metric in METRICS}
    entrants = _by_mean_rank(everywhere, scores["aubc"])
    penalties, penalties_reason = _penalties(blocks, entrants)
    critical, critical_reason = _critical(scores["aubc"], entrants)
    block_ranks: dict[str, dict[str, tuple[int | None, ...]]] = {
        metric: {block: _ranks(means, entrants) for block, means in scores[metric].items()}
        for metric in METRICS
    }
    return Relations(
        entrants=entrants,
        stamp=stamp(ids[key] for key in entrants),
        penalties=penalties,
        penalties_reason=penalties_reason,
        ranks=block_ranks,
        critical=critical,
        critical_reason=critical_reason,
        agreements=tuple(_agreements(scores["aubc"])),
        mean_ranks={metric: _mean_ranks(list(block_ranks[metric].values())) for metric in METRICS},
        ranks_without_a_seed=_without_a_seed(blocks, entrants),
        query_sizes=query_size_effects(blocks),
    )


def _complete(blocks: Sequence[Scores]) -> tuple[str, ...]:
    return tuple(sorted(set.intersection(*(set(b.entrants) for b in blocks)) if blocks else ()))


def _means(blocks: Sequence[Scores], metric: Metric) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for block in blocks:
        found[block.block] = means = {}
        for key, entry in sorted(block.entrants.items()):
            try:
                means[key] = mean_of(entry, metric, block.reference)
            except NoAnswerError:
                continue
    return found


def _by_mean_rank(entrants: Sequence[str], scores: MeanScores) -> tuple[str, ...]:
    """Entrants by mean rank of AUBC; those without it last, ties by key."""
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


def _mean_ranks(blocks: Sequence[tuple[int | None, ...]]) -> tuple[Value, ...]:
    """Mean rank over settings with its standard error, an entrant each."""
    values = []
    for places in zip(*blocks, strict=True):
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


def _penalties(
    blocks: Sequence[Scores], entrants: Sequence[str]
) -> tuple[tuple[PairwisePenalty, ...], str]:
    try:
        dice = {block.block: _paired_dice(block, entrants) for block in blocks}
        made = [(title, ppm(dice, alpha, correction)) for title, alpha, correction in PENALTIES]
    except NoAnswerError as refusal:
        return (), str(refusal)
    return tuple(
        PairwisePenalty(
            title=title,
            matrix=tuple(tuple(row) for row in result.matrix.tolist()),
            wins=tuple(result.wins.tolist()),
            losses=tuple(result.losses.tolist()),
        )
        for title, result in made
    ), ""


def _paired(block: Scores, entrants: Sequence[str]) -> list[Measured]:
    """Entries of a block whose seeds and loops pair up."""
    if not entrants:
        raise NoAnswerError("no entrant is complete in every setting")
    entries = [block.entrants[key] for key in entrants]
    measured = [entry for entry in entries if isinstance(entry, Measured)]
    if len(measured) < len(entries):
        raise NoAnswerError("it needs single seeds and loops, which the papers don't print")
    if len({entry.seeds for entry in measured}) > 1:
        raise NoAnswerError("the entrants were not run with the same seeds")
    if len({entry.budgets for entry in measured}) > 1:
        raise NoAnswerError("the entrants were not measured at the same budgets")
    return measured


def _paired_dice(block: Scores, entrants: Sequence[str]) -> np.ndarray:
    return np.stack([entry.dice for entry in _paired(block, entrants)])


def _critical(scores: MeanScores, entrants: Sequence[str]) -> tuple[CriticalDifference | None, str]:
    table = [
        [round(means.get(key, np.nan), DECIMALS) for key in entrants] for means in scores.values()
    ]
    try:
        test, post_hoc = friedman(np.array(table)), nemenyi(np.array(table))
    except NoAnswerError as refusal:
        return None, str(refusal)
    settings = len(table)
    return CriticalDifference(
        mean_ranks=tuple(post_hoc.mean_ranks.tolist()),
        difference=post_hoc.difference,
        groups=tuple(tuple(entrants[place] for place in group) for group in post_hoc.groups),
        settings=settings,
        p_value=test.p_value,
        warning=f"only {settings} settings: few differences can show"
        if settings < FEW_SETTINGS
        else "",
    ), ""


def _agreements(scores: MeanScores) -> Iterable[Agreement]:
    """Kendall's tau-b of every two settings over the entrants that both have."""
    for (first, means), (second, others) in combinations(scores.items(), 2):
        shared = [key for key in means if key in others]
        if len(shared) < FEWEST_AGREEING:
            continue
        try:
            result = kendall([means[key] for key in shared], [others[key] for key in shared])
        except NoAnswerError:
            continue
        yield Agreement(first, second, result.tau, result.p_value, len(shared))


def _without_a_seed(
    blocks: Sequence[Scores], entrants: Sequence[str]
) -> dict[str, dict[str, tuple[tuple[int, ...], ...]]]:
    """Leave-one-seed-out ranks by metric and block; without blocks that have no answer."""
    found: dict[str, dict[str, tuple[tuple[int, ...], ...]]] = {}
    for metric, per_seed in (("aubc", aubcs), ("final_dice", final_dices)):
        found[metric] = {}
        for block in blocks:
            try:
                values = np.array([per_seed(entry) for entry in _paired(block, entrants)])
                left = leave_one_seed_out(values)
            except NoAnswerError:
                continue
            found[metric][block.block] = tuple(tuple(row) for row in left.tolist())
    return found
