"""The section of a card that says in which layouts people have the dataset, and what resembles it.

A path pattern is relative to the folder with the cases and has no file ending: ``{}`` stands for
the part of a name that differs from case to case, ``*`` for one that doesn't matter.
"""

import re
from typing import Annotated, Self

from pydantic import AfterValidator, Field, PositiveInt, model_validator

from nnactive.io.models import Frozen
from nnactive.settings import written_as

PathPattern = Annotated[
    str, written_as(r"[^/{}][^{}]*\{\}[^{}]*|\{\}[^{}]*", "a relative path with one {}")
]

ImagePattern = Annotated[
    str, written_as(r"[^/{}][^{}]*(\{\}[^{}]*)+|(\{\}[^{}]*)+", "a relative path with {}")
]
"""A ``PathPattern`` in which ``{}`` may occur again, for the same."""


def _checked(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return value


Expression = Annotated[str, AfterValidator(_checked)]


class Layout(Frozen):
    """One layout of a dataset's folder, found by names alone; files are NIfTI, ``.gz`` or not."""

    title: str
    """What people call it: nnU-Net's Dataset004_Hippocampus."""
    label: PathPattern
    images: Annotated[tuple[ImagePattern, ...], Field(min_length=1)]
    """What a case's image is made of, as the card's own layout has it, in its order; each ``*``
    stands for what it stood for in ``label``."""
    case: Annotated[str, written_as(r"[^/{}]*\{\}[^/{}]*", "a name with one {}")] | None = None
    """The case id; None: the last part of ``label`` up to and from ``{}``."""
    any_case: bool = False
    """Names are in upper or lower case, even of one case's files; its id is in upper case."""
    ready: bool = False
    """Images are one file a channel and labels have the card's values: there is nothing to
    convert."""
    highest: PositiveInt | None = None
    """Highest label value in its ``dataset.json``, where only that tells two layouts apart."""
    surplus: Expression | None = None
    """Ids of cases, or names of images, that it may have beside the card's; they are left out."""
    archive: bool = False
    """Whether it is the archive's own but for a detail, such as compression."""

    @model_validator(mode="after")
    def _stars(self) -> Self:
        if any(pattern.count("*") > self.label.count("*") for pattern in self.images):
            raise ValueError("'images' must not have more '*' than 'label'")
        return self

    @model_validator(mode="after")
    def _named(self) -> Self:
        if "{}" not in self.case_id:
            raise ValueError("'case' is required, as the last part of 'label' has no {}")
        return self

    @property
    def case_id(self) -> str:
        """The pattern of a case id."""
        return self.case or self.label.rpartition("/")[2]


class Lookalike(Frozen):
    """Another dataset, or a part of this one, that people mistake for it."""

    title: str
    has: str | None = None
    """Path pattern, ``*`` alone, of something that its folder has."""
    lacks: str | None = None
    """Path pattern of something that its folder doesn't have, though this dataset's has."""
    called: Expression | None = None
    """Its folder's name, or that in its ``dataset.json``."""

    @model_validator(mode="after")
    def _something(self) -> Self:
        if self.has is None and self.called is None:
            raise ValueError("requires 'has' or 'called'")
        return self


class Layouts(Frozen):
    """What a raw folder is recognised by if it isn't laid out as the card's ``source`` says."""

    known: tuple[Layout, ...] = ()
    others: tuple[Lookalike, ...] = ()
