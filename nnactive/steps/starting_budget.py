"""The patches of loop 0: two of every class, then random ones, a third of them at foreground."""

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np

from nnactive.errors import NnactiveError, UserError
from nnactive.geometry import Patch, Triple, as_triple, patch_around
from nnactive.methods.placement import Case, spread
from nnactive.streams import stream

if TYPE_CHECKING:
    from nnactive.data.prepared import PreparedDataset

_PER_CLASS = 2
_RANDOM_SHARE = (2, 3)


def starting_budget(
    dataset: "PreparedDataset", patch_size: Sequence[int], size: int, seed: int
) -> list[Patch]:
    """Patches of loop 0, in the order of their choice (protocol section 4).

    Classes, background included, take turns, the one with the fewest unused cases first: each gets
    two patches in two such cases, around a random voxel of the class. Random patches follow, with a
    third of the attempts at foreground, in any case. They depend only on the dataset, the query
    patch size, the size of the starting budget and the seed.

    Args:
        dataset: prepared dataset; its pool's complete labels are read one case at a time.
        patch_size: query patch size ``(z, y, x)`` in voxels.
        size: number of patches.
        seed: the experiment's seed.

    Raises:
        UserError: if ``size`` is below two patches per class, or fewer than two unused cases are
            left for a class.
        NnactiveError: if the pool has no room for that many patches.
    """
    classes = dataset.info.classes
    _check_size(dataset.info.name, len(classes), size)
    present = {}
    for case in sorted(case.id for case in dataset.info.pool):
        counts = np.bincount(dataset.pool_label(case).ravel().clip(min=0))
        present[case] = np.flatnonzero(counts[: len(classes)]).tolist()
    dealt = cases_of_classes(dataset.info.name, classes, present, patch_size, size, seed)
    patch = as_triple(patch_size)
    start = _Start(dataset, patch, (dataset.info.name, patch, size, seed))
    chosen = [start.around(case, label) for case, label in dealt]
    return chosen + start.fill(chosen, size - len(chosen))


def smallest_start(classes: int) -> int:
    """Patches that a starting budget needs for some number of classes, background included."""
    return _PER_CLASS * classes


def cases_of_classes(
    dataset: str,
    classes: Sequence[str],
    present: Mapping[str, Iterable[int]],
    patch_size: Sequence[int],
    size: int,
    seed: int,
) -> list[tuple[str, int]]:
    """Cases and labels of the starting budget's first patches, two of every class.

    Args:
        dataset: name of the dataset.
        classes: their names, background included.
        present: labels in each case of the pool.
        patch_size: as for the starting budget.
        size: likewise.
        seed: likewise.

    Raises:
        UserError: if ``size`` is below two patches per class, or fewer than two unused cases are
            left for a class.
    """
    _check_size(dataset, len(classes), size)
    rng = _streams(dataset, as_triple(patch_size), size, seed)
    unused = [{case for case in present if label in present[case]} for label in range(len(classes))]
    dealt: list[tuple[str, int]] = []
    waiting = set(range(len(classes)))
    while waiting:
        label = min(waiting, key=lambda value: (len(unused[value]), value))
        waiting.remove(label)
        if len(unused[label]) < _PER_CLASS:
            raise UserError(f"{dataset}: {_shortage(classes, label, len(unused[label]), present)}")
        drawn = rng("class", classes[label]).choice(
            sorted(unused[label]), size=_PER_CLASS, replace=False
        )
        for case in drawn.tolist():
            dealt.append((case, label))
            for cases in unused:
                cases.discard(case)
    return dealt


def _shortage(classes: Sequence[str], label: int, left: int, pool: Collection[str]) -> str:
    """What a pool lacks for the starting budget: cases of one class, or cases."""
    each = f"two unused cases for each of the {len(classes)} classes, background included"
    if len(pool) < smallest_start(len(classes)):
        return (
            f"the pool has {len(pool)} cases, but the starting budget takes {each}, "
            f"{smallest_start(len(classes))} in all"
        )
    whose = f"class '{classes[label]}' has" if label else "background has"
    cases = "case" if left == 1 else "cases"
    return f"{whose} {left} unused pool {cases} left for the starting budget, which takes {each}"


def _check_size(dataset: str, classes: int, size: int) -> None:
    if size < smallest_start(classes):
        raise UserError(
            f"a starting budget of {size} patches is too small for the {classes} classes of "
            f"{dataset}: it needs at least {smallest_start(classes)}"
        )


def _streams(*names: object) -> Callable[[str, str], np.random.Generator]:
    """Generators of a starting budget's draws, by purpose and name."""
    return lambda purpose, name: stream("starting_budget", *names, purpose, name)


class _Start:
    """The draws of one starting budget."""

    def __init__(
        self, dataset: "PreparedDataset", patch: Triple, names: tuple[object, ...]
    ) -> None:
        self.dataset = dataset
        self.patch = patch
        self.rng = _streams(*names)
        self.cases = sorted(case.id for case in dataset.info.pool)

    def around(self, case: str, label: int) -> Patch:
        voxels = np.flatnonzero(self.dataset.pool_label(case) == label)
        shape = self.dataset.shape(case)
        index = voxels[self.rng("voxel", case).integers(len(voxels))]
        return patch_around(case, np.unravel_index(index, shape), self.patch, shape)

    def fill(self, chosen: list[Patch], n: int) -> list[Patch]:
        order = [self.cases[i] for i in self.rng("order", "").permutation(len(self.cases))]
        cases = [self._case(name) for name in order]
        filled = spread(cases, chosen, n, _RANDOM_SHARE)
        if len(filled) < n:
            raise NnactiveError(
                f"{self.dataset.info.name}: the pool has no room for {len(chosen) + n} patches of "
                f"{self.patch}, only for {len(chosen) + len(filled)}; choose a smaller starting "
                "budget or patch size"
            )
        return filled

    def _case(self, name: str) -> Case:
        return Case(
            name,
            self.dataset.shape(name),
            self.patch,
            lambda: self.dataset.pool_label(name),
            self.rng("place", name),
        )
