"""The result of one experiment: one JSON file, the only thing the leaderboard reads."""

import math
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Annotated, ClassVar, Literal

import numpy as np
from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from nnactive import PROTOCOL_VERSION
from nnactive.io.costs import Cost
from nnactive.io.files import first_problem, read_model, write_text
from nnactive.io.models import Frozen, StateFile, file_text
from nnactive.io.queries import PatchRecord
from nnactive.settings import Setting

Whole = Annotated[int, Field(strict=True)]
"""An integer that is written as one: neither ``true`` nor ``"1"``."""
Column = tuple[int, ...]


class PatchColumns(Frozen):
    """Patches in the order of their choice, as columns of one length."""

    case: tuple[str, ...]
    start: tuple[Column, Column, Column]
    """First voxels by axis (z, y, x)."""
    size: tuple[Column, Column, Column]
    """Voxels by axis (z, y, x)."""

    @property
    def lengths(self) -> set[int]:
        """Lengths of the columns: a single number, unless they don't belong together."""
        return {len(column) for column in (self.case, *self.start, *self.size)}


def patch_columns(patches: Sequence[PatchRecord]) -> PatchColumns:
    """Patches as a result has them."""

    def columns(rows: Sequence[tuple[int, int, int]]) -> tuple[Column, Column, Column]:
        z, y, x = (tuple(row[axis] for row in rows) for axis in range(3))
        return z, y, x

    return PatchColumns(
        case=tuple(patch.case for patch in patches),
        start=columns([patch.start for patch in patches]),
        size=columns([patch.size for patch in patches]),
    )


def _from_records(value: object) -> object:
    """Columns of what the first schema has as one object a patch."""
    if not isinstance(value, list):
        return value
    try:
        return patch_columns([PatchRecord.model_validate(item) for item in value])
    except ValidationError as error:
        raise ValueError(first_problem(error)) from None


def _real_time(value: str) -> str:
    datetime.fromisoformat(value)
    return value


Moment = Annotated[
    str, Field(pattern=r"^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z$"), AfterValidator(_real_time)
]
"""UTC, to the second: ``2026-11-22T09:30:00Z``."""


class Counts(Frozen):
    """Voxel counts on the test set, columns of integers: ``[class][case]``, foreground classes."""

    true_positives: tuple[tuple[int, ...], ...]
    false_positives: tuple[tuple[int, ...], ...]
    false_negatives: tuple[tuple[int, ...], ...]


class LoopResult(Frozen):
    """One loop: its patches, what is labelled after it, and how the ensemble did."""

    loop: Whole
    patches: Annotated[PatchColumns, BeforeValidator(_from_records)]
    """Patches that this loop added."""
    labelled_patches: Whole
    """Patches labelled so far, this loop's included."""
    labelled_voxels: Whole
    labelled_foreground: tuple[int, ...]
    """Labelled voxels so far per foreground class, in label order."""
    labelled_boundary: tuple[int, ...] | None = None
    """Annotation effort so far: those of them with a 6-neighbour of another label in their patch
    (protocol section 6); None: not counted."""
    counts: Counts
    costs: dict[str, Cost]
    """By step: query, annotate, train_fold_0 ..., evaluate."""


def _as_json_has_it(value: object) -> object:
    """A number that JSON can't hold exactly as the text that is read back as the same number."""
    if isinstance(value, Decimal):
        exact = value.is_finite() and Decimal(repr(float(value))) == value
        return float(value) if exact else str(value)
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


ParameterValue = float | int | str | bool | None
"""A parameter's value as results have it; infinity is ``"inf"``, as JSON has none."""


class MethodRecord(Frozen):
    """Which method was run."""

    id: str
    """Unique within a track; folder name. Carries the source hash if it was submitted, and the
    parameters that differ from their defaults."""
    name: str
    """For people; says these parameters too."""
    description: str
    parameters: dict[str, Annotated[ParameterValue, BeforeValidator(_as_json_has_it)]]
    """All parameters with the values used."""
    source_hash: str
    """SHA-256 of the submitted file, or over the library for a builtin method."""
    origin: Literal["builtin", "submission"]
    oracle: bool
    """Whether it saw ground truth of the whole pool."""
    reference: str = ""
    """Where the method was published; empty if its author doesn't say."""
    requirements: tuple[str, ...] = ()
    """What its ``submission.yaml`` pins, each ``name==version``, sorted. What else this brought
    into a layer stands in `ImageUsed.requirements`; that list pinned gives the same packages."""


class DatasetRecord(Frozen):
    """Which data it was run on."""

    name: str
    checksum: str
    split_kind: str
    classes: tuple[str, ...]
    """Foreground classes in label order."""
    pool_cases: Whole
    pool_foreground: tuple[int, ...]
    """Voxels of each foreground class in the whole pool."""
    pool_boundary: tuple[int, ...] | None = None
    """Those of them with a 6-neighbour of another label; None: prepared before it was counted."""
    full_data_dice: Annotated[float, Field(gt=0, le=1)] | None = None
    """Mean Dice of a training on the whole pool like this setting's; None: not known."""
    test_cases: tuple[str, ...]


class ImageUsed(Frozen):
    """The container image that it was run in."""

    digest: str | None
    """Docker's id of the image, or the SHA-256 of Apptainer's file; None: the caller didn't say."""
    base: str | None = None
    """Digest of the benchmark image below, where a layer with requirements was added."""
    variant: str
    """cuda13 or cuda12."""
    lock: str
    """SHA-256 of the lock file whose packages it holds."""
    requirements: tuple[str, ...] = ()
    """What the layer added, each ``name==version``."""


class Environment(Frozen):
    """Where it was run."""

    python: str
    packages: dict[str, str]
    commit: str
    """Git commit of the benchmark, with ``+dirty`` if files differed; ``unknown`` outside git."""
    cpu: str
    cores: int
    accelerator: str | None
    image: ImageUsed | None = None
    """None: outside a container, or written before it was noted."""


class Failure(StateFile):
    """Why an experiment ended early."""

    step: str
    loop: int
    reason: str


class ExperimentResult(StateFile):
    """Setting x method x seed, complete or failed."""

    SCHEMA: ClassVar[int] = 2
    """What version 1 lacks is None; its patches are read as columns."""

    protocol_version: str = PROTOCOL_VERSION
    status: Literal["complete", "failed"]
    failure: Failure | None = None
    track: str
    comparable: bool
    """False for tracks that exist to be cheap: they compare with nothing but themselves."""
    setting: Setting
    method: MethodRecord
    seed: Whole
    dataset: DatasetRecord
    loops: tuple[LoopResult, ...]
    environment: Environment
    finished: Moment | None = None
    """When its last step ended; None: written before it was noted."""


def dice_per_class(counts: Counts) -> np.ndarray:
    """Dice per foreground class, mean over cases; shape ``(F,)``.

    A case whose reference and prediction both lack the class is left out of that class's mean
    (protocol section 2); a class that no case has is NaN.
    """
    tp, fp, fn = (
        np.asarray(column, dtype=np.float64)
        for column in (counts.true_positives, counts.false_positives, counts.false_negatives)
    )
    total = 2 * tp + fp + fn
    seen = total > 0
    dice = np.where(seen, 2 * tp / np.where(seen, total, 1), 0.0)
    cases = seen.sum(axis=1)
    return np.where(cases > 0, dice.sum(axis=1) / np.maximum(cases, 1), np.nan)


def mean_dice(counts: Counts) -> float:
    """Mean Dice: over cases per class, then over the foreground classes that some case has."""
    return float(np.nanmean(dice_per_class(counts)))


def save_result(path: Path, result: ExperimentResult) -> None:
    """Write a result atomically, without spaces: it holds thousands of integers."""
    write_text(path, file_text(result, indent=None))


def load_result(path: Path) -> ExperimentResult:
    """Read a result; a broken or foreign file is a ``UserError`` that names the field."""
    return read_model(path, ExperimentResult)
