"""What a new project begins with: its images, and the labels that are there."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from benchmark.annotation.project.asked import Asked
from benchmark.annotation.project.given import Given, given_files, looked_at
from nnactive.data.card_fields import Scheme
from nnactive.data.check.findings import Finding, of, summed_up
from nnactive.data.progress import Progress
from nnactive.data.unlabelled.source import Grid, Image
from nnactive.errors import UserError
from nnactive.geometry import Spacing

FEWEST: Final = 2
"""Images from which an ensemble can be trained: members leave out different ones."""


@dataclass(frozen=True)
class Seen:
    """The images, and the labels that are there."""

    folder: Path
    images: tuple[Image, ...]
    count: int
    """Channels."""
    names: tuple[str, ...]
    """Of the channels, as a table has them; empty: nobody named them."""
    grids: Mapping[str, Grid]
    files: Mapping[str, Path]
    """Existing label files by case id."""
    given: Mapping[str, Given]
    notes: tuple[str, ...]

    def odd(self, channels: Mapping[str, Scheme], progress: Progress) -> tuple[Finding, ...]:
        """What looks wrong about the images' spacing, orientation and intensities.

        Raises:
            UserError: an image can't be used.
        """
        from nnactive.data.unlabelled.find import LEAVE_OUT
        from nnactive.data.unlabelled.oddities import odd

        found = odd(self.folder, self.images, channels, progress)
        if errors := of(found, "error"):
            more = f" ({len(errors)} images can't be used)" if errors[1:] else ""
            raise UserError(f"{errors[0].told_of(str(self.folder))}, or {LEAVE_OUT}{more}")
        return summed_up(found)

    @property
    def open(self) -> list[str]:
        """Ids of images that aren't wholly labelled."""
        return [
            image.id
            for image in self.images
            if image.id not in self.given or not self.given[image.id].complete
        ]

    def extents(self, ids: Sequence[str]) -> list[Spacing]:
        """Sizes in mm, (z, y, x)."""
        grids = [self.grids[case] for case in ids]
        return [tuple(np.multiply(grid.shape, grid.spacing).tolist()) for grid in grids]

    @property
    def spacing(self) -> Spacing:
        """The median spacing in mm, (z, y, x)."""
        z, y, x = np.median([grid.spacing for grid in self.grids.values()], axis=0)
        return float(z), float(y), float(x)


def look_at(asked: Asked, classes: Sequence[str], progress: Progress) -> Seen:
    """Find a project's images, and look at the labels that are there.

    Raises:
        UserError: there are too few images, one can't be used, or labels don't belong to them.
    """
    from nnactive.data.unlabelled.find import find_images

    folder = asked.images or (asked.csv.parent if asked.csv else None)
    if folder is None:
        raise UserError("--images: not given; name the folder of the images, or a list with --csv")
    if not folder.is_dir():
        raise UserError(f"{folder}: no such folder; correct --images")
    found = find_images(folder, asked.csv)
    if len(found.images) < FEWEST:
        raise UserError(
            f"{folder}: {len(found.images)} image; an ensemble needs at least {FEWEST}; add images"
        )
    grids = {image.id: _grid_of(folder, image) for image in found.images}
    ids = [image.id for image in found.images]
    files, notes = given_files(asked.labels, ids)
    named = {image.id: folder / image.files[0] for image in found.images}
    given = looked_at(files, grids, named, classes, progress)
    seen = Seen(
        folder,
        found.images,
        found.channels,
        found.channel_names,
        grids,
        files,
        given,
        (*found.notes, *notes),
    )
    if not seen.open:
        raise UserError(
            "--labels: all images are labelled completely, so there is nothing to choose; add "
            "images, or train nnU-Net on these"
        )
    return seen


def _grid_of(folder: Path, image: Image) -> Grid:
    from nnactive.data.unlabelled.find import LEAVE_OUT
    from nnactive.data.unlabelled.read import read_grid

    try:
        return read_grid(folder, image)
    except UserError as error:
        raise UserError(f"{error}, or {LEAVE_OUT}") from None
