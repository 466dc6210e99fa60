"""Patches at places that a person names: as the protocol seeks foreground, with a prior for labels.

First a patch at each box or point, in the order given; then, as the protocol's random_fg66, patches
in one image after another, two thirds of the attempts at a place that the prior names and the rest
anywhere.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np

from benchmark.annotation.looks import Look
from benchmark.annotation.project.model import Project
from nnactive.data.unlabelled.source import Box, Source
from nnactive.errors import UserError
from nnactive.geometry import Patch, Triple, patch_around
from nnactive.methods.placement import Case, first_free, spread
from nnactive.streams import stream

RANDOM_SHARE: Final = (1, 3)
"""Share of attempts without regard to the prior."""
MOST_VOXELS: Final = 1 << 23
"""Of an image with more, only each second, third ... voxel of an axis is looked at."""


@dataclass(frozen=True)
class Prior:
    """What a person says of where classes are."""

    looks: tuple[Look, ...]
    project: Project
    folder: Path
    """Of the images."""
    sources: Mapping[str, Source]

    def label(self, case: str) -> np.ndarray:
        """Where to look in a case: class by voxel, uint8 ``(Z, Y, X)``.

        It has each `step_of`-th voxel of the prepared grid. A look that was given later wins where
        two name the same voxel.
        """
        source = self.sources[case]
        step = step_of(source)
        label = np.zeros([-(-n // step) for n in source.stored], np.uint8)
        image = None
        for look in self.looks:
            if look.case not in {None, case}:
                continue
            if look.box is not None:
                sides = prepared_box(source, look.box)
                label[tuple(slice(s.start // step, -(-s.stop // step)) for s in sides)] = look.label
                continue
            if image is None:
                image = intensities(source, self.folder, step)
            label[(image >= look.low) & (image <= look.high)] = look.label
        return label


@dataclass(frozen=True)
class _Thinned(Case):
    """A case whose label map has only each ``step``-th voxel."""

    step: int = 1

    def around(self, voxels: np.ndarray, taken: Iterable[Patch]) -> Patch | None:
        """As `Case.around`."""
        return super().around(voxels * self.step, taken)


def step_of(source: Source) -> int:
    """Of a large image, which voxels of an axis a prior looks at: each first, second ..."""
    share: float = math.prod(source.stored) / MOST_VOXELS
    return max(1, math.ceil(math.cbrt(share)))


def place(
    prior: Prior, taken: Sequence[Patch], patch_size: Triple, n: int, names: tuple[object, ...]
) -> list[Patch]:
    """Patches where a prior says, in the order of choice.

    Args:
        prior: says where.
        taken: labelled patches and open ones, which none overlaps.
        patch_size: query patch in voxels of the prepared images.
        n: how many.
        names: of the random streams.

    Raises:
        UserError: if more places are named than there are patches, or there is no room.
    """
    cases = {
        case: _Thinned(
            name=case,
            shape=source.stored,
            size=patch_size,
            label=partial(prior.label, case),
            rng=stream(*names, case),
            step=step_of(source),
        )
        for case, source in sorted(prior.sources.items())
    }
    named = [(look, look.box) for look in prior.looks if look.box is not None]
    if len(named) > n:
        raise UserError(f"--look: {len(named)} places, but a round has {n} patches; name fewer")
    chosen: list[Patch] = []
    for look, box in named:
        case = cases[str(look.case)]
        inside = prepared_box(prior.sources[case.name], box)
        found = first_free(partial(_around, case, inside), [*taken, *chosen])
        if found is None:
            raise UserError(
                f"--look {look.text}: a patch there would overlap one that is there already; "
                "name another place"
            )
        chosen.append(found)
    order = stream(*names, "order").permutation(len(cases))
    queue: list[Case] = [cases[sorted(cases)[index]] for index in order]
    chosen += spread(queue, [*taken, *chosen], n - len(chosen), RANDOM_SHARE)
    if len(chosen) < n:
        raise UserError(
            f"{prior.project.name}: the images have room for {len(chosen)} patches more, a round "
            f"has {n}; train on what there is, with annotate finish"
        )
    return chosen


def prepared_box(source: Source, box: Box) -> tuple[slice, slice, slice]:
    """The voxels of the prepared image that a box of the file's covers; at least one an axis."""
    sides = []
    for axis, stored in zip(source.transpose, source.stored, strict=True):
        first, size = source.crop_start[axis], source.crop_size[axis]
        low = (box.start[axis] - first) * stored / size
        high = (box.stop[axis] - first) * stored / size
        # The voxels whose centres lie in it; none: the one that holds its middle.
        start, stop = math.ceil(low - 0.5), math.ceil(high - 0.5)
        if start >= stop:
            start = math.floor((low + high) / 2)
        start = min(max(start, 0), stored - 1)
        sides.append(slice(start, min(max(stop, start + 1), stored)))
    z, y, x = sides
    return z, y, x


def intensities(source: Source, folder: Path, step: int = 1) -> np.ndarray:
    """The first channel in the file's units at each prepared voxel's nearest one of the file.

    Args:
        source: of the case.
        folder: of the images.
        step: 2: of each second prepared voxel along an axis, and so on.

    Returns:
        Array ``(Z, Y, X)`` of the file's type, in the axes of the prepared grid.
    """
    import SimpleITK

    from nnactive.data.unlabelled.read import read_channels

    channel = read_channels(folder, source.image)[0]  # whose memory the view has
    image = SimpleITK.GetArrayViewFromImage(channel)
    index: list[np.ndarray] = [np.empty(0)] * 3
    for axis, stored in zip(source.transpose, source.stored, strict=True):
        first, size = source.crop_start[axis], source.crop_size[axis]
        places = np.arange(0, stored, step)
        index[axis] = first + ((places + 0.5) * size / stored).astype(np.intp)
    return np.ascontiguousarray(image[np.ix_(*index)].transpose(source.transpose))


def _around(case: Case, inside: tuple[slice, slice, slice]) -> Patch:
    """A patch around a voxel that is drawn uniformly from a box."""
    voxel = [case.rng.integers(side.start, side.stop) for side in inside]
    return patch_around(case.name, voxel, case.size, case.shape)
