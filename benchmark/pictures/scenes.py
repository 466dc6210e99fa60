"""Patches of a prepared dataset, read for a picture: of labels, only those inside them."""

from collections.abc import Sequence

import numpy as np

from benchmark.pictures.tiles import Surroundings, around, cut
from benchmark.pictures.windows import window, windowed
from nnactive.data.prepared import POOL_LABELS, PreparedDataset, volume_file
from nnactive.geometry import Patch
from nnactive.io.files import read_json
from nnactive.nnunet.store import read_box
from nnactive.oracle.choose import oracle_of


def varied(patches: Sequence[Patch], most: int) -> list[Patch]:
    """At most ``most`` patches: of different cases first, since neighbours look alike."""
    first: dict[str, Patch] = {}
    for patch in patches:
        first.setdefault(patch.case, patch)
    others = [patch for patch in patches if first[patch.case] is not patch]
    return [*first.values(), *others][:most]


def scene(dataset: PreparedDataset, patch: Patch, context: float) -> Surroundings:
    """A pool patch and what is around it.

    Args:
        dataset: the prepared dataset.
        patch: of its pool.
        context: side of what is shown in sides of the patch.
    """
    spacing = dataset.info.spacing
    box = around(patch, dataset.shape(patch.case), spacing, context)
    part = shades(dataset, read_box(dataset.image_file(patch.case), (0, *box)))
    label = np.zeros(part.shape, np.int16)
    inside = tuple(
        slice(a - b.start, a - b.start + n)
        for a, b, n in zip(patch.start, box, patch.size, strict=True)
    )
    # No label outside the patch is read: nobody has paid for it.
    label[inside] = _drawn(dataset, patch)
    return cut(patch, part, label, spacing, box)


def _drawn(dataset: PreparedDataset, patch: Patch) -> np.ndarray:
    """Labels in a patch; background, where a person labels and hasn't drawn it yet."""
    if dataset.info.labels_in is None:
        return read_box(volume_file(dataset.folder, POOL_LABELS, patch.case), patch.slices)
    oracle = oracle_of(dataset, None, 0)
    if not oracle.labelled([patch]):
        return np.zeros(patch.size, np.int16)
    return oracle.labels(patch.case, [patch])[patch.slices]


def shades(dataset: PreparedDataset, image: np.ndarray) -> np.ndarray:
    """A first channel, or a part of it, as shades in [0, 1] by its modality."""
    plans = read_json(dataset.plans_file)
    statistics = plans["foreground_intensity_properties_per_channel"]["0"]
    return windowed(image, *window(dataset.info.channels[0], statistics, image))
