"""A page of pictures: one HTML file that works offline, without a script; PNG files beside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import numpy as np

from benchmark.pictures.png import data_uri, png

FOLDER: Final = Path(__file__).parent
STYLES: Final = FOLDER.parents[1] / "pictures"
"""Folder of the style sheet that all pages of pictures share."""
POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'"
)


@dataclass(frozen=True)
class Picture:
    """One picture."""

    pixels: np.ndarray
    """uint8 ``(rows, columns, 3)``."""
    alt: str
    """What it shows, for those who can't see it."""
    caption: str = ""

    @property
    def source(self) -> str:
        """As a ``data:`` URI."""
        return data_uri(self.pixels)

    @property
    def width(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[1])

    @property
    def height(self) -> int:
        """In pixels."""
        return int(self.pixels.shape[0])


@dataclass(frozen=True)
class Figure:
    """Pictures that belong together."""

    title: str
    text: str
    pictures: Sequence[Picture]


@dataclass(frozen=True)
class Section:
    """Figures under a heading."""

    title: str
    text: str
    figures: Sequence[Figure]


@dataclass(frozen=True)
class Key:
    """What a colour stands for."""

    name: str
    colours: Sequence[str]
    """For CSS; several: a scale."""
    line: bool = False
    """Whether it is the colour of an outline."""


@dataclass(frozen=True)
class Page:
    """Everything on a page."""

    title: str
    lead: str
    notes: Sequence[str]
    keys: Sequence[Key]
    sections: Sequence[Section]
    sheets: Mapping[str, np.ndarray] = field(default_factory=dict)
    """Pictures in files of their own, by name, uint8 ``(rows, columns, 3)``."""


def render(page: Page) -> str:
    """The page as HTML; all text is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader([FOLDER, STYLES]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("page.html").render(page=page, policy=POLICY)


def write(page: Page, out: Path) -> None:
    """Write a page, and its sheets in a folder beside it.

    Raises:
        UserError: if the folder's place is taken.
    """
    from nnactive.io.beside.companions import write_with_companions

    files = {f"{name}.png": png(pixels) for name, pixels in page.sheets.items()}
    write_with_companions(out, render(page).encode(), files)
