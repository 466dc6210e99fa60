"""What a submission's ``submission.yaml`` says about it, for the public board."""

import re
import unicodedata
from collections.abc import Mapping
from typing import Annotated, Any, Final, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from nnactive.io.models import Frozen
from nnactive.texts import is_hidden

LINES: Final = frozenset("\n\t")
LONGEST: Final = 200
LONGEST_TEXT: Final = 4000
MOST: Final = 50
"""Largest number of authors, weights and so on."""
NEEDED: Final[Mapping[str, str]] = {
    "name": "name: A short name",
    "authors": "authors: [First Last]",
    "licence": "licence: Apache-2.0",
}
"""Fields that a bundle can't do without, each with a line that gives it."""


def _seen(value: str) -> str:
    """Text without what can't be seen, in Unicode's normal form."""
    text = unicodedata.normalize("NFC", value).strip()
    hidden = {each for each in text if is_hidden(each)} - LINES
    if hidden:
        raise ValueError(f"holds {min(hidden)!a}, which can't be seen; remove it")
    return text


def _one_line(value: str) -> str:
    if LINES.intersection(value):
        raise ValueError("is more than one line; write it in one")
    return value


def _licence(value: str) -> str:
    from packaging.licenses import InvalidLicenseExpression, canonicalize_license_expression

    try:
        return str(canonicalize_license_expression(value))
    except InvalidLicenseExpression:
        raise ValueError(
            f"{value!a:.60} is not an SPDX licence id, such as Apache-2.0 or MIT"
        ) from None


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


Text = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT), AfterValidator(_seen)]
Line = Annotated[
    str, Field(min_length=1, max_length=LONGEST), AfterValidator(_seen), AfterValidator(_one_line)
]
Lines = Annotated[tuple[Line, ...], Field(max_length=MOST), BeforeValidator(_listed)]
Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Weights(Frozen):
    """Weights that were trained on other data before the method saw any of this benchmark's."""

    file: Line | None = None
    """Its name under ``files``."""
    url: Line | None = None
    """Where it can be downloaded."""
    sha256: Hash
    training_data: Text
    """What it was trained on."""

    @model_validator(mode="after")
    def _somewhere(self) -> Self:
        if not (self.file or self.url):
            raise ValueError("needs 'file', its name under files, or 'url', or both")
        if self.url and not re.match(r"https?://", self.url):
            raise ValueError("the 'url' must begin with https:// or http://")
        return self


class About(Frozen):
    """Fields of ``submission.yaml`` that say what a submission is, and don't change its hash."""

    name: Line | None = None
    """Shown on the board; by default the class's."""
    authors: Lines = ()
    description: Text | None = None
    """By default the first line of the class's docstring."""
    reference: Line | None = None
    """DOI, URL or citation of its publication; by default the class's."""
    licence: Annotated[Line, AfterValidator(_licence)] | None = None
    """SPDX id of the code's licence, such as Apache-2.0."""
    contact: Line | None = None
    extra_data: Lines = ()
    """Data that it uses beside the benchmark's: what, and from where."""
    weights: Annotated[tuple[Weights, ...], Field(max_length=MOST)] = ()
    """Pretrained weights that it uses."""
    tuned_on: Lines | None = None
    """Names of the datasets on which it was developed or tuned; empty: none, None: not said."""

    def completed(self, usual: Mapping[str, str]) -> Self:
        """With defaults for what isn't said.

        Args:
            usual: texts by field; an empty one gives nothing.
        """
        fields: dict[str, Any] = self.model_dump(mode="json", exclude_unset=True)
        given = {key: value for key, value in usual.items() if value and not fields.get(key)}
        return type(self).model_validate({**fields, **given})

    @property
    def lacks(self) -> tuple[str, ...]:
        """Lines that a bundle needs and that aren't there."""
        return tuple(line for field, line in NEEDED.items() if not getattr(self, field))
