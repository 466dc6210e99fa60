"""Cards: what is known of a dataset, read from ``datasets/<name>/card.yaml``."""

import hashlib
import os
import re
from pathlib import Path
from typing import Annotated, Literal

import yaml
from pydantic import Field, PositiveFloat, PositiveInt, ValidationError, field_validator

from nnactive.errors import UserError
from nnactive.files import first_problem, sha256
from nnactive.settings import Frozen, Sizes

DATASETS = Path(__file__).resolve().parents[2] / "datasets"
Scheme = Literal["zscore", "ct", "nonorm", "rescale_to_0_1", "rgb_to_0_1"]
"""nnU-Net's name of a channel's normalisation."""


class Budget(Frozen):
    """One label regime, in patches."""

    starting: PositiveInt
    query: PositiveInt
    loops: Annotated[int, Field(ge=2)]


class Split(Frozen):
    """How pool and test set are told apart (protocol section 2)."""

    kind: Literal["rule"] = "rule"
    group: str | None = None
    """Regular expression whose first group is the patient in a case id; None: the id itself."""

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


class Source(Frozen):
    """How the raw folder is laid out."""

    layout: Literal["nnunet", "msd"] = "nnunet"
    """nnunet: ``imagesTr/<case>_0000.nii.gz``; msd: ``imagesTr/<case>.nii.gz``, one channel."""
    ending: str = ".nii.gz"


class Card(Frozen):
    """A dataset's facts; sizes in voxels of the resampled image, axis order (z, y, x)."""

    folder: Annotated[Path, Field(exclude=True)]
    """Where the card lies; not part of its content."""
    id: Annotated[int, Field(ge=1, le=999)]
    """Number in nnU-Net's dataset name."""
    name: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    title: str
    description: str
    licence: str
    citation: str
    url: str | None = None
    channels: Annotated[dict[str, Scheme], Field(min_length=1)]
    """Normalisation by channel name, in channel order."""
    labels: Annotated[dict[str, int], Field(min_length=2)]
    """Label value by class name, background first."""
    cases: Annotated[int, Field(ge=4)]
    source: Source = Source()
    split: Split = Split()
    spacing: tuple[PositiveFloat, PositiveFloat, PositiveFloat] | None = None
    """Target spacing in mm, (z, y, x); None: nnU-Net's own choice over all cases."""
    query_patch: Sizes
    half_patch: Sizes | None = None
    stride: Sizes = (1, 1, 1)
    """Distance of the places at which patch scores are taken; all places unless the card says."""
    candidates: PositiveInt = 20
    """Candidates kept per image."""
    budgets: Annotated[dict[str, Budget], Field(min_length=1)]
    """By label regime."""

    @field_validator("labels")
    @classmethod
    def _consecutive(cls, value: dict[str, int]) -> dict[str, int]:
        if next(iter(value)) != "background":
            raise ValueError("the first class must be 'background'")
        if list(value.values()) != list(range(len(value))):
            raise ValueError(f"values must be 0, 1, 2, ... in order, not {list(value.values())}")
        if "ignore" in value:
            raise ValueError("'ignore' is added by the benchmark; leave it out")
        return value

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names in label order, background first."""
        return tuple(self.labels)

    @property
    def nnunet_name(self) -> str:
        """nnU-Net's name of the dataset, as ``Dataset004_Hippocampus``."""
        return f"Dataset{self.id:03d}_{self.name.capitalize()}"

    @property
    def generator(self) -> Path | None:
        """The script that makes the raw folder, for a dataset that needs no download."""
        script = self.folder / "generate.py"
        return script if script.is_file() else None

    def preparation_hash(self) -> str:
        """SHA-256 over what decides the prepared arrays: a few fields and the generator."""
        fields = {"id", "name", "channels", "labels", "cases", "source", "split", "spacing"}
        text = self.model_dump_json(include=fields)
        if self.generator is not None:
            text += sha256(self.generator)
        return hashlib.sha256(text.encode()).hexdigest()


def list_cards() -> list[str]:
    """Names of all datasets that have a card, sorted."""
    return sorted(_card_files())


def load_card(name: str) -> Card:
    """The card of the dataset ``name``.

    Raises:
        UserError: no such dataset, or a card that is wrong: file, field and cause.
    """
    known = _card_files()
    if name not in known:
        raise UserError(f"unknown dataset '{name}'; known are: {', '.join(sorted(known))}")
    path = known[name]
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        cause = " ".join(str(error).split())
        raise UserError(f"{path}: not valid YAML: {cause}") from None
    if not isinstance(content, dict):
        raise UserError(f"{path}: must hold fields such as 'name: {name}'")
    try:
        card = Card.model_validate(content | {"folder": path.parent})
    except ValidationError as error:
        raise UserError(f"{path}: {first_problem(error)}") from None
    if card.name != name:
        raise UserError(f"{path}: field 'name': is '{card.name}', must be the folder's '{name}'")
    return card


def _card_files() -> dict[str, Path]:
    """Card files by dataset: the repository's, and those of ``NNACTIVE_DATASETS``' folder."""
    folders = [DATASETS]
    if further := os.environ.get("NNACTIVE_DATASETS"):
        folders.append(Path(further))
    return {path.parent.name: path for folder in folders for path in folder.glob("*/card.yaml")}
