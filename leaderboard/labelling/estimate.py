"""Labelling time, estimated from recorded effort and the rates in a file."""

from functools import cache
from pathlib import Path
from typing import Annotated, Final, Literal

from pydantic import Field, ValidationError

from leaderboard.read.facts import Facts
from leaderboard.undefined import UndefinedMetricError
from nnactive.effort import Effort
from nnactive.errors import UserError
from nnactive.io.files import first_problem
from nnactive.io.models import Frozen, StateFile, fields_of
from nnactive.io.yamls import read_yaml

Work = Literal["components", "slices", "images", "minutes"]
WORK: Final[tuple[Work, ...]] = ("components", "slices", "images", "minutes")
"""What FG-Eff may be taken against beside voxels."""
SHIPPED: Final = Path(__file__).with_name("effort.yaml")
SHIPPED_NAME: Final = "leaderboard/labelling/effort.yaml"
MINUTE: Final = 60
NOT_COUNTED = "labelling effort was not recorded"
POOL_NOT_COUNTED = "the dataset was prepared without the labelling effort of the whole pool"

Seconds = Annotated[float, Field(ge=0, le=86_400, allow_inf_nan=False)]


class Rates(Frozen):
    """Seconds of an annotator."""

    image: Seconds
    """To open an image."""
    slice: Seconds
    """To look at an axial slice of a patch."""
    component: Seconds
    """To find a connected component of a class and begin to draw it."""
    contour_voxel: Seconds
    """To draw along a voxel of its contour in an axial slice."""


class Estimate(StateFile):
    """Content of ``effort.yaml``: how long labelling takes, and why."""

    seconds: Rates
    sources: dict[str, str] = Field(default={})
    """Where each of the rates comes from."""

    def minutes(self, effort: Effort) -> float:
        """The estimated minutes of labelling (protocol section 6)."""
        found = (
            effort.images * self.seconds.image
            + (effort.slices + effort.empty_slices) * self.seconds.slice
            + sum(effort.components) * self.seconds.component
            + sum(effort.contour) * self.seconds.contour_voxel
        )
        return found / MINUTE

    @property
    def note(self) -> str:
        """The rates in one line."""
        rates = self.seconds
        return (
            "Labelling time is an estimate, not a measurement: "
            f"{rates.image:g} s for each image opened, {rates.slice:g} s for each slice of a "
            f"patch, {rates.component:g} s for each component and {rates.contour_voxel:g} s for "
            "each voxel on a contour (protocol section 6)."
        )


def read_estimate(path: Path) -> Estimate:
    """The rates in a file.

    Raises:
        UserError: in one line, if it is missing, no YAML, or has other fields or values.
    """
    content = read_yaml(path)
    if not isinstance(content, dict):
        raise UserError(f"{path}: not a file of rates; begin with a copy of {SHIPPED_NAME}")
    try:
        return Estimate.model_validate(fields_of(Estimate, content))
    except ValidationError as error:
        raise UserError(f"{path}: {first_problem(error)}; compare with {SHIPPED_NAME}") from None
    except UserError as error:
        raise type(error)(f"{path}: {error}") from None


@cache
def shipped_estimate() -> Estimate:
    """The rates that the benchmark ships."""
    return read_estimate(SHIPPED)


def efforts(result: Facts) -> list[Effort]:
    """What labelling took by loop, so far.

    Raises:
        UndefinedMetricError: A loop lacks the count.
    """
    known = [loop.effort for loop in result.loops if loop.effort is not None]
    if len(known) < len(result.loops):
        raise UndefinedMetricError(NOT_COUNTED)
    return known


def amount(effort: Effort, work: Work, estimate: Estimate) -> float:
    """How much work of a kind there is: a number, or the estimated minutes."""
    match work:
        case "components":
            return sum(effort.components)
        case "slices":
            return effort.slices
        case "images":
            return effort.images
        case "minutes":
            return estimate.minutes(effort)


def fractions(result: Facts, work: Work, estimate: Estimate) -> list[float]:
    """By loop, the work as a fraction of what labelling the whole pool takes.

    It may exceed 1: patches cut structures, and images are opened again.

    Raises:
        UndefinedMetricError: A loop or the pool lacks the count, or the pool has none.
    """
    found, pool = efforts(result), result.dataset.pool_effort
    if pool is None:
        raise UndefinedMetricError(POOL_NOT_COUNTED)
    whole = amount(pool, work, estimate)
    if not whole:
        raise UndefinedMetricError("labelling the pool takes no effort of this kind")
    return [amount(each, work, estimate) / whole for each in found]
