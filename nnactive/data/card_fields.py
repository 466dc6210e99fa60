"""Sections of a card, each validated on its own."""

import re
import unicodedata
from pathlib import PurePath
from typing import Annotated, Literal, Self

from pydantic import (
    AfterValidator,
    Field,
    PositiveFloat,
    PositiveInt,
    field_validator,
    model_validator,
)

from nnactive.io.models import Frozen
from nnactive.settings import Inference, Training, written_as

Scheme = Literal["zscore", "ct", "nonorm", "rescale_to_0_1", "rgb_to_0_1"]
"""nnU-Net's name of a channel's normalisation."""
NNUNET_NAME = r"Dataset([0-9]{3})_([A-Za-z0-9_]+)"
"""Pattern of nnU-Net's names of datasets: number and name."""
RAW_VALUES = -(1 << 15), (1 << 15) - 1
"""Lowest and highest label value in a raw file: 16 bits."""


def is_plain(text: str) -> bool:
    """Whether a name has something to read and fits on one line: no control characters."""
    hidden = any(unicodedata.category(letter) in {"Cc", "Zl", "Zp", "Cs"} for letter in text)
    return bool(text.strip()) and not hidden


def check_plain(text: str) -> str:
    """The name itself, if ``is_plain``.

    Raises:
        ValueError: it isn't.
    """
    if not is_plain(text):
        raise ValueError(f"{text!r} isn't a name: it is empty, or has control characters")
    return text


Plain = Annotated[str, AfterValidator(check_plain)]
"""A name or title, which is shown in lines and tables."""
FileName = Annotated[str, written_as(r"[^/\\]+", "a file name without a folder")]


class Budget(Frozen):
    """One label regime, in patches."""

    starting: PositiveInt
    query: PositiveInt
    loops: Annotated[int, Field(ge=2)]


class Statement(Frozen):
    """What one source, or the publisher of a part, states as the licence."""

    of: str
    licence: str
    url: str | None = None


class Split(Frozen):
    """How cases are split into pool and test set (protocol section 2)."""

    kind: Literal["rule", "authors"] = "rule"
    """rule: the protocol's rule; authors: the papers' test set, listed in ``file``."""
    group: str | None = None
    """Regular expression whose group matches the patient in a case id; None: the whole id."""
    file: FileName | None = None
    """JSON file in the dataset's folder: ``{"test": [groups]}``."""

    @field_validator("group")
    @classmethod
    def _one_group(cls, value: str | None) -> str | None:
        if value is not None:
            try:
                groups = re.compile(value).groups
            except re.error as error:
                raise ValueError(f"not a regular expression: {error}") from None
            if groups != 1:
                raise ValueError("must have exactly one group in parentheses: the patient")
        return value

    @model_validator(mode="after")
    def _list_where_known(self) -> Self:
        if (self.kind == "rule") != (self.file is None):
            raise ValueError("'file' is required for kind 'authors' and allowed for no other")
        return self


class Source(Frozen):
    """Layout of the raw folder."""

    layout: Literal["nnunet", "msd", "code"] = "nnunet"
    """nnunet: ``imagesTr/<case>_0000.nii.gz``; msd: ``imagesTr/<case>.nii.gz``, one channel;
    code: the dataset's ``convert.py`` finds the cases."""
    ending: Annotated[str, written_as(r"\.[a-z.]+", "a file ending such as .nii.gz")] = ".nii.gz"
    root: Annotated[str, Field(min_length=1)] = "imagesTr"
    """Path pattern that exists only in the folder with the cases, not in those around it."""

    @field_validator("root")
    @classmethod
    def _inside(cls, value: str) -> str:
        if PurePath(value).is_absolute() or ".." in PurePath(value).parts:
            raise ValueError(f"'{value}' must be a path below the raw folder, such as imagesTr")
        return value


class File(Frozen):
    """One file of a download."""

    name: FileName
    urls: tuple[str, ...] = ()
    """Tried in order. For kind synapse, the Synapse id; for kind manual, where to get the file."""
    sha256: Annotated[str, written_as(r"[0-9a-f]{64}", "64 hexadecimal digits")] | None = None
    """As published for the first address that has one; None: not published."""
    md5: Annotated[str, written_as(r"[0-9a-f]{32}", "32 hexadecimal digits")] | None = None
    bytes: PositiveInt | None = None
    password: str | None = None
    """For an encrypted archive."""
    kind: Literal["http", "drive", "synapse", "manual"] = "http"


class Series(Frozen):
    """Files fetched case by case: ``{}`` fields take the numbers 0 to count - 1."""

    count: PositiveInt
    name: str
    """Path below the folder of unpacked files."""
    url: str

    @field_validator("name", "url")
    @classmethod
    def _numbered(cls, value: str) -> str:
        try:
            differ = value.format(0) != value.format(1)
        except (IndexError, KeyError, ValueError):
            differ = False
        if not differ:
            raise ValueError("must have one field for the number, such as {:05d}")
        return value


class Download(Frozen):
    """Where the raw data come from."""

    size_gib: PositiveFloat | None = None
    """Size of the download; None: not published."""
    login: str | None = None
    """Exact steps, if downloading the files requires a login; None: it does not."""
    unpack: bool = True
    """Whether the files are archives."""
    extra: Literal["drive", "synapse"] | None = None
    """Optional extra of this package that the download requires."""
    files: tuple[File, ...] = ()
    series: tuple[Series, ...] = ()

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.files and not self.series:
            raise ValueError("requires 'files' or 'series'")
        return self


class TrainingRules(Frozen):
    """Dataset-specific training rules (protocol section 3)."""

    mirror: bool = True


class InferenceRules(Frozen):
    """Dataset-specific rules for predicting the test set (protocol section 2)."""

    test_mirror: bool = True
    test_tile_step: Annotated[float, Field(gt=0, le=1)] = 0.5


class Reference(Frozen):
    """Mean Dice of one training on the whole pool, as the benchmark itself measured it."""

    training: Training
    """Belongs to settings that train just so."""
    inference: Inference
    """And that predict the test set just so."""
    dice: Annotated[float, Field(gt=0, le=1)]
    """Mean over the seeds."""
    sd: Annotated[float, Field(ge=0, le=1)] | None
    """Standard deviation over the seeds; None: one seed."""
    seeds: Annotated[tuple[int, ...], Field(min_length=1)]
    command: str
    """What made it."""
    commit: str
    """Of the benchmark."""
    packages: dict[str, str]
    """Versions of nnU-Net and torch."""
    machine: str
    """Processor or GPU that trained."""

    def belongs_to(self, training: Training, inference: Inference) -> bool:
        """Whether a setting trains and tests alike; how it queries doesn't matter here."""
        asked = inference.model_copy(update={"query_tile_step": self.inference.query_tile_step})
        return (training, asked) == (self.training, self.inference)


class Voxels(Frozen):
    """Fingerprint of a resampled test set."""

    voxels: PositiveInt
    """Of all cases together."""
    classes: tuple[Annotated[int, Field(ge=0)], ...]
    """Voxels of each foreground class, in label order."""


class Fingerprints(Frozen):
    """Known fingerprints of test sets, by which a prepared dataset's split is recognised."""

    authors_test: Voxels | None = None
    rule_test: Voxels | None = None
    all_cases: Voxels | None = None
    """Of pool and test set together."""
