"""What the board needs of a result: a hundredth of its file's size in memory.

Patches and voxel counts, which are most of a file, are checked when it is read and then stand here
as what follows from them: Dice, sums, and digests for comparing results with one another.
"""

import hashlib
import json
import math
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Annotated, Literal, TypeVar

import numpy as np
from pydantic import BaseModel, BeforeValidator, PlainSerializer, TypeAdapter, ValidationError

from benchmark.consistency.counts import fingerprint
from benchmark.consistency.quality.surfaces import measured_with
from benchmark.results import (
    DatasetRecord,
    Environment,
    ExperimentResult,
    Failure,
    LoopResult,
    MethodRecord,
    dice_per_class,
)
from nnactive.answers.isolation import Isolation
from nnactive.effort import Effort
from nnactive.quality.calibration import calibration_error, foreground_calibration_error
from nnactive.quality.surfaces import hausdorff95, surface_dice
from nnactive.settings import Setting

Part = TypeVar("Part", bound=BaseModel)
MOST_SHARED = 1 << 14
"""Different settings, methods, datasets and machines that are shared between results."""
FASTEST = 1
"""Level of compression."""


@dataclass(frozen=True, slots=True)
class LoopFacts:
    """One loop; names and meanings are those of `LoopResult`."""

    loop: int
    labelled_patches: int
    labelled_voxels: int
    labelled_foreground: tuple[int, ...]
    labelled_boundary: tuple[int, ...] | None
    isolation: Isolation | None
    dice: tuple[float | None, ...]
    """By foreground class, in [0, 1]; None where no test case's reference has the class."""
    mean_dice: float | None
    """Over those classes; None without any."""
    surface_dice: tuple[tuple[float | None, ...], ...] | None
    """By tolerance and foreground class, in [0, 1]; None: not measured."""
    hausdorff95: tuple[float | None, ...] | None
    """In mm, by foreground class; None: not measured."""
    calibration_error: float | None
    """Over all voxels, in [0, 1]; None: not measured."""
    foreground_calibration_error: float | None
    """Over voxels that are foreground in reference or segmentation; None: not measured, or none."""
    effort: Effort | None
    jobs: tuple[str, ...]
    """That have a cost."""
    seconds: tuple[float, ...]
    """By job."""
    peaks: tuple[float, ...]
    """Peak memory in GiB by job."""
    taken: tuple[str | None, ...] | None
    """The output of another experiment whose training a job is, by job; None: none is."""


def _text(part: BaseModel) -> str:
    return part.model_dump_json()


def _shared(kind: type[Part]) -> BeforeValidator:
    """Reads a part from its JSON, equal texts as the same object: few differ between results."""

    @lru_cache(maxsize=MOST_SHARED)
    def read(text: str) -> Part:
        return kind.model_validate_json(text)

    return BeforeValidator(lambda value: read(value) if isinstance(value, str) else value)


@dataclass(frozen=True, slots=True)
class Facts:
    """One experiment; names and meanings are those of `ExperimentResult`."""

    protocol_version: str
    status: Literal["complete", "failed"]
    failure: Failure | None
    track: str
    comparable: bool
    setting: Annotated[Setting, _shared(Setting), PlainSerializer(_text)]
    method: Annotated[MethodRecord, _shared(MethodRecord), PlainSerializer(_text)]
    seed: int
    dataset: Annotated[DatasetRecord, _shared(DatasetRecord), PlainSerializer(_text)]
    loops: tuple[LoopFacts, ...]
    environment: Annotated[Environment, _shared(Environment), PlainSerializer(_text)]
    finished: str | None
    reference: str | None
    """Digest of the test set's reference voxels, `benchmark.consistency.counts.fingerprint`; None
    without a loop."""
    tolerances: tuple[float, ...] | None
    """Of the surface Dice, in mm; None: not measured."""
    diagonals: tuple[float, ...] | None
    """Of the test images, in mm; None: not measured."""
    start: str | None
    """Digest of the patches of loop 0; None without it."""
    content: str
    """Digest of the whole result but for its full-data Dice, which the dataset's card decides."""


def facts_of(result: ExperimentResult) -> Facts:
    """What the board needs of a result."""
    voxels, measured = fingerprint(result), measured_with(result)
    return Facts(
        protocol_version=result.protocol_version,
        status=result.status,
        failure=result.failure,
        track=result.track,
        comparable=result.comparable,
        setting=result.setting,
        method=result.method,
        seed=result.seed,
        dataset=result.dataset,
        loops=tuple(map(_loop, result.loops)),
        environment=result.environment,
        finished=result.finished,
        reference=None if voxels is None else _digest(json.dumps(voxels)),
        tolerances=measured["tolerances"],
        diagonals=measured["diagonals"],
        start=_digest(result.loops[0].patches.model_dump_json()) if result.loops else None,
        content=_digest(result.model_dump_json(exclude={"dataset": {"full_data_dice"}})),
    )


def packed(facts: Facts) -> bytes:
    """Facts as bytes, from which ``unpacked`` makes equal ones."""
    return zlib.compress(_adapter().dump_json(facts), FASTEST)


def unpacked(content: bytes) -> Facts | None:
    """The facts that ``packed`` was given; None if these are no such bytes."""
    try:
        return _adapter().validate_json(zlib.decompress(content))
    except (ValidationError, zlib.error):
        return None


@cache
def _adapter() -> TypeAdapter[Facts]:
    return TypeAdapter(Facts)


def _loop(loop: LoopResult) -> LoopFacts:
    costs, dice = loop.costs.values(), dice_per_class(loop.counts)
    known = [not math.isnan(each) for each in dice]
    taken = tuple(cost.taken_from for cost in costs)
    return LoopFacts(
        loop=loop.loop,
        labelled_patches=loop.labelled_patches,
        labelled_voxels=loop.labelled_voxels,
        labelled_foreground=loop.labelled_foreground,
        labelled_boundary=loop.labelled_boundary,
        isolation=loop.isolation,
        dice=tuple(each if seen else None for each, seen in zip(dice.tolist(), known, strict=True)),
        mean_dice=float(np.nanmean(dice)) if any(known) else None,
        surface_dice=tuple(map(_known, surface_dice(loop.surfaces).tolist()))
        if loop.surfaces
        else None,
        hausdorff95=_known(hausdorff95(loop.surfaces).tolist()) if loop.surfaces else None,
        calibration_error=calibration_error(loop.calibration) if loop.calibration else None,
        foreground_calibration_error=foreground_calibration_error(loop.calibration)
        if loop.calibration
        else None,
        effort=loop.effort,
        jobs=tuple(loop.costs),
        seconds=tuple(cost.seconds for cost in costs),
        peaks=tuple(cost.peak_memory_gib for cost in costs),
        taken=taken if any(taken) else None,
    )


def _known(values: Sequence[float]) -> tuple[float | None, ...]:
    return tuple(None if math.isnan(each) else each for each in values)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
