"""A montage of one query: a column a patch, three planes below one another."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from benchmark import layout
from benchmark.layout import Experiment
from benchmark.pictures.scenes import scene, varied
from benchmark.pictures.tiles import Surroundings, tile
from nnactive.anatomy.views import PLANES, views
from nnactive.data.prepared import PreparedDataset
from nnactive.io.files import write_bytes
from nnactive.io.queries import load_patches
from nnactive.settings import Setting

MOST = 5
"""Patches of a query that a montage shows, in the order of their choice."""
PIXELS = 56
"""Side of a tile."""
GAP = 2
CONTEXT = 1.7
"""Side of what is shown in sides of the patch."""
QUALITY = 40
"""Of WebP, from 0 to 100."""


def save_montages(root: Path, setting: Setting, experiment: Experiment, data: Path) -> list[Path]:
    """Write a montage of each of a finished experiment's queries; returns their files.

    Args:
        root: the track's folder.
        setting: of the experiment.
        experiment: whose loop files are there.
        data: the prepared dataset.
    """
    dataset = PreparedDataset(data, checked=False)
    files = []
    for loop in range(1, setting.loops):
        patches = varied(load_patches([root / layout.query_file(experiment, loop)]), MOST)
        scenes = [(scene(dataset, each, CONTEXT), dataset.toward(each.case)) for each in patches]
        file = root / layout.montage_file(experiment, loop)
        write_bytes(file, encoded(montage(scenes)))
        files.append(file)
    return files


def montage(scenes: Sequence[tuple[Surroundings, str | None]]) -> np.ndarray:
    """A column for each scene with its axial, coronal and sagittal plane.

    Args:
        scenes: each with the sides that its axes point to, as `views` takes them.

    Returns:
        uint8 ``(rows, columns, 3)``.
    """
    step = PIXELS + GAP
    picture = np.full((len(PLANES) * step - GAP, len(scenes) * step - GAP, 3), 128, np.uint8)
    for column, (shown, toward) in enumerate(scenes):
        for row, view in enumerate(views(toward)):
            top, left = row * step, column * step
            picture[top : top + PIXELS, left : left + PIXELS] = tile(shown, view, PIXELS)
    return picture


def encoded(picture: np.ndarray) -> bytes:
    """A picture ``(rows, columns, 3)`` as WebP."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "WEBP", quality=QUALITY, method=6)
    return buffer.getvalue()
