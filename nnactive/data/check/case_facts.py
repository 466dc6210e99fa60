"""The facts of one raw case, from one pass over its files; every fault is listed, not the first."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from nnactive.anatomy.axes import orientation
from nnactive.data.cards import Card
from nnactive.data.check.components import largest_boxes
from nnactive.data.check.findings import FILE, Finding
from nnactive.data.raw.convert import as_converted, makes_images
from nnactive.data.raw.foreign_labels import ForeignLabelsError, told_of
from nnactive.data.raw.images import read_volume, volume_of
from nnactive.data.raw.layout import Found
from nnactive.data.raw.loading import case_notes, check_images, mapped_label
from nnactive.data.raw.missing import file_problem
from nnactive.errors import UserError
from nnactive.geometry import Spacing, Triple, as_triple
from nnactive.io.models import Frozen

if TYPE_CHECKING:
    from nnactive.data.raw.files.volumes import Volume


class ImageFacts(Frozen):
    """What is known of an image without looking at its label map or any other image."""

    id: str
    file: str
    """Its first file."""
    shape: Triple
    """``(Z, Y, X)`` as in the file."""
    spacing: Spacing
    """mm, (z, y, x)."""
    orientation: str
    """Where the file's axes x, y, z point, as DICOM names it: ``LPS``."""
    channel_files: tuple[str, ...] = ()
    """The file of each channel; its first image's for channels that a script makes."""
    ranges: tuple[tuple[float, float], ...]
    """Lowest and highest intensity of each channel."""

    @property
    def millimetres(self) -> Spacing:
        """Size of the whole image, (z, y, x)."""
        z, y, x = (n * s for n, s in zip(self.shape, self.spacing, strict=True))
        return z, y, x

    @property
    def volume(self) -> float:
        """mm^3 of the whole image."""
        return float(np.prod(self.millimetres))


class CaseFacts(ImageFacts):
    """What is known of a raw case without looking at any other."""

    cropped: Triple
    """Of the box outside which every channel is 0: what a preparation keeps."""
    voxels: tuple[int, ...]
    """Of each class in the raw label map, background first."""
    lost: tuple[int, ...]
    """Those of them that lie outside the box."""
    boxes: tuple[Spacing | None, ...]
    """Extent in mm, (z, y, x), of each foreground class's largest structure; None: no voxel."""
    raw_values: tuple[int, ...] = ()
    """Values in the raw label map, if the card maps them."""
    notes: tuple[tuple[str, str, str], ...] = ()
    """Kind, file name and text of what is unusual, but neither wrong nor worth a warning."""
    image_digest: str
    """SHA-256 of the voxels of all channels."""
    label_digest: str


@dataclass(frozen=True)
class Looked:
    """A case that was read: its facts, or why there are none."""

    facts: CaseFacts | None
    faults: tuple[Finding, ...]


def look(case: Found, card: Card) -> Looked:
    """Read a case's files and note everything that is wrong with them.

    Args:
        case: its files, of which some may be missing.
        card: channels, classes and label values.
    """
    try:
        return _look(case, card)
    except MemoryError:
        problem = f"{case.files[0]}: doesn't fit in memory; correct its header or remove the case"
    except Exception as error:  # noqa: BLE001 - whatever a reader raises on absurd headers
        cause = " ".join(f"{type(error).__name__}: {error}".split())
        problem = f"{case.files[0]}: can't be read ({cause}); replace the files of case '{case.id}'"
    return Looked(None, (_fault(case.id, problem),))


def _look(case: Found, card: Card) -> Looked:
    problems: list[str] = []
    images, label = _volumes(case, card, problems)
    classes = None
    if label is not None:
        # One by one, so that no fault hides another.
        for path, image in zip(case.files, images, strict=False):
            if image is not None and image.array.any():
                problems += _problems_of(Found(case.id, (path,), case.label), image, label)
                if np.array_equal(image.array, label.array):
                    problems.append(
                        f"{path}: its voxels are those of the label map, {case.label.name}; put "
                        "the image in its place"
                    )
        if None not in images and not any(image.array.any() for image in images if image):
            problems.append(f"{case.files[0]}: every voxel is 0; copy or download it again")
        classes = _classes(case, label, card, problems)
    if problems or label is None or classes is None:
        faults = (_fault(case.id, problem) for problem in problems)
        return Looked(None, tuple(faults))
    whole = [image for image in images if image]
    facts = _facts(case, whole, classes, card)
    notes = tuple((note.kind, note.file.name, note.what) for note in case_notes(case, whole, label))
    values = tuple(int(n) for n in np.unique(np.rint(label.array))) if card.label_map else ()
    return Looked(facts.model_copy(update={"notes": notes, "raw_values": values}), ())


def _fault(case: str, problem: str) -> Finding:
    return Finding(severity="error", kind=FILE, cases=(case,), detail=problem)


def _volumes(
    case: Found, card: Card, problems: list[str]
) -> "tuple[Sequence[Volume | None], Volume | None]":
    """One volume a channel and the label; None where a file couldn't be read."""
    missing = [
        problem for path in (*case.files, case.label) if (problem := file_problem(path, case.id))
    ]
    if makes_images(card) and not missing:
        try:
            made = as_converted(case, card)
        except UserError as error:
            problems.append(str(error))
            return (None,), None
        return [volume_of(image) for image in made.images], volume_of(made.label)
    problems += missing
    *images, label = (_read(path, case.id, problems) for path in (*case.files, case.label))
    return images, label


def _read(path: Path, case: str, problems: list[str]) -> "Volume | None":
    if file_problem(path, case):
        return None  # told already
    try:
        return read_volume(path)
    except UserError as error:
        problems.append(str(error))
    except OSError as error:
        problems.append(f"{error.filename or path}: {error.strerror}; make it readable")
    return None


def _problems_of(case: Found, image: "Volume", label: "Volume") -> list[str]:
    """What is wrong with one channel."""
    try:
        check_images(case, [image], label)
    except UserError as error:
        return [str(error)]
    return []


def _classes(case: Found, label: "Volume", card: Card, problems: list[str]) -> np.ndarray | None:
    try:
        return mapped_label(case.label, label.array, case.values(card))
    except ForeignLabelsError as error:
        problems.append(told_of(error, card))
        return None


def _facts(case: Found, images: "Sequence[Volume]", label: np.ndarray, card: Card) -> CaseFacts:
    image = np.stack([volume.array for volume in images])
    spacing = images[0].spacing
    box = nonzero_box(image)
    classes = len(card.classes)
    voxels = np.bincount(label.ravel(), minlength=classes)
    kept = np.bincount(label[box].ravel(), minlength=classes)
    extents = largest_boxes(label, classes) * np.array(spacing)
    return CaseFacts(
        id=case.id,
        file=str(case.files[0].name),
        shape=as_triple(label.shape),
        cropped=as_triple(axis.stop - axis.start for axis in box),
        spacing=spacing,
        orientation=orientation(images[0].direction),
        channel_files=_channel_files(case, len(images)),
        ranges=tuple((float(channel.min()), float(channel.max())) for channel in image),
        voxels=tuple(int(n) for n in voxels),
        lost=tuple(int(n) for n in voxels - kept),
        boxes=tuple(None if np.isnan(e[0]) else _spacing(e) for e in extents),
        image_digest=_digest(image),
        label_digest=_digest(label),
    )


def _channel_files(case: Found, channels: int) -> tuple[str, ...]:
    names = tuple(path.name for path in case.files)
    return names if len(names) == channels else names[:1] * channels


def nonzero_box(image: np.ndarray) -> tuple[slice, ...]:
    """The smallest box that holds every voxel of ``(C, Z, Y, X)`` that isn't 0 in some channel.

    The same as nnU-Net's ``crop_to_nonzero``, which only fills holes inside it.
    """
    there: np.ndarray = np.any(image, axis=0)
    box = []
    for axis in range(there.ndim):
        side = np.swapaxes(there, axis, 0).reshape(there.shape[axis], -1)
        places = np.flatnonzero(np.any(side, axis=1))
        box.append(slice(int(places[0]), int(places[-1]) + 1))
    return tuple(box)


def _spacing(values: np.ndarray) -> Spacing:
    z, y, x = (float(value) for value in values)
    return z, y, x


def _digest(array: np.ndarray) -> str:
    digest = hashlib.sha256(f"{array.dtype.str}{array.shape}".encode())
    digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()
