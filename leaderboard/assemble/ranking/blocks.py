"""Which methods and settings a ranking compares: never means over different settings."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from leaderboard.assemble.cells import Cells

MOST_EXACT = 20
"""Settings up to which the largest block is found by trying them all."""
FEWEST_METHODS = 2
"""That a block compares."""


@dataclass(frozen=True)
class Block:
    """Methods that are complete in all of some settings."""

    methods: tuple[str, ...]
    """Keys, sorted."""
    settings: tuple[str, ...]
    """Keys, in the order of the table."""


def complete_settings(settings: Sequence[Cells]) -> dict[str, frozenset[str]]:
    """By method the keys of the settings in which it is complete.

    A method that was run with different sources, parameters or requirements in different settings
    is several methods: over several settings it has none.
    """
    found: dict[str, set[str]] = {}
    sources: dict[str, set[str]] = {}
    for setting in settings:
        for key, cell in setting.cells.items():
            own = found.setdefault(key, set())
            sources.setdefault(key, set()).update(cell.sources)
            if cell.status == "complete":
                own.add(setting.key)
    return {
        key: frozenset(own if len(sources[key]) <= 1 else ()) for key, own in sorted(found.items())
    }


def largest_block(
    complete: Mapping[str, frozenset[str]],
    settings: Sequence[str],
    baselines: Collection[str] = (),
) -> Block:
    """The methods and settings that a ranking compares.

    All settings if at least two methods, and at least half of those that are complete in any, are
    complete in them all. Otherwise those for which methods x settings is largest; ties go to more
    settings, then to the first ones. If no setting has two complete methods, all settings and
    whoever is complete in them. Where there are two baselines or more, they alone decide about the
    settings, so that no submission changes what the others are ranked by.

    Exact for up to ``MOST_EXACT`` settings. With more, only these blocks are tried: the settings of
    each method, and the 1, 2, 3, ... settings that most methods have.

    Args:
        complete: as ``complete_settings`` returns it.
        settings: keys of all settings, in the order of the table.
        baselines: keys of methods that come with the benchmark.
    """
    everywhere = Block(_methods_in(complete, settings), tuple(settings))
    some = {key: own for key, own in complete.items() if own}
    deciding = {key: own for key, own in some.items() if key in baselines}
    if len(deciding) < FEWEST_METHODS:
        deciding = some
    whole = len(_methods_in(deciding, settings))
    if not deciding or whole >= max(FEWEST_METHODS, len(deciding) / 2):
        return everywhere
    there = np.array([[key in own for key in settings] for own in deciding.values()], dtype=bool)
    chosen = (_exact if len(settings) <= MOST_EXACT else _greedy)(there)
    if not chosen:
        return everywhere
    kept = tuple(settings[place] for place in chosen)
    return Block(_methods_in(complete, kept), kept)


def _methods_in(complete: Mapping[str, frozenset[str]], settings: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(key for key, own in complete.items() if own.issuperset(settings)))


def _exact(there: np.ndarray) -> tuple[int, ...]:
    """Places of the settings of the largest block; ``there`` is methods x settings.

    A set of settings is a number with a bit for each, the first setting's the highest, so that of
    two sets of one size the one with the earlier settings is the larger number.
    """
    size = there.shape[1]
    bits = 1 << np.arange(size)[::-1]
    complete = np.bincount(there @ bits, minlength=1 << size)
    settings = np.zeros(1 << size, dtype=np.int64)
    for bit in bits.tolist():
        # Whoever has a set of settings has all sets inside it.
        pairs = complete.reshape(-1, 2, bit)
        pairs[:, 0] += pairs[:, 1]
        settings.reshape(-1, 2, bit)[:, 1] += 1
    area = np.where(complete >= FEWEST_METHODS, complete * settings, 0)
    widest = np.where(area == area.max(), settings, 0)
    best = int(np.flatnonzero(widest == widest.max())[-1])
    return tuple(np.flatnonzero(best & bits).tolist()) if area.max() else ()


def _greedy(there: np.ndarray) -> tuple[int, ...]:
    """As ``_exact``, but among few sets: each method's own, and the settings of most methods."""
    common = np.argsort(-there.sum(axis=0), kind="stable").tolist()
    tried = {tuple(sorted(common[:size])) for size in range(1, len(common) + 1)}
    tried |= {tuple(np.flatnonzero(row).tolist()) for row in there if row.any()}
    return _best(there, tried)


def _best(there: np.ndarray, tried: set[tuple[int, ...]]) -> tuple[int, ...]:
    """The largest of some blocks; empty if none has two methods."""
    sizes = {each: _complete_in(there, each) for each in tried}
    enough = [each for each, size in sizes.items() if size >= FEWEST_METHODS]
    order = sorted(enough, key=lambda each: (-sizes[each] * len(each), -len(each), each))
    return order[0] if order else ()


def _complete_in(there: np.ndarray, places: tuple[int, ...]) -> int:
    return int(there[:, list(places)].all(axis=1).sum())
