"""A patch's labels in a file: is it the patch's file, and is everything in its box labelled?"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np

from benchmark.annotation.imports.files.names import counted
from benchmark.annotation.imports.files.place import (
    Lie,
    cut,
    difference,
    lie_of,
    shape_text,
    shift_text,
)
from benchmark.annotation.imports.files.read import Labels, read_array
from benchmark.annotation.imports.files.segments import TWICE
from benchmark.annotation.imports.files.wrong import WrongLabelsError
from benchmark.annotation.imports.known import Known
from benchmark.annotation.project.places import round_name
from benchmark.annotation.rounds.model import Round, RoundPatch
from nnactive.data.unlabelled.source import Box

SHOWN: Final = 5
"""Foreign values that a message names."""
IMAGE_VALUES: Final = 24
"""More foreign values than this are intensities."""


@dataclass(frozen=True)
class Aim:
    """What a file is taken for."""

    round: Round
    patch: RoundPatch
    of_case: bool
    """Whether it is one of a whole image: then it may have more than the patch's crop."""

    @property
    def key(self) -> str:
        """The patch: ``round_00/p07``."""
        return f"{round_name(self.round.number)}/{self.patch.id}"


def box_in(known: Known, labels: Labels, aim: Aim) -> np.ndarray | None:
    """What a file has in a patch's box, uint8 ``(Z, Y, X)`` in the image's axes.

    Returns:
        None: a file of a whole image in which nothing of the patch is labelled yet.

    Raises:
        WrongLabelsError: it lies elsewhere, doesn't cover the box, or a voxel of the box has no
            class.
    """
    if labels.named and not labels.values.any():
        return np.zeros(aim.patch.box.size, np.uint8)  # and then it may lie anywhere
    lie, held = _held(known, labels, aim)
    found = cut(lie.oriented(labels.values), held, aim.patch.box, 0 if labels.named else None)
    if found is None:
        raise WrongLabelsError(
            f"doesn't cover {aim.patch.id}'s box: it has slices {_ranges(held)} (z, y, x), the box "
            f"is in {_ranges(aim.patch.box)}; export it on the whole image"
        )
    _check_values(known, labels, aim, found)
    if aim.of_case and (found == known.project.ignore).all():
        return None
    _check_ignored(known, (lie.oriented(labels.values), held), aim, found)
    return found.astype(np.uint8)


def outside(known: Known, labels: Labels, boxes: Sequence[Box], case: str) -> int:
    """Voxels of classes that a file has outside some boxes of its image, which don't overlap."""
    lie = lie_of(known.grid(case), labels.grid)
    if lie is None or (held := lie.box) is None:
        return 0
    painted = (labels.values > 0) & (labels.values < known.project.ignore)
    inside = (cut(lie.oriented(painted), held, box, 0) for box in boxes)
    return int(painted.sum()) - sum(int(part.sum()) for part in inside if part is not None)


def _held(known: Known, labels: Labels, aim: Aim) -> tuple[Lie, Box]:
    """Where a file lies in the image, and which voxels it has."""
    case = aim.patch.patch.case
    crop, whole = aim.patch.crop, known.whole(case)
    lie = lie_of(known.grid(case), labels.grid)
    held = lie.box if lie is not None else None
    if lie is not None and held is not None:
        within = whole if aim.of_case else crop
        # 3D Slicer saves no more of a segmentation than what has segments.
        may_be_part = (labels.named or aim.of_case) and _holds(within, held)
        if held in (crop, whole) or may_be_part:
            return lie, held
    wanted = whole if aim.of_case or aim.round.view == "image" else crop
    raise WrongLabelsError(_elsewhere(known, labels, aim, wanted))


def _elsewhere(known: Known, labels: Labels, aim: Aim, wanted: Box) -> str:
    case = aim.patch.patch.case
    image = f"{case if wanted == known.whole(case) else aim.patch.id}_image"
    way_out = f"export it on the grid of {image}"
    if (there := known.at(labels.grid)) and there[1] != aim.patch:
        said = known.said(there[0].number, there[1].id)
        right = str(Path(said).parent / known.label_file(*there))
        return f"lies in {said}'s place; save it as {right}, and {aim.patch.id}'s labels here"
    cause = difference(known.grid(case), wanted, labels.grid)
    if (other := known.image_at(labels.grid)) and other != case:
        return f"{cause}: it has the grid of image {other}; {way_out}"
    return f"{cause}; {way_out}"


def _holds(outer: Box, inner: Box) -> bool:
    return all(
        a <= c and d <= b
        for a, b, c, d in zip(outer.start, outer.stop, inner.start, inner.stop, strict=True)
    )


def _check_values(known: Known, labels: Labels, aim: Aim, box: np.ndarray) -> None:
    """Refuse values in the box that are neither a class nor "ignore"."""
    if labels.named and (twice := np.argwhere(box == TWICE)).size:
        raise WrongLabelsError(
            f"has {counted(len(twice), 'voxel')} in two segments, the first at "
            f"{_at(twice[0], aim)}; remove {'it' if len(twice) == 1 else 'them'} from one (in the "
            "Segment Editor: Modify other segments: Overwrite all)"
        )
    foreign = np.unique(box[(box < 0) | (box > known.project.ignore)])
    if not foreign.size:
        return
    told = ", ".join(map(str, foreign[:SHOWN])) + (", ..." if foreign.size > SHOWN else "")
    if foreign.size > IMAGE_VALUES or _is_image(known, labels, aim):
        raise WrongLabelsError(
            f"has {len(np.unique(box)):,} different values, {box.min()} to {box.max()}, as an "
            f"image has; export the segmentation, not the image"
        )
    one = foreign.size == 1
    raise WrongLabelsError(
        f"has the value{'' if one else 's'} {told} in {aim.patch.id}'s box, which "
        f"{'is' if one else 'are'} no class; the project's are {known.classes_text}"
    )


def _check_ignored(known: Known, whole: tuple[np.ndarray, Box], aim: Aim, box: np.ndarray) -> None:
    """Refuse a box that isn't labelled everywhere."""
    ignore = known.project.ignore
    count = int((box == ignore).sum())
    if not count:
        return
    todo = "label everything inside the box (0: background)"
    array, held = whole
    free = np.argwhere(array != ignore)
    if free.size and not aim.of_case:
        low, high = free.min(axis=0), free.max(axis=0) + 1
        shift = low + held.start - aim.patch.box.start
        if tuple(high - low) == aim.patch.box.size and shift.any():
            raise WrongLabelsError(
                f"its labelled box is shifted by {shift_text(shift)}, so that "
                f"{counted(count, 'voxel')} of {aim.patch.id} have the ignore value {ignore}; "
                "export it without moving it"
            )
    if count == box.size:
        raise WrongLabelsError(
            f"has the ignore value {ignore} everywhere in {aim.patch.id}'s box "
            f"({shape_text(box.shape)}); {todo}"
        )
    first = _at(np.argwhere(box == ignore)[0], aim)
    raise WrongLabelsError(
        f"has the ignore value {ignore} at {count:,} of {box.size:,} voxels of {aim.patch.id}'s "
        f"box, the first at {first}; {todo}"
    )


def _ranges(box: Box) -> str:
    """First and last voxel of a box along each axis."""
    z, y, x = (f"{a} to {b - 1}" for a, b in zip(box.start, box.stop, strict=True))
    return f"{z}, {y} and {x}"


def _is_image(known: Known, labels: Labels, aim: Aim) -> bool:
    """Whether a file has the voxels of the image beside its template."""
    read = read_array(known.image_file(aim.round, aim.patch))
    return read is not None and np.array_equal(read[0], labels.values)


def _at(index: np.ndarray, aim: Aim) -> str:
    """A voxel of the box as tools show it in the file that the person opens."""
    place = index + np.subtract(aim.patch.box.start, aim.patch.crop.start)
    z, y, x = (int(n) for n in place)
    return f"z {z}, y {y}, x {x}"
