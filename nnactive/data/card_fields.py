"""Parts of a card, each checked by itself."""

import re
from typing import Annotated, Literal, Self

from pydantic import Field, PositiveFloat, PositiveInt, field_validator, model_validator

from nnactive.settings import Frozen, written_as

Scheme = Literal["zscore", "ct", "nonorm", "rescale_to_0_1", "rgb_to_0_1"]
"""nnU-Net's name of a channel's normalisation."""
NNUNET_NAME = r"Dataset([0-9]{3})_([A-Za-z0-9_]+)"
"""Pattern of nnU-Net's names of datasets: number and name."""
FileName = Annotated[str, written_as(r"[^/\\]+", "a file's name without a folder")]
"""A name without a folder."""


class Budget(Frozen):
    """One label regime, in patches."""

    starting: PositiveInt
    query: PositiveInt
    loops: Annotated[int, Field(ge=2)]


class Split(Frozen):
    """How pool and test set are told apart (protocol section 2)."""

    kind: Literal["rule", "authors"] = "rule"
    """rule: the protocol's; authors: the papers' own test set, listed in ``file``."""
    group: str | None = None
    """Regular expression whose first group is the patient in a case id; None: the id itself."""
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
                raise ValueError("must have exactly one group in parentheses, the patient")
        return value

    @model_validator(mode="after")
    def _list_where_known(self) -> Self:
        if (self.kind == "rule") != (self.file is None):
            raise ValueError("'file' goes with kind 'authors', and only with it")
        return self


class Source(Frozen):
    """How the raw folder is laid out."""

    layout: Literal["nnunet", "msd", "code"] = "nnunet"
    """nnunet: ``imagesTr/<case>_0000.nii.gz``; msd: ``imagesTr/<case>.nii.gz``, one channel;
    code: as the dataset's ``convert.py`` says."""
    ending: Annotated[str, written_as(r"\.[a-z.]+", "a file's ending, such as .nii.gz")] = ".nii.gz"
    root: Annotated[str, Field(min_length=1)] = "imagesTr"
    """Pattern of a path that tells the folder with the cases from those around it."""


class File(Frozen):
    """One file of a download."""

    name: FileName
    urls: tuple[str, ...] = ()
    """Tried in order. For kind synapse the Synapse id; for kind manual where to get it."""
    sha256: Annotated[str, written_as(r"[0-9a-f]{64}", "64 hexadecimal digits")] | None = None
    """Of the file at the first address that publishes one; None: none is published."""
    md5: Annotated[str, written_as(r"[0-9a-f]{32}", "32 hexadecimal digits")] | None = None
    bytes: PositiveInt | None = None
    password: str | None = None
    """Of an encrypted archive."""
    kind: Literal["http", "drive", "synapse", "manual"] = "http"


class Series(Frozen):
    """Files that are fetched case by case: ``{}`` fields take the numbers 0 .. count - 1."""

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
            raise ValueError("must have one field for the number, as {:05d}")
        return value


class Download(Frozen):
    """Where the raw data come from."""

    size_gib: PositiveFloat | None = None
    """To be transferred; None: not published."""
    login: str | None = None
    """Exact steps, where the files can't be had without a login; None: they can."""
    unpack: bool = True
    """Whether the files are archives."""
    extra: Literal["drive", "synapse"] | None = None
    """The optional extra of the package that the transfer needs."""
    files: tuple[File, ...] = ()
    series: tuple[Series, ...] = ()

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.files and not self.series:
            raise ValueError("needs 'files' or 'series'")
        return self


class TrainingRules(Frozen):
    """How this dataset is trained where that isn't as the others (protocol section 3)."""

    mirror: bool = True


class InferenceRules(Frozen):
    """How its test set is predicted where that isn't as the others (protocol section 2)."""

    test_mirror: bool = True
    test_tile_step: Annotated[float, Field(gt=0, le=1)] = 0.5


class Voxels(Frozen):
    """Fingerprint of a resampled test set."""

    voxels: PositiveInt
    """All voxels of all cases."""
    classes: tuple[Annotated[int, Field(ge=0)], ...]
    """Voxels of each foreground class, in label order."""


class Fingerprints(Frozen):
    """Known fingerprints of test sets, which tell whose split a prepared one is."""

    authors_test: Voxels | None = None
    rule_test: Voxels | None = None
