"""ITK-SNAP: names and colours of the labels, and how to open image and label together."""

import shlex
from collections.abc import Sequence
from typing import Final

from benchmark.annotation.rounds.colours import label_colour
from benchmark.annotation.rounds.names import ITKSNAP

HEAD: Final = """\
################################################
# ITK-SnAP Label Description File
# File format:
# IDX   -R-  -G-  -B-  -A--  VIS MSH  LABEL
# Where:
#    IDX:   Zero-based index
#    -R-:   Red color component (0..255)
#    -G-:   Green color component (0..255)
#    -B-:   Blue color component (0..255)
#    -A-:   Label transparency (0.00 .. 1.00)
#    VIS:   Label visibility (0 or 1)
#    MSH:   Label mesh visibility (0 or 1)
#  LABEL:   Label description
################################################
"""
IGNORED_OPACITY: Final = 0.35


def label_file(classes: Sequence[str], ignored: str) -> str:
    """Content of a label description file.

    Args:
        classes: foreground classes, in label order from 1.
        ignored: name of the value after them, which isn't to be labelled.
    """
    lines = [_line(0, (0, 0, 0), 0, "Clear Label", shown=False)]
    lines += [_line(n, label_colour(n, len(classes)), 1, name) for n, name in enumerate(classes, 1)]
    last = len(classes) + 1
    lines.append(_line(last, label_colour(last, len(classes)), IGNORED_OPACITY, ignored))
    return HEAD + "".join(lines)


def command(images: Sequence[str], label: str) -> str:
    """The command that opens an image, its further channels and the label, for a shell."""
    main, *others = images
    overlays = ["-o", *others] if others else []
    return shlex.join(["itksnap", "-g", main, *overlays, "-s", label, "-l", ITKSNAP])


def _line(
    value: int, colour: Sequence[int], opacity: float, name: str, *, shown: bool = True
) -> str:
    red, green, blue = colour
    quoted = name.replace('"', "'")
    mesh = int(shown and opacity == 1)
    return (
        f"{value:5d}  {red:5d}{green:5d}{blue:5d}  {opacity:9g}  {int(shown)}  {mesh}"
        f'    "{quoted}"\n'
    )
