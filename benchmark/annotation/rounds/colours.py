"""Colours of a label map's values: the same on pages and in every tool."""

from typing import Final

from benchmark.pictures.colours import class_colour, rgb

IGNORED: Final = "outside (not labelled)"
"""Name of the ignore value for people."""
GREY: Final = (128, 128, 128)


def label_colour(value: int, classes: int) -> tuple[int, int, int]:
    """Red, green and blue of a value from 1.

    Args:
        value: a class, or the ignore value after them.
        classes: number of foreground classes.
    """
    if value > classes:
        return GREY
    red, green, blue = rgb(class_colour(value))
    return red, green, blue
