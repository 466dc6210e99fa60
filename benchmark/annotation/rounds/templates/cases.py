"""The files of one image's patches: each image is read once, and let go before the next."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from benchmark.annotation.project.model import Project
from benchmark.annotation.rounds import names
from benchmark.annotation.rounds.formats import suffix_for
from benchmark.annotation.rounds.layout import Planned, grown
from benchmark.annotation.rounds.model import RoundPatch
from benchmark.annotation.rounds.page.pictures import shades_of, strip
from benchmark.annotation.rounds.slicer.box import region
from benchmark.annotation.rounds.slicer.scene import scene
from benchmark.annotation.rounds.slicer.segmentation import as_segmentation
from benchmark.annotation.rounds.templates.crops import cut, placed, save
from benchmark.annotation.rounds.templates.drafts import Guess
from benchmark.annotation.rounds.templates.labels import digest, drafted, template
from benchmark.annotation.rounds.templates.originals import copied
from nnactive.data.unlabelled.source import Box, Grid, Source
from nnactive.errors import UserError
from nnactive.io.files import write_bytes, write_json, write_model, write_text
from nnactive.io.queries import record

if TYPE_CHECKING:
    import SimpleITK

TOLERANCE = 1e-4
"""Of spacings, origins and directions that count as unchanged."""


@dataclass(frozen=True)
class Desk:
    """What all images of a round are written with."""

    folder: Path
    """The round's folder while it is being filled."""
    parts: Path
    """Records and pictures of the patches that are done."""
    images: Path
    """The images' folder."""
    project: Project
    by: str


def write_case(
    desk: Desk, source: Source, guess: Guess, planned: Sequence[Planned]
) -> Iterator[int]:
    """Write the files of an image's patches, their records last.

    Args:
        desk: the round's.
        source: of the image.
        guess: what an ensemble says of it.
        planned: patches of the image; with whole images, all of them.

    Yields:
        The number of patches that were written since the last time.
    """
    view, case = desk.project.view, _Case(desk, source, guess)
    groups = [[each] for each in planned] if view == "crop" else [list(planned)]
    for group in groups:
        case.write(names.stem_of(view, group[0].id, group[0].patch.case), group)
        yield len(group)


class _Case:
    """One image while its patches are written."""

    def __init__(self, desk: Desk, source: Source, guess: Guess) -> None:
        from nnactive.data.unlabelled.read import read_channels

        self.desk, self.source, self.guess = desk, source, guess
        self.channels: list[SimpleITK.Image] = read_channels(desk.images, source.image)
        _check_grid(self.channels[0], source)
        self.suffix = suffix_for(source.grid)

    @cached_property
    def window(self) -> tuple[float, float]:
        """Intensities of the first channel that are black and white."""
        scheme = next(iter(self.desk.project.channels.values()))
        return shades_of(_voxels(self.channels[0]), scheme)

    def write(self, stem: str, group: Sequence[Planned]) -> None:
        """The files of one image or crop."""
        crop, project = group[0].crop, self.desk.project
        boxes = [each.box for each in group]
        predicted = self.guess.labels if project.draft == "prediction" else None
        draft = drafted(self.source, crop, predicted)
        label = template(draft, crop, boxes, project.ignore)
        images = self._save_images(stem, crop)
        self._save_label(stem, crop, label)
        regions = {each.id: names.box_name(each.id) for each in group}
        for each in group:
            content = region(each.id, self.source.grid, each.box)
            write_json(self.desk.folder / regions[each.id], content)
        # A crop is small enough to be seen as a whole; of an image, the first patch is shown.
        shown = crop
        if project.view == "image":
            shown = grown(self.source.grid, boxes[0], project.context_mm)
        seen = scene(
            images, names.segmentation_name(stem), regions, self.source.grid, shown, self.window
        )
        write_text(self.desk.folder / names.scene_name(stem), seen)
        image = _voxels(self.channels[0])[crop.slices]
        for each in group:
            picture = strip(image, draft, self.source.grid, crop, each.box, self.window, project)
            write_bytes(picture_file(self.desk.parts, each.id), picture)
            known = self._record(
                each, digest(label, crop, each.box), has_draft=predicted is not None
            )
            write_model(record_file(self.desk.parts, each.id), known)

    def _save_images(self, stem: str, crop: Box) -> list[str]:
        found = []
        for number, channel in enumerate(self.channels):
            name = names.image_name(stem, number, self.suffix)
            out = self.desk.folder / name
            if crop.size != self.source.grid.shape or not self._copied(number, out):
                save(cut(channel, crop), out)
            found.append(name)
        return found

    def _copied(self, channel: int, out: Path) -> bool:
        image = self.source.image
        if image.series is not None or self.suffix != names.NIFTI:
            return False
        return copied(self.desk.images / image.files[channel], out)

    def _save_label(self, stem: str, crop: Box, label: np.ndarray) -> None:
        image = placed(label, self.source.grid, crop)
        save(image, self.desk.folder / names.label_name(stem, self.suffix))
        as_segmentation(image, self.desk.project.classes)
        save(image, self.desk.folder / names.segmentation_name(stem))

    def _record(self, each: Planned, template_digest: str, *, has_draft: bool) -> RoundPatch:
        (patch,) = record([each.patch])
        return RoundPatch(
            id=each.id,
            patch=patch,
            box=each.box,
            crop=each.crop,
            template=template_digest,
            draft="prediction" if has_draft else "none",
            why=self.guess.why(each, self.desk.by, self.desk.project.all_classes),
        )


def record_file(parts: Path, patch_id: str) -> Path:
    """The record of a patch whose files are complete."""
    return parts / f"{patch_id}.json"


def picture_file(parts: Path, patch_id: str) -> Path:
    """The picture of a patch for the page."""
    return parts / f"{patch_id}.webp"


def _voxels(image: "SimpleITK.Image") -> np.ndarray:
    """A view of an image's voxels, ``(Z, Y, X)``."""
    import SimpleITK

    return np.asarray(SimpleITK.GetArrayViewFromImage(image))


def _check_grid(image: "SimpleITK.Image", source: Source) -> None:
    """Refuse an image that isn't the one that was prepared."""
    known = source.grid
    now = Grid(
        shape=image.GetSize()[::-1],
        spacing=image.GetSpacing()[::-1],
        origin=image.GetOrigin(),
        direction=image.GetDirection(),
    )
    for name in ("shape", "spacing", "origin", "direction"):
        before, after = getattr(known, name), getattr(now, name)
        if not np.allclose(before, after, rtol=0, atol=TOLERANCE):
            raise UserError(
                f"{source.image.id}: its {name} is {_shown(after)}, but was {_shown(before)} when "
                "it was prepared; put the original image back"
            )


def _shown(values: Sequence[float]) -> str:
    return ", ".join(f"{value:g}" for value in values)
