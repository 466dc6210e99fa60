"""Text in pictures: the sides of the body at the edges of a plane, and titles of a sheet."""

from collections.abc import Sequence
from typing import Final

import numpy as np

from nnactive.anatomy.views import View

LETTERS: Final = 11
"""Size of the letters, in pixels."""
SMALLEST: Final = 72
"""Side of the smallest picture with letters: in smaller ones they would hide what is shown."""
WHITE, BLACK = (255, 255, 255), (0, 0, 0)
GAP: Final = 6
"""Pixels between the pictures of a sheet."""
LINE: Final = 18
"""Height of a line of text on a sheet."""


def lettered(picture: np.ndarray, view: View) -> np.ndarray:
    """A plane with the letters of the sides of the body at its edges.

    Args:
        picture: uint8 ``(rows, columns, 3)``, upright.
        view: which way it is looked at.

    Returns:
        A new array; of a small picture, the picture itself.
    """
    rows, columns = picture.shape[:2]
    if min(rows, columns) < SMALLEST:
        return picture
    from PIL import Image, ImageDraw, ImageFont

    image = Image.fromarray(picture)
    draw = ImageDraw.Draw(image)
    font = ImageFont.load_default(LETTERS)
    middle = (columns / 2, rows / 2)
    for letter, at, anchor in (
        (view.left, (3, middle[1]), "lm"),
        (view.right, (columns - 3, middle[1]), "rm"),
        (view.top, (middle[0], 3), "mt"),
        (view.bottom, (middle[0], rows - 3), "mb"),
    ):
        draw.text(at, letter, WHITE, font, anchor, stroke_width=1, stroke_fill=BLACK)
    return np.asarray(image)


def sheet(rows: Sequence[tuple[str, Sequence[np.ndarray]]], columns: Sequence[str]) -> np.ndarray:
    """Pictures of the same size in rows, each row with a title above it.

    Args:
        rows: title and pictures, uint8 ``(height, width, 3)``; a row may be shorter than others.
        columns: titles of the columns; empty: none.

    Returns:
        uint8 ``(height, width, 3)``, on white.
    """
    from PIL import Image, ImageDraw, ImageFont

    height, width = rows[0][1][0].shape[:2]
    count = max(len(pictures) for _, pictures in rows)
    head = LINE if columns else 0
    step = LINE + height + GAP
    whole = Image.new("RGB", (GAP + count * (width + GAP), head + len(rows) * step + GAP), WHITE)
    draw, font = ImageDraw.Draw(whole), ImageFont.load_default(LETTERS)
    for column, title in enumerate(columns):
        draw.text((GAP + column * (width + GAP), 4), title, BLACK, font)
    for row, (title, pictures) in enumerate(rows):
        top = head + row * step
        draw.text((GAP, top + 4), title, BLACK, font)
        for column, picture in enumerate(pictures):
            place = (GAP + column * (width + GAP), top + LINE)
            whole.paste(Image.fromarray(picture), place)
    return np.asarray(whole)
