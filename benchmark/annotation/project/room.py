"""Whether images have room for a project's patches: judged before anything is read or trained."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from benchmark.annotation.project.model import Millimetres
from nnactive.budget import Room, packed_at_random
from nnactive.errors import UserError
from nnactive.geometry import Spacing, as_triple, clip_size

MUCH = 0.25
"""Share of all voxels above which whole images may be less work than patches."""


@dataclass(frozen=True)
class Space:
    """Images as places for patches, on a grid like that of the prepared images."""

    extents: Sequence[Spacing]
    """mm, (z, y, x), of the images that aren't wholly labelled."""
    spacing: Spacing
    """mm, (z, y, x): the target's, or the images' median, which is near it."""
    patch: Millimetres

    @cached_property
    def _room(self) -> Room:
        shapes = tuple(
            as_triple(np.maximum(np.rint(np.divide(extent, self.spacing)), 1))
            for extent in self.extents
        )
        size = as_triple(np.maximum(np.floor(np.divide(self.patch, self.spacing) + 0.5), 1))
        return Room(shapes, size, (1, 1, 1))

    @cached_property
    def most(self) -> int:
        """Patches that fit together."""
        return self._room.most

    @cached_property
    def likely(self) -> int:
        """Patches that find room wherever they fall, about."""
        packed = packed_at_random(self._room)
        return self.most // 2 if packed is None else packed

    def holds(self, patches: int) -> bool:
        """Whether so many patches find room wherever they fall: surely, or likely."""
        certain = sum(places.certain for places in self._room.drawn)
        return patches <= certain or patches <= self.likely

    def share(self, patches: int) -> float:
        """Share of all voxels that so many patches take."""
        shapes, size = self._room.shapes, self._room.patch_size
        sizes = [float(np.prod(clip_size(size, shape))) for shape in shapes]
        voxels = sum(float(np.prod(shape)) for shape in shapes)
        return min(1.0, patches * float(np.mean(sizes)) / voxels)


def fitting_budget(space: Space, wanted: int, rounds: int) -> tuple[int, str]:
    """The guideline's budget, or the largest that fits; why it is smaller, else empty.

    Raises:
        UserError: not even one patch a round fits.
    """
    if space.holds(rounds * wanted):
        return wanted, ""
    if space.most < rounds:
        raise UserError(
            f"--patch-mm: the images have room for {space.most} patches, fewer than {rounds} "
            "rounds; give a smaller patch or fewer --rounds"
        )
    fits = max(1, space.likely // rounds)
    room = f"{rounds} rounds have room for about {space.likely}"
    return fits, f"the guideline's {wanted} don't fit: {room}"


def room_warning(space: Space, budget: int, rounds: int) -> str:
    """What stands against a budget, in one line; empty if nothing does.

    Raises:
        UserError: not even the first round fits.
    """
    total, images = budget * rounds, len(space.extents)
    if budget > space.most:
        raise UserError(
            f"--budget: {budget} patches, but the {images} images have room for at most "
            f"{space.most} of this size; give a smaller --budget or --patch-mm"
        )
    if not space.holds(total):
        fits = space.likely // rounds
        way_out = f"--budget {fits} fits" if fits else "give a smaller --patch-mm or fewer --rounds"
        if total > space.most:
            return (
                f"the {images} images have room for at most {space.most} patches of this size, "
                f"fewer than {rounds} rounds of {budget}: the project will end early; {way_out}"
            )
        return (
            f"{rounds} rounds of {budget} patches may not find room: about {space.likely} fit "
            f"where they fall; {way_out}"
        )
    if (share := space.share(total)) > MUCH:
        return (
            f"{rounds} rounds of {budget} patches are {share:.0%} of all voxels: labelling whole "
            "images may be less work, or a smaller --budget enough"
        )
    return ""
