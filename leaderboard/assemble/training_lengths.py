"""What longer training changes, method by method and setting by setting."""

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations

from leaderboard.metrics import NoAnswerError, length_difference_from_stats
from leaderboard.model import Block, League, LengthEffect, Value

METRICS = ("aubc", "final_dice")
PUBLISHED_SEEDS = 4
"""Behind every printed mean (protocol section 7)."""


def length_effects(leagues: Iterable[League]) -> tuple[LengthEffect, ...]:
    """Differences between leagues that differ in the training length, longer minus shorter.

    Of every method that is complete in both, with an unpaired t-test over seeds; from means and
    sample standard deviations, so printed figures do as well. Compared are settings with the same
    ``but_length`` in comparable leagues of one group, protocol and nnU-Net. Source:
    protocol section 6.
    """
    by_epochs = sorted(leagues, key=lambda league: (league.epochs, league.track, league.key))
    return tuple(
        effect
        for short, long in combinations(by_epochs, 2)
        if _comparable(short, long)
        for effect in _effects(short, long)
    )


def _comparable(short: League, long: League) -> bool:
    def versions(league: League) -> tuple[str, ...]:
        return (league.group, league.protocol, league.nnunet)

    return (
        short.comparable
        and long.comparable
        and short.epochs < long.epochs
        and versions(short) == versions(long)
    )


def _effects(short: League, long: League) -> Iterator[LengthEffect]:
    longer = {block.but_length: block for block in long.blocks if block.but_length}
    for block in short.blocks:
        other = longer.get(block.but_length)
        if other is not None:
            yield from _block_effects(short, block, long, other)


def _block_effects(
    short: League, first: Block, long: League, second: Block
) -> Iterator[LengthEffect]:
    before, after = _figures(short, first), _figures(long, second)
    for method in before:
        if method not in after:
            continue
        for metric in METRICS:
            stats = [_stats(side[method], metric) for side in (before, after)]
            try:
                result = length_difference_from_stats(*stats[0], *stats[1])
            except NoAnswerError:
                continue
            yield LengthEffect(
                method=method,
                leagues=(short.key, long.key),
                blocks=(first.key, second.key),
                metric=metric,
                difference=result.difference,
                p_value=result.p_value,
                significant=result.significant,
            )


Figures = tuple[Mapping[str, Value], int]
"""Values by column, and the number of seeds behind them."""


def _figures(league: League, block: Block) -> dict[str, Figures]:
    """Of the complete entrants of a block by method id, in its order."""
    ids = {entrant.key: entrant.id for entrant in league.entrants}
    return {
        ids[row.entrant]: (row.values, len(row.seeds) or PUBLISHED_SEEDS)
        for row in block.rows
        if row.status == "complete"
    }


def _stats(figures: Figures, metric: str) -> tuple[float, float, int]:
    values, seeds = figures
    value = values.get(metric, Value())
    missing = float("nan")
    return (
        missing if value.mean is None else value.mean,
        missing if value.spread is None else value.spread,
        seeds,
    )
