"""The columns that depend on who else is ranked in a table."""

from collections.abc import Sequence

import numpy as np

from leaderboard.assemble.cells import Cells, measured
from leaderboard.assemble.columns import NEEDS_SEEDS, RELATIONAL
from leaderboard.metrics import (
    NoAnswerError,
    leave_one_seed_out,
    mean,
    mean_ranks,
    ppm,
    ranks,
    sample_std,
)
from leaderboard.model import Value


def relational_values(
    ranked: Sequence[str], settings: Sequence[Cells]
) -> dict[str, dict[str, Value]]:
    """Values of the relational columns by the keys of the ranked entrants.

    In a single setting the mean rank is that of the leave-one-seed-out ranks.
    """
    if not ranked:
        return {}
    mean_rank = (
        _loso_ranks(ranked, settings[0]) if len(settings) == 1 else _mean_ranks(ranked, settings)
    )
    wins, losses = _penalties(ranked, settings)
    return {
        key: dict(zip(RELATIONAL, figures, strict=True))
        for key, *figures in zip(ranked, mean_rank, wins, losses, strict=True)
    }


def _mean_ranks(ranked: Sequence[str], settings: Sequence[Cells]) -> list[Value]:
    table = [
        ranks([setting.cells[key].values["aubc"].mean or 0.0 for key in ranked])
        for setting in settings
    ]
    found = mean_ranks(np.array(table))
    errors = [None] * len(ranked) if found.standard_error is None else found.standard_error.tolist()
    return [Value(centre, error) for centre, error in zip(found.mean.tolist(), errors, strict=True)]


def _loso_ranks(ranked: Sequence[str], setting: Cells) -> list[Value]:
    """In a single setting: means over leave-one-seed-out ranks."""
    if not measured(ranked, [setting]):
        return [Value(reason=NEEDS_SEEDS)] * len(ranked)
    scores = np.stack([setting.cells[key].by_seed["aubc"] for key in ranked])
    try:
        left = leave_one_seed_out(scores).T.tolist()
    except NoAnswerError as refusal:
        return [Value(reason=str(refusal))] * len(ranked)
    return [Value(mean(each), sample_std(each)) for each in left]


def _penalties(ranked: Sequence[str], settings: Sequence[Cells]) -> tuple[list[Value], list[Value]]:
    """PPM wins and losses in percent."""
    if not measured(ranked, settings):
        nothing = [Value(reason=NEEDS_SEEDS)] * len(ranked)
        return nothing, nothing
    dice = {
        setting.key: np.stack([setting.cells[key].dice for key in ranked]) for setting in settings
    }
    try:
        found = ppm(dice)
    except NoAnswerError as refusal:
        nothing = [Value(reason=str(refusal))] * len(ranked)
        return nothing, nothing
    wins, losses = (100 * shares for shares in (found.wins, found.losses))
    return [Value(share) for share in wins.tolist()], [Value(share) for share in losses.tolist()]
