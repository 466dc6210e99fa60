"""Pictures of one plane through an image."""

from collections.abc import Sequence

import numpy as np

from benchmark.show.page import Figure, Picture
from nnactive.anatomy.views import View


def plane_figure(
    view: View,
    at: int,
    case: str,
    pictures: Sequence[np.ndarray],
    names: Sequence[str],
    captions: Sequence[str],
) -> Figure:
    """A plane's pictures beside one another.

    Args:
        view: which plane.
        at: where on its axis, in voxels.
        case: the image.
        pictures: uint8 ``(rows, columns, 3)``.
        names: what each shows, for those who can't see it.
        captions: below each.
    """
    shown = [
        Picture(pixels, f"{name} of {case}, {view.name} plane", caption)
        for pixels, name, caption in zip(pictures, names, captions, strict=True)
    ]
    return Figure(view.name.capitalize(), f"plane, {'zyx'[view.axis]} = {at}", shown)
