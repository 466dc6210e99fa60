"""The result of one experiment: one JSON file, which is all that the leaderboard reads."""

import math
import operator
from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import AfterValidator, BeforeValidator, Field, ValidationError

from nnactive import PROTOCOL_VERSION
from nnactive.answers.isolation import Isolation
from nnactive.effort import Effort
from nnactive.geometry import Triple
from nnactive.io.costs import Cost
from nnactive.io.files import first_problem, read_model, write_text
from nnactive.io.models import Frozen, StateFile, file_text
from nnactive.io.queries import ChosenIn, PatchRecord
from nnactive.quality.calibration import Calibration
from nnactive.quality.surfaces import Surfaces
from nnactive.settings import Setting

if TYPE_CHECKING:
    import numpy as np

Whole = Annotated[int, Field(strict=True)]
"""An integer written as one: neither ``true`` nor ``"1"``."""
Column = tuple[int, ...]
FailureKind = Literal["contract", "crash", "time", "memory", "killed"]
"""Why a method has no choice."""


class PatchColumns(Frozen):
    """Patches in the order in which they were chosen, as columns of equal length."""

    case: tuple[str, ...]
    start: tuple[Column, Column, Column]
    """First voxel, a column per axis (z, y, x)."""
    size: tuple[Column, Column, Column]
    """Size in voxels, a column per axis (z, y, x)."""

    @property
    def lengths(self) -> set[int]:
        """Lengths of the columns; more than one if the columns are inconsistent."""
        return {len(column) for column in (self.case, *self.start, *self.size)}


def patch_columns(patches: Sequence[PatchRecord]) -> PatchColumns:
    """Patches as columns."""

    def columns(rows: Sequence[tuple[int, int, int]]) -> tuple[Column, Column, Column]:
        z, y, x = (tuple(row[axis] for row in rows) for axis in range(3))
        return z, y, x

    return PatchColumns(
        case=tuple(patch.case for patch in patches),
        start=columns([patch.start for patch in patches]),
        size=columns([patch.size for patch in patches]),
    )


def _from_records(value: object) -> object:
    """Columns from version 1, which has one object per patch."""
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
    """Voxel counts on the test set, ``[foreground class][test case]``."""

    true_positives: tuple[tuple[int, ...], ...]
    false_positives: tuple[tuple[int, ...], ...]
    false_negatives: tuple[tuple[int, ...], ...]


class LoopResult(Frozen):
    """One loop: its patches, what is labelled after it, and its voxel counts on the test set."""

    loop: Whole
    patches: Annotated[PatchColumns, BeforeValidator(_from_records)]
    """Patches that this loop adds."""
    labelled_patches: Whole
    """Patches labelled so far, including this loop's."""
    labelled_voxels: Whole
    labelled_foreground: tuple[int, ...]
    """Labelled voxels so far, by foreground class in label order."""
    labelled_boundary: tuple[int, ...] | None = None
    """Annotation effort so far: labelled voxels with a 6-neighbour of another label in their patch
    (protocol section 6), by foreground class; None: not counted."""
    counts: Counts
    surfaces: Surfaces | None = None
    """Surfaces on the test set; None: not measured."""
    calibration: Calibration | None = None
    """Probabilities on the test set; None: not measured."""
    effort: Effort | None = None
    """What labelling took so far beside voxels; None: not counted."""
    isolation: Isolation | None = None
    """How the code that chose the patches was kept from labels; None: written before this was
    recorded."""
    chosen_in: Annotated[ChosenIn | None, Field(exclude_if=lambda found: found is None)] = None
    """Another track's loop file that the patches were taken from; None: the method chose them."""
    costs: dict[str, Cost]
    """By job: start, query or take, annotate, train_fold_0 ..., evaluate."""

    @property
    def dice(self) -> tuple[float | None, ...]:
        """Dice of each foreground class (`dice_per_class`); None where it is undefined."""
        return tuple(
            None if math.isnan(each) else each for each in dice_per_class(self.counts).tolist()
        )

    @property
    def mean_dice(self) -> float | None:
        """Mean over the classes that a reference has (`mean_dice`); None without any."""
        known = any(each is not None for each in self.dice)
        return mean_dice(self.counts) if known else None


def _as_json_has_it(value: object) -> object:
    """A number that JSON can't hold exactly, as text that reads back as the same number."""
    if isinstance(value, Decimal):
        exact = value.is_finite() and Decimal(repr(float(value))) == value
        return float(value) if exact else str(value)
    return str(value) if isinstance(value, float) and not math.isfinite(value) else value


ParameterValue = float | int | str | bool | None
"""A parameter's value in a result; infinity is ``"inf"``, as JSON has no such number."""


class MethodRecord(Frozen):
    """The method that was run."""

    id: str
    """Unique within a track; its folder's name. Contains the start of the source hash if it was
    submitted, and the parameters that differ from their defaults."""
    name: str
    """Display name, with the same parameters."""
    description: str
    parameters: dict[str, Annotated[ParameterValue, BeforeValidator(_as_json_has_it)]]
    """All parameters and their values."""
    source_hash: str
    """SHA-256 of the library's code for a built-in method. Of a submission: of all its code, by
    what it means, of its other files and of its requirements."""
    origin: Literal["builtin", "submission"]
    oracle: bool
    """Whether it uses ground truth of the whole pool."""
    reference: str = ""
    """Publication of the method; empty if its author gives none."""
    start: str | None = None
    """Id of the start method that chose loop 0: then that is what this record describes, and
    ``id`` names both. None: the protocol's starting budget (protocol section 4)."""
    query: str | None = None
    """Id of the query method of all later loops, if ``start`` is given."""
    requirements: tuple[str, ...] = ()
    """What its ``submission.yaml`` pins, each ``name==version``, sorted. `ImageUsed.requirements`
    lists all packages that a layer adds for them; pinning that list gives the same packages."""


class DatasetRecord(Frozen):
    """The dataset that it was run on."""

    name: str
    checksum: str
    split_kind: str
    classes: tuple[str, ...]
    """Foreground classes in label order."""
    pool_cases: Whole
    pool_foreground: tuple[int, ...]
    """Voxels of each foreground class in the whole pool."""
    pool_boundary: tuple[int, ...] | None = None
    """Of these, voxels with a 6-neighbour of another label; None: not counted."""
    pool_effort: Effort | None = None
    """What labelling every image of the pool from end to end would take; None: not counted."""
    slice_axis: Annotated[int, Field(ge=0, le=2, exclude_if=operator.not_)] = 0
    """Axis of the prepared images across which the slices of all efforts were counted; z where it
    isn't written."""
    full_data_dice: Annotated[float, Field(gt=0, le=1)] | None = None
    """Mean Dice of the same training on the whole pool; None: unknown."""
    test_cases: tuple[str, ...]
    pool_shapes: dict[str, Triple] | None = None
    """``(Z, Y, X)`` of each pool case as prepared; None: written before this was recorded."""
    warnings: tuple[str, ...] = ()
    """What was odd with the raw data, one line a kind; empty, too, where the dataset was prepared
    before this was noted."""


class ImageUsed(Frozen):
    """The container image that it ran in."""

    digest: str | None
    """Docker's image id, or the SHA-256 of Apptainer's file; None: unknown."""
    base: str | None = None
    """Digest of the benchmark image below a layer with requirements."""
    variant: str
    """cuda13 or cuda12."""
    lock: str
    """SHA-256 of the lock file of its packages."""
    requirements: tuple[str, ...] = ()
    """Packages that the layer adds, each ``name==version``."""


class Environment(Frozen):
    """The machine and the software that it ran on."""

    python: str
    packages: dict[str, str]
    commit: str
    """Git commit of the benchmark, with ``+dirty`` if files differed; ``unknown`` outside git."""
    cpu: str
    cores: int
    accelerator: str | None
    code: str | None = None
    """SHA-256 of the benchmark's code; None: written before this was recorded."""
    driver: str | None = None
    """Version of the accelerator's driver; None: no accelerator, or written before."""
    image: ImageUsed | None = None
    """None: not in a container, or written before this was recorded."""


class Failure(StateFile):
    """Why an experiment ended early."""

    step: str
    loop: int
    reason: str
    """In words, at most 500 characters where a process was ended."""
    kind: FailureKind | None = None
    """contract: the method's answer breaks its contract; crash: its code or its process failed;
    time, memory: it took more than its limit or the machine had; killed: it was ended for another
    reason. None: another step than the method's, or written before this was recorded."""


class ExperimentResult(StateFile):
    """Setting x method x seed, complete or failed."""

    SCHEMA: ClassVar[int] = 4
    """Fields that earlier versions lack are None; version 1's patches are turned into columns."""

    protocol_version: str = PROTOCOL_VERSION
    status: Literal["complete", "failed"]
    failure: Failure | None = None
    track: str
    comparable: bool
    """False for reduced-cost tracks, whose results compare only with each other."""
    setting: Setting
    method: MethodRecord
    seed: Whole
    dataset: DatasetRecord
    loops: tuple[LoopResult, ...]
    environment: Environment
    command: str | None = None
    """The command line of the run that collected it; None: written before this was recorded."""
    started: Moment | None = None
    """When its first step began; None: written before this was recorded."""
    finished: Moment | None = None
    """When its last step ended; None: written before this was recorded."""


def dice_per_class(counts: Counts) -> "np.ndarray":
    """Dice per foreground class, mean over cases; shape ``(F,)``.

    A case in which neither reference nor prediction has the class is left out of that class's mean
    (protocol section 2). The Dice of a class that no reference has is NaN: a single false positive
    would decide whether it is 0 or doesn't count.
    """
    import numpy as np

    tp, fp, fn = (
        np.asarray(column, dtype=np.float64)
        for column in (counts.true_positives, counts.false_positives, counts.false_negatives)
    )
    total = 2 * tp + fp + fn
    seen = total > 0
    dice = np.where(seen, 2 * tp / np.where(seen, total, 1), 0.0)
    cases = np.where((tp + fn).any(axis=1), seen.sum(axis=1), 0)
    return np.where(cases > 0, dice.sum(axis=1) / np.maximum(cases, 1), np.nan)


def mean_dice(counts: Counts) -> float:
    """Mean Dice: over cases for each class, then over the classes that a reference has."""
    import numpy as np

    return float(np.nanmean(dice_per_class(counts)))


def save_result(path: Path, result: ExperimentResult) -> None:
    """Write a result atomically, without spaces, as it holds thousands of integers."""
    write_text(path, file_text(result, indent=None))


def load_result(path: Path) -> ExperimentResult:
    """Read a result; a ``UserError`` that names the field if the file is broken."""
    return read_model(path, ExperimentResult)
