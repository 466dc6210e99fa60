"""A scene for Slicer, ``.mrml``: image, segmentation and boxes, with all views at the patch."""

from collections.abc import Mapping, Sequence
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

import numpy as np

from benchmark.annotation.rounds.slicer.box import centre_mm
from nnactive.anatomy.axes import towards
from nnactive.anatomy.views import View, views
from nnactive.data.unlabelled.source import Box, Grid

LPS_TO_RAS: Final = np.diag([-1.0, -1.0, 1.0])
TOWARDS: Final = "SAL"
"""Sides that the axes across Slicer's axial, coronal and sagittal views point to."""
LAYOUTS: Final = (
    ("Red", "R", "0.952941 0.290196 0.2"),
    ("Green", "G", "0.431373 0.690196 0.294118"),
    ("Yellow", "Y", "0.929412 0.835294 0.298039"),
)
"""Of the axial, the coronal and the sagittal view: name, letter, colour."""
WHITE: Final = "1 1 1"
PIXELS: Final = 256
MARGIN: Final = 1.1


def scene(
    images: Sequence[str],
    segmentation: str,
    boxes: Mapping[str, str],
    grid: Grid,
    shown: Box,
    window: tuple[float, float],
) -> str:
    """Content of a scene file.

    Args:
        images: names of the channels' files, the one in the background first.
        segmentation: name of the segmentation's file.
        boxes: names of the boxes' files by patch id.
        grid: of the image.
        shown: what the views show, in its voxels.
        window: intensities that are black and white.
    """
    root = Element("MRML", version="Slicer 5.0.0", userTags="")
    for number, name in enumerate(images, 1):
        _volume(root, number, name, window if number == 1 else None)
    _segmentation(root, segmentation)
    for number, (patch_id, name) in enumerate(boxes.items(), 1):
        _box(root, number, patch_id, name, told=len(boxes) > 1)
    direction = np.reshape(grid.direction, (3, 3))
    for view, side, (layout, letter, colour) in zip(
        views(towards(grid.direction)), TOWARDS, LAYOUTS, strict=True
    ):
        _slice(root, layout, letter, colour, *_looked_at(view, side, direction, grid, shown))
    indent(root, " ")
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, "unicode") + "\n"


def _volume(root: Element, number: int, name: str, window: tuple[float, float] | None) -> None:
    display = f"vtkMRMLScalarVolumeDisplayNode{number}"
    storage = f"vtkMRMLVolumeArchetypeStorageNode{number}"
    _node(
        root,
        "Volume",
        f"vtkMRMLScalarVolumeNode{number}",
        name.split(".", 1)[0],
        references=f"display:{display};storage:{storage};",
    )
    shades = {"autoWindowLevel": "1"}
    if window is not None:
        black, white = window
        shades = {
            "window": f"{white - black:g}",
            "level": f"{(white + black) / 2:g}",
            "autoWindowLevel": "0",
        }
    _node(root, "VolumeDisplay", display, "", colorNodeID="vtkMRMLColorTableNodeGrey", **shades)
    _node(root, "VolumeArchetypeStorage", storage, "", fileName=name, UseOrientationFromFile="1")


def _segmentation(root: Element, name: str) -> None:
    display, storage = "vtkMRMLSegmentationDisplayNode1", "vtkMRMLSegmentationStorageNode1"
    _node(
        root,
        "Segmentation",
        "vtkMRMLSegmentationNode1",
        name.removesuffix(".seg.nrrd"),
        references=f"display:{display};storage:{storage};"
        "referenceImageGeometryRef:vtkMRMLScalarVolumeNode1;",
    )
    opacity = {"Opacity2DFill": "0.25", "Opacity2DOutline": "1"}
    _node(root, "SegmentationDisplay", display, "", **opacity)
    _node(root, "SegmentationStorage", storage, "", fileName=name, CropToMinimumExtent="false")


def _box(root: Element, number: int, patch_id: str, name: str, *, told: bool) -> None:
    """An outline that can't be moved by accident; ``told``: with its id in its middle."""
    display, storage = (
        f"vtkMRMLMarkupsROI{kind}Node{number}" for kind in ("Display", "JsonStorage")
    )
    _node(
        root,
        "MarkupsROI",
        f"vtkMRMLMarkupsROINode{number}",
        patch_id,
        references=f"display:{display};storage:{storage};",
        locked="true",
    )
    _node(
        root,
        "MarkupsROIDisplay",
        display,
        "",
        color=WHITE,
        selectedColor=WHITE,
        activeColor=WHITE,
        fillVisibility="false",
        handlesInteractive="false",
        scaleHandleVisibility="false",
        translationHandleVisibility="false",
        pointLabelsVisibility="false",
        propertiesLabelVisibility=str(told).lower(),
        glyphSize="0",
        useGlyphScale="false",
    )
    _node(root, "MarkupsROIJsonStorage", storage, "", fileName=name, coordinateSystem="LPS")


def _slice(
    root: Element, layout: str, letter: str, colour: str, matrix: np.ndarray, side_mm: float
) -> None:
    """A view, and what is in its background."""
    _node(
        root,
        "Slice",
        f"vtkMRMLSliceNode{layout}",
        layout,
        singletonTag=layout,
        layoutName=layout,
        layoutLabel=letter,
        layoutColor=colour,
        sliceToRAS=" ".join(f"{value:.9g}" for value in matrix.ravel()),
        fieldOfView=f"{side_mm:g} {side_mm:g} 1",
        dimensions=f"{PIXELS} {PIXELS} 1",
    )
    _node(
        root,
        "SliceComposite",
        f"vtkMRMLSliceCompositeNode{layout}",
        "",
        singletonTag=layout,
        layoutName=layout,
        references="backgroundVolume:vtkMRMLScalarVolumeNode1;",
    )


def _looked_at(
    view: View, side: str, direction: np.ndarray, grid: Grid, shown: Box
) -> tuple[np.ndarray, float]:
    """Slicer's ``sliceToRAS`` of a view along the image's axes, 4 x 4, and its side in mm."""
    toward = towards(grid.direction)
    right = -1 if view.flipped[1] else 1
    up = 1 if view.flipped[0] else -1
    across = 1 if toward[view.axis] == side else -1
    columns = [(view.columns, right), (view.rows, up), (view.axis, across)]
    matrix = np.eye(4)
    for column, (axis, sign) in enumerate(columns):
        # Array axes are (z, y, x), columns of the direction matrix x, y, z.
        matrix[:3, column] = sign * (LPS_TO_RAS @ direction[:, 2 - axis])
    matrix[:3, 3] = LPS_TO_RAS @ centre_mm(grid, shown)
    extent = np.multiply(shown.size, grid.spacing)
    return matrix, float(max(extent[view.rows], extent[view.columns]) * MARGIN)


def _node(root: Element, tag: str, node_id: str, name: str, **fields: str) -> None:
    SubElement(root, tag, {"id": node_id, "name": name or tag, **fields})
