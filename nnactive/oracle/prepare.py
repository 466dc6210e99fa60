"""Preparing the images that a person will label, and the labels that there are already."""

from collections.abc import Mapping, Sequence
from pathlib import Path

from nnactive.data.card_fields import Scheme
from nnactive.data.prepare.resume import same
from nnactive.data.prepared import PreparedInfo
from nnactive.data.progress import Progress
from nnactive.data.unlabelled.prepare.prepare import prepare
from nnactive.data.unlabelled.prepare.request import Request
from nnactive.data.unlabelled.source import Image
from nnactive.geometry import Spacing
from nnactive.oracle.given import GivenLabels

BACKGROUND = "background"


def prepare_images(
    *,
    name: str,
    classes: Sequence[str],
    channels: Mapping[str, Scheme],
    folder: Path,
    images: Sequence[Image],
    given: Mapping[str, Path],
    labels_in: str,
    spacing: Spacing | None,
    out: Path,
    workers: int | None,
    progress: Progress,
) -> PreparedInfo:
    """Prepare images for a person to label; returns at once if that is already done.

    All images are the pool; there is no test set. Resumes a preparation that was interrupted.

    Args:
        name: the dataset's.
        classes: names in label order; background first, or left out.
        channels: normalisation by channel name, in channel order.
        folder: the images'.
        images: from `nnactive.data.unlabelled.find.find_images`.
        given: by case id, label files in the image's grid that are there from the start; what they
            don't label has the ignore value, the number of classes with background.
        labels_in: folder of the labels, from ``out``.
        spacing: target spacing in mm, in the files' axes (z, y, x); None: nnU-Net chooses it.
        out: the prepared dataset's folder.
        workers: number of threads, each with one case in memory; None: as many as cores and free
            memory allow.
        progress: receives every finished case.

    Raises:
        UserError: a file is wrong or has changed since, ``out`` was made from something else, or
            the disk is full or too small.
    """
    foreground = [each for each in classes if each != BACKGROUND]
    request = Request(
        name=name,
        classes=(BACKGROUND, *foreground),
        channels=channels,
        folder=folder,
        images=tuple(images),
        labels_in=labels_in,
        spacing=spacing,
    )
    labels = GivenLabels((out / labels_in).resolve(), given, len(foreground) + 1)
    info = prepare(
        request, out, workers, progress, lambda sources: labels.keep(folder, sources, progress)
    )
    same(out, "set of given labels", {box.case for box in info.given}, set(given))
    return info
