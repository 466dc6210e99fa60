"""A patch's box as Slicer's region of interest, ``.mrk.json``."""

from typing import Any, Final

import numpy as np

from nnactive.data.unlabelled.source import Box, Grid

SCHEMA: Final = (
    "https://raw.githubusercontent.com/slicer/slicer/master/Modules/Loadable/Markups/Resources/"
    "Schema/markups-schema-v1.0.3.json#"
)
"""What Slicer recognises the file by."""
COLOUR: Final = (1.0, 1.0, 1.0)


def centre_mm(grid: Grid, box: Box) -> np.ndarray:
    """The middle of a box in mm, LPS (x, y, z)."""
    direction = np.reshape(grid.direction, (3, 3))
    # A voxel's number is that of its centre.
    middle = np.array(box.start) + (np.array(box.size) - 1) / 2
    return np.asarray(grid.origin + direction @ (middle * grid.spacing)[::-1])


def region(name: str, grid: Grid, box: Box) -> dict[str, Any]:
    """Content of the file: the outer faces of a box's voxels, along the image's axes.

    Args:
        name: the patch's id.
        grid: of the image.
        box: in its voxels.
    """
    axes = np.reshape(grid.direction, (3, 3)).copy()
    if np.linalg.det(axes) < 0:
        # A box is the same along a reversed axis, and Slicer turns but never mirrors one.
        axes[:, 2] *= -1
    centre = centre_mm(grid, box).tolist()
    size = (np.array(box.size) * grid.spacing)[::-1].tolist()
    point = {
        "id": "1",
        "label": name,
        "position": centre,
        "orientation": [-1.0, 0.0, 0.0, 0.0, -1.0, 0.0, 0.0, 0.0, 1.0],
        "selected": True,
        "locked": True,
        "visibility": True,
        "positionStatus": "defined",
    }
    markup = {
        "type": "ROI",
        "coordinateSystem": "LPS",
        "coordinateUnits": "mm",
        "locked": True,
        "fixedNumberOfControlPoints": False,
        "labelFormat": "%N",
        "lastUsedControlPointNumber": 1,
        "roiType": "Box",
        "center": centre,
        "orientation": axes.ravel().tolist(),
        "size": size,
        "insideOut": False,
        "controlPoints": [point],
        "display": _display(),
    }
    return {"@schema": SCHEMA, "markups": [markup]}


def _display() -> dict[str, Any]:
    """An outline that hides nothing and can't be moved by accident."""
    return {
        "visibility": True,
        "opacity": 1.0,
        "color": list(COLOUR),
        "selectedColor": list(COLOUR),
        "activeColor": list(COLOUR),
        "propertiesLabelVisibility": True,
        "pointLabelsVisibility": False,
        "handlesInteractive": False,
        "fillVisibility": False,
        "outlineVisibility": True,
        "fillOpacity": 0.0,
        "outlineOpacity": 1.0,
        "sliceProjection": False,
    }
