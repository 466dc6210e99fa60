"""The patches of loop 0: two of every class, then random ones, a third of them at foreground."""

from collections.abc import Sequence
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
    if size < _PER_CLASS * len(classes):
        raise UserError(
            f"a starting budget of {size} patches is too small for the {len(classes)} classes of "
            f"{dataset.info.name}: it needs at least {_PER_CLASS * len(classes)}"
        )
    patch = as_triple(patch_size)
    start = _Start(dataset, patch, (dataset.info.name, patch, size, seed))
    chosen = start.two_of_each_class()
    return chosen + start.fill(chosen, size - len(chosen))


class _Start:
    """The draws of one starting budget."""

    def __init__(
        self, dataset: "PreparedDataset", patch: Triple, names: tuple[object, ...]
    ) -> None:
        self.dataset = dataset
        self.patch = patch
        self.names = ("starting_budget", *names)
        self.cases = sorted(case.id for case in dataset.info.pool)

    def rng(self, purpose: str, name: str = "") -> np.random.Generator:
        return stream(*self.names, purpose, name)

    def two_of_each_class(self) -> list[Patch]:
        classes = self.dataset.info.classes
        unused = [set[str]() for _ in classes]
        for case in self.cases:
            counts = np.bincount(self.dataset.pool_label(case).ravel().clip(min=0))
            for label in np.flatnonzero(counts[: len(classes)]).tolist():
                unused[label].add(case)
        chosen: list[Patch] = []
        waiting = set(range(len(classes)))
        while waiting:
            label = min(waiting, key=lambda value: (len(unused[value]), value))
            waiting.remove(label)
            if len(unused[label]) < _PER_CLASS:
                raise UserError(
                    f"{self.dataset.info.name}: class '{classes[label]}' has "
                    f"{len(unused[label])} unused pool cases left for the starting budget, it "
                    f"needs {_PER_CLASS}; the pool is too small for {len(classes)} classes"
                )
            drawn = self.rng("class", classes[label]).choice(
                sorted(unused[label]), size=_PER_CLASS, replace=False
            )
            for case in drawn.tolist():
                chosen.append(self._around(case, label))
                for cases in unused:
                    cases.discard(case)
        return chosen

    def _around(self, case: str, label: int) -> Patch:
        voxels = np.flatnonzero(self.dataset.pool_label(case) == label)
        shape = self.dataset.shape(case)
        index = voxels[self.rng("voxel", case).integers(len(voxels))]
        return patch_around(case, np.unravel_index(index, shape), self.patch, shape)

    def fill(self, chosen: list[Patch], n: int) -> list[Patch]:
        order = [self.cases[i] for i in self.rng("order").permutation(len(self.cases))]
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
