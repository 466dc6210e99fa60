"""What all methods of a setting are measured against: full-data Dice and the shared loop 0."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from leaderboard.labelling.estimate import WORK, Estimate, Work, fractions, shipped_estimate
from leaderboard.metrics.spread import mean
from leaderboard.read.facts import Facts
from leaderboard.undefined import Undefined, attempt
from nnactive.io.queries import PROTOCOL_START

NO_FULL_DATA = Undefined("no full-data Dice is known for this training")
NO_START = Undefined("no method has a loop 0")
NO_PROTOCOL_START = Undefined("the protocol's starting budget was not run beside these starts")
NOT_COUNTED = Undefined("loop 0 of the baselines was not counted")


@dataclass(frozen=True)
class Start:
    """Loop 0 of a setting, means over seeds."""

    dice: float | Undefined
    """y0, Mean Dice in [0, 1]."""
    foreground: float | Undefined
    """t0, labelled fraction of the pool's foreground voxels in [0, 1]."""
    effort: float | Undefined
    """t0, labelled fraction of the pool's boundary voxels in [0, 1]."""
    work: Mapping[Work, float | Undefined] = field(default_factory=dict, hash=False)
    """t0 by kind, as a fraction of labelling the whole pool."""


@dataclass(frozen=True)
class Reference:
    """The same for all methods of a setting, whatever a method's own results say."""

    full: float | Undefined
    """Full-data Mean Dice in [0, 1]."""
    start: Start | Undefined = NO_START
    estimate: Estimate = field(default_factory=shipped_estimate)
    """How long labelling takes."""


UNKNOWN = Reference(NO_FULL_DATA)


def make_reference(
    results: Sequence[Facts], seeds: Sequence[int], estimate: Estimate | None = None
) -> Reference:
    """From the baselines of a setting, or from all its results where there is no baseline.

    Loop 0 belongs to the setting, not to a method (protocol sections 4 and 6): no method gets a
    better score from a worse start. Where starts are compared, it is that of the protocol's.

    Args:
        results: all of the setting.
        seeds: of a complete method; others don't count.
        estimate: how long labelling takes; None: as the benchmark ships it.
    """
    estimate = estimate or shipped_estimate()
    baselines = [result for result in results if result.method.origin == "builtin"]
    deciding = baselines or results
    wanted = [result for result in deciding if result.seed in seeds and result.loops]
    protocol = [result for result in wanted if result.method.start in {None, PROTOCOL_START}]
    missing = NO_PROTOCOL_START if wanted else NO_START
    start = _start(protocol, estimate) if protocol else missing
    return Reference(_full(deciding), start, estimate)


def _full(results: Iterable[Facts]) -> float | Undefined:
    known = {result.dataset.full_data_dice for result in results} - {None}
    if len(known) > 1:
        return Undefined("the results disagree about the full-data Dice")
    return next((dice for dice in known if dice is not None), NO_FULL_DATA)


def _start(results: Sequence[Facts], estimate: Estimate) -> Start:
    return Start(
        dice=_over_seeds(results, lambda result: result.loops[0].mean_dice),
        foreground=_over_seeds(
            results,
            lambda result: _share(
                result.loops[0].labelled_foreground, result.dataset.pool_foreground
            ),
        ),
        effort=_over_seeds(
            results,
            lambda result: _share(result.loops[0].labelled_boundary, result.dataset.pool_boundary),
        ),
        work={kind: _over_seeds(results, _first(kind, estimate)) for kind in WORK},
    )


def _first(kind: Work, estimate: Estimate) -> Callable[[Facts], float | None]:
    """The fraction of the pool's work that loop 0 takes; None: not counted."""

    def value(result: Facts) -> float | None:
        found = attempt(lambda: fractions(result, kind, estimate)[0])
        return None if isinstance(found, Undefined) else found

    return value


def _share(part: Sequence[int] | None, whole: Sequence[int] | None) -> float | None:
    return sum(part) / sum(whole) if part is not None and whole and sum(whole) else None


def _over_seeds(
    results: Sequence[Facts], value: Callable[[Facts], float | None]
) -> float | Undefined:
    """Mean over seeds of the mean over a seed's distinct values.

    Loop 0 is trained once for all methods of a run, so equal values count once: another method
    changes nothing.
    """
    found: dict[int, set[float]] = {}
    for result in results:
        known = value(result)
        if known is not None:
            found.setdefault(result.seed, set()).add(known)
    means = [mean(sorted(values)) for _, values in sorted(found.items())]
    return mean(means) if means else NOT_COUNTED
