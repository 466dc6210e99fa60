"""Cards: the facts about a dataset, read from ``datasets/<name>/card.yaml``."""

import hashlib
import os
import re
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    Field,
    PositiveInt,
    ValidationError,
    ValidationInfo,
    field_validator,
    model_validator,
)

from nnactive.data.card_fields import (
    NNUNET_NAME,
    RAW_VALUES,
    Budget,
    Download,
    Fingerprints,
    InferenceRules,
    Plain,
    Reference,
    Scheme,
    Source,
    Split,
    Statement,
    TrainingRules,
    check_plain,
)
from nnactive.data.card_layouts import Layouts
from nnactive.errors import UserError
from nnactive.io.content import DATASETS_PACKAGE, content_folder
from nnactive.io.files import first_problem, sha256
from nnactive.io.models import Frozen
from nnactive.io.yamls import read_yaml
from nnactive.settings import Sizes, written_as

DATASETS = content_folder(DATASETS_PACKAGE)
"""The folders of the datasets that ship with the benchmark."""
CARD_FILE = "card.yaml"
FACTS = "fingerprints.json"
"""File beside a card: what is known of each published case."""
FURTHER = "NNACTIVE_DATASETS"
"""Environment variable: a folder of your cards, in addition to the repository's."""
DEFAULT_NNUNET_NAME = "Dataset{:03d}_{}"
FOREIGN = 255
"""Marks label values that are unknown to a card; classes have lower values, in 8 bits."""
RAW = "raw"
"""Folder of all raw data, beside the prepared datasets; no dataset can have this name."""


Millimetres = Annotated[float, Field(gt=0, allow_inf_nan=False)]


class Card(Frozen):
    """Facts about a dataset; sizes in voxels of the resampled image, axis order (z, y, x)."""

    folder: Annotated[Path, Field(exclude=True)]
    """Folder of the card; not part of its content."""
    id: Annotated[int, Field(ge=1, le=999)]
    """Number in nnU-Net's dataset name."""
    name: Annotated[
        str,
        written_as(
            r"[a-z][a-z0-9_]*",
            "a name of lowercase letters, digits and '_', starting with a letter",
        ),
    ]
    nnunet_name: Annotated[
        str,
        written_as(NNUNET_NAME, "a name such as Dataset123_Knees"),
    ]
    """nnU-Net's name of the dataset; by default from id and name: ``Dataset004_Hippocampus``."""
    title: Plain
    description: str
    modality: str | None = None
    licence: str
    """If sources contradict each other, the strictest of those stated."""
    licence_url: str | None = None
    stated_licences: tuple[Statement, ...] = ()
    """What each source states, if they contradict each other."""
    collections: tuple[Statement, ...] = ()
    """The collections that the data come from, if these have licences of their own."""
    terms: str | None = None
    """One line, shown when the user is asked to accept the licence."""
    citation: str
    url: str | None = None
    channels: Annotated[dict[str, Scheme], Field(min_length=1)]
    """Normalisation by channel name, in channel order."""
    labels: Annotated[dict[str, int], Field(min_length=2)]
    """Label value by class name, background first."""
    cases: Annotated[int, Field(ge=4)]
    ids: tuple[str, ...] = ()
    """Ids of all cases as published, if known: a renamed case would change the split."""
    id_rule: dict[str, PositiveInt] = Field(default={})
    """Where only the pattern of the published ids is known: number of cases by expression."""
    label_map: dict[int, int] = Field(default={})
    """Label by the value in the raw files, if they differ; values left out are errors, and 0 is
    always background."""
    source: Source = Source()
    layouts: Layouts | None = None
    """Other layouts in which people have the dataset, and what they mistake for it."""
    download: Download | None = None
    """None: the dataset is generated, or the user brings it."""
    split: Split = Split()
    spacing: tuple[Millimetres, Millimetres, Millimetres] | None = None
    """Target spacing in mm, (z, y, x); None: chosen by nnU-Net from all cases."""
    role: Literal["dev", "rollout"] | None = None
    """What methods may use the dataset for: ``dev``, to develop and to compare them, or
    ``rollout``, only to prove them; None: it has no role in the benchmark."""
    tumour: tuple[str, ...] = ()
    """Classes of high variance: the guideline gives each 100 patches per loop."""
    patch_from: tuple[str, ...] = ()
    """Classes that the guideline's query patch is derived from; all if empty."""
    query_patch: Sizes
    half_patch: Sizes | None = None
    slice_axis: Annotated[int, Field(ge=0, le=2)] = 0
    """Axis of the resampled image across which the slices lie in which it was acquired. nnU-Net
    puts the axis of the largest target spacing first; where all spacings are equal, axes stay as
    SimpleITK reads them, and slices may lie across another axis."""
    stride: Sizes = (1, 1, 1)
    """Distance between scored patch positions; every position by default."""
    candidates: PositiveInt = 20
    """Candidates kept per image."""
    budgets: Annotated[dict[str, Budget], Field(min_length=1)]
    """By label regime."""
    training: TrainingRules = TrainingRules()
    inference: InferenceRules = InferenceRules()
    fingerprints: Fingerprints = Fingerprints()
    full_data_dice: dict[int, Annotated[float, Field(gt=0, le=1)] | None] = Field(default={})
    """Mean Dice after training on the whole pool, by epochs; None: no result file exists."""
    full_data_dice_printed: dict[int, Annotated[float, Field(gt=0, le=1)]] = Field(default={})
    """As printed in the papers, to three decimals, if no more is known."""
    references: tuple[Reference, ...] = ()
    """Full-data Mean Dice of the trainings of reduced-cost tracks, measured by the benchmark."""

    @model_validator(mode="before")
    @classmethod
    def _default_name(cls, content: Any) -> Any:
        if isinstance(content, dict) and "nnunet_name" not in content:
            number, name = content.get("id"), content.get("name")
            if isinstance(number, int) and isinstance(name, str):
                default = DEFAULT_NNUNET_NAME.format(number, name.capitalize())
                return content | {"nnunet_name": default}
        return content

    @field_validator("name")
    @classmethod
    def _free(cls, value: str) -> str:
        if value == RAW:
            raise ValueError(f"'{value}' is reserved for raw data; choose another name")
        return value

    @field_validator("labels", "channels")
    @classmethod
    def _readable(cls, value: dict[str, Any]) -> dict[str, Any]:
        for name in value:
            check_plain(name)
        return value

    @field_validator("labels")
    @classmethod
    def _consecutive(cls, value: dict[str, int]) -> dict[str, int]:
        if next(iter(value)) != "background":
            raise ValueError("the first class must be 'background'")
        if list(value.values()) != list(range(len(value))):
            raise ValueError(f"values must be 0, 1, 2, ... in order, not {list(value.values())}")
        if len(value) > FOREIGN:
            raise ValueError(f"has {len(value)} classes, but at most {FOREIGN} are possible")
        if "ignore" in value:
            raise ValueError("'ignore' is added by the benchmark; leave it out")
        return value

    @field_validator("nnunet_name")
    @classmethod
    def _numbered(cls, value: str, info: ValidationInfo) -> str:
        number = info.data.get("id")
        if number is not None and not value.startswith(f"Dataset{number:03d}_"):
            raise ValueError(f"must begin with Dataset{number:03d}_, because 'id' is {number}")
        return value

    @field_validator("ids")
    @classmethod
    def _all_cases(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        cases = info.data.get("cases", len(value))
        if value and (len(value) != cases or len(set(value)) != cases):
            raise ValueError(f"must list {cases} different cases, because 'cases' is {cases}")
        return value

    @field_validator("id_rule")
    @classmethod
    def _expressions(cls, value: dict[str, int], info: ValidationInfo) -> dict[str, int]:
        for pattern in value:
            try:
                re.compile(pattern)
            except re.error as error:
                raise ValueError(f"'{pattern}' isn't a regular expression: {error}") from None
        cases = info.data.get("cases", sum(value.values()))
        if value and sum(value.values()) != cases:
            raise ValueError(f"must add up to {cases} cases, because 'cases' is {cases}")
        return value

    @field_validator("tumour", "patch_from")
    @classmethod
    def _foreground(cls, value: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        classes = list(info.data.get("labels", value))[1:] or list(value)
        if foreign := [name for name in value if name not in classes]:
            raise ValueError(f"'{foreign[0]}' is not a foreground class")
        return value

    @field_validator("label_map")
    @classmethod
    def _to_labels(cls, value: dict[int, int], info: ValidationInfo) -> dict[int, int]:
        low, high = RAW_VALUES
        outside = [number for number in value if not low <= number <= high]
        if outside:
            raise ValueError(f"{outside[0]} can't be a raw label value: these have 16 bits")
        foreign = set(value.values()) - set(info.data.get("labels", {}).values())
        if foreign and "labels" in info.data:
            raise ValueError(f"{min(foreign)} is not one of the labels")
        return value

    @field_validator("source")
    @classmethod
    def _one_channel(cls, value: Source, info: ValidationInfo) -> Source:
        if value.layout == "msd" and len(info.data.get("channels", "1")) != 1:
            raise ValueError("layout 'msd' allows only one channel")
        return value

    @field_validator("fingerprints")
    @classmethod
    def _by_class(cls, value: Fingerprints, info: ValidationInfo) -> Fingerprints:
        for name, known in value:
            if known and len(known.classes) != len(info.data.get("labels", ())) - 1:
                raise ValueError(f"{name}: 'classes' must have one number per foreground class")
        return value

    @property
    def classes(self) -> tuple[str, ...]:
        """Class names in label order, background first."""
        return tuple(self.labels)

    def known_full_data_dice(self, epochs: int) -> float | None:
        """Mean Dice after training on the whole pool for ``epochs`` epochs; None: unknown."""
        exact = self.full_data_dice.get(epochs)
        return self.full_data_dice_printed.get(epochs) if exact is None else exact

    @property
    def raw_labels(self) -> dict[int, int]:
        """Label by the value in the raw files, background left out."""
        return self.label_map or {value: value for value in self.labels.values() if value}

    @property
    def generator(self) -> Path | None:
        """The script that generates the raw folder, if the dataset has one."""
        script = self.folder / "generate.py"
        return script if script.is_file() else None

    @property
    def converter(self) -> Path | None:
        """The script that finds, and may convert, the cases of a non-standard layout."""
        return self.folder / "convert.py" if self.source.layout == "code" else None

    @property
    def split_file(self) -> Path | None:
        """The list of the test set's groups, if known."""
        return self.folder / self.split.file if self.split.file else None

    @property
    def facts_file(self) -> Path | None:
        """The published cases' fingerprints, if known."""
        file = self.folder / FACTS
        return file if file.is_file() else None

    def preparation_hash(self) -> str:
        """SHA-256 of what determines the prepared arrays: some fields, the scripts, the list."""
        fields: dict[str, Any] = dict.fromkeys(
            ("id", "name", "channels", "labels", "cases", "spacing"), True
        )
        fields |= {"source": {"layout", "ending"}, "split": {"kind", "group"}}
        text = self.model_dump_json(include=fields)
        if self.label_map:
            text += str(sorted(self.label_map.items()))
        for file in (self.generator, self.converter, self.split_file):
            if file is not None:
                text += sha256(file)
        return hashlib.sha256(text.encode()).hexdigest()


def list_cards() -> list[str]:
    """Names of all datasets that have a card, sorted."""
    return sorted(_card_files())


def load_card(name: str) -> Card:
    """The card of the dataset ``name``.

    Raises:
        UserError: there is no such dataset, or its card is wrong; names file, field and cause.
    """
    known = _card_files()
    if name not in known:
        hint = f"; {missing}" if (missing := missing_folder()) else ""
        raise UserError(f"unknown dataset '{name}'; known are: {', '.join(sorted(known))}{hint}")
    path = known[name]
    content = read_yaml(path, "card")
    if not isinstance(content, dict):
        raise UserError(f"{path}: must contain fields such as 'name: {name}'; write them")
    try:
        card = Card.model_validate(content | {"folder": path.parent})
    except ValidationError as error:
        raise UserError(f"{path}: {first_problem(error)}") from None
    if card.name != name:
        raise UserError(f"{path}: field 'name': '{card.name}' must be '{name}', the folder's name")
    for field, file in (("source.layout", card.converter), ("split.file", card.split_file)):
        if file is not None and not file.is_file():
            raise UserError(f"{path}: field '{field}': requires {file}; add that file")
    return card


def missing_folder() -> str:
    """Says that the folder of your cards doesn't exist; empty if it does, or none is set."""
    further = os.environ.get(FURTHER)
    if not further or Path(further).is_dir():
        return ""
    return f"{FURTHER} is {further}, which is not a folder"


def _card_files() -> dict[str, Path]:
    """Card files by dataset: the repository's, and those in the ``NNACTIVE_DATASETS`` folder."""
    folders = [DATASETS]
    if further := os.environ.get(FURTHER):
        folders.append(Path(further))
    return {path.parent.name: path for folder in folders for path in folder.glob(f"*/{CARD_FILE}")}
