"""What to run: the frozen models that a track expands to."""

import operator
import re
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, PositiveFloat, PositiveInt, model_validator

from nnactive.io.models import Frozen, StateFile

Sizes = tuple[PositiveInt, PositiveInt, PositiveInt]
"""Three sizes in voxels, axis order (z, y, x)."""


def written_as(pattern: str, words: str) -> AfterValidator:
    """Validator of a text field: it must match ``pattern`` entirely; ``words`` describe it."""

    def check(value: str) -> str:
        if re.fullmatch(pattern, value) is None:
            raise ValueError(f"'{value}' isn't {words}")
        return value

    return AfterValidator(check)


Name = Annotated[
    str,
    written_as(
        r"[a-z0-9][a-z0-9_.-]*",
        "a name of lowercase letters, digits, '_', '.' and '-' that begins with a letter or digit",
    ),
]
"""Name of a track or setting; part of file names."""


class Training(Frozen):
    """How an ensemble is trained (protocol section 3); the defaults are the papers'."""

    folds: Annotated[int, Field(ge=2)] = 5
    epochs: PositiveInt = 200
    iterations: PositiveInt = 250
    """Training iterations per epoch."""
    base_features: PositiveInt | None = None
    """Features of the first stage, doubled per stage up to the plan's number; None: the plan's."""
    batch_size: PositiveInt | None = None
    """Samples per iteration; None: the plan's."""
    mirror: bool = True
    network: Annotated[Literal["resenc_m"] | None, Field(exclude_if=operator.not_)] = None
    """Whose plans: ``resenc_m`` are nnU-Net's residual encoder M; None: its default, a plain U-Net.
    Written only where it isn't the default."""
    seeded: Annotated[bool, Field(exclude_if=operator.not_)] = False
    """Whether what a training draws is named too, so that it can be repeated; the papers' isn't.
    Written only where it is true: an unseeded training looks as it did before the field existed."""


class Inference(Frozen):
    """How the ensemble predicts (protocol sections 2 and 5)."""

    test_mirror: bool = True
    test_tile_step: Annotated[float, Field(gt=0, le=1)] = 0.5
    query_tile_step: Annotated[float, Field(gt=0, le=1)] = 0.75


class Limits(Frozen):
    """What a query may take before it is ended; its experiment then counts as failed."""

    hours: PositiveFloat = 24
    memory_gib: PositiveFloat | None = None
    """All its processes together, what they share counted once; None: the machine's."""
    processes: PositiveInt = 256
    """Those running at once."""
    log_mb: PositiveFloat = 100
    """Size of its log, in 10^6 bytes."""


class TakenQueries(Frozen):
    """Where patches come from that were chosen before, in another track's runs."""

    track: Name
    """Track beside this one in RUNS; its setting of the same name has the same budgets."""


class Annotator(Frozen):
    """How an annotator errs inside the patches (protocol section 2)."""

    boundary_sd_mm: Annotated[float, Field(ge=0, le=20)]
    """Standard deviation of a boundary's displacement along each axis; at most
    ``boundary_length_mm``."""
    boundary_length_mm: Annotated[float, Field(ge=1, le=200)]
    """Distance at which two displacements correlate by about a half."""
    missed_share: Annotated[float, Field(ge=0, le=1)]
    """Share of small components that are missed ..."""
    missed_below_mm3: Annotated[float, Field(gt=0, le=100_000)]
    """... and the volume below which a component is small."""

    @model_validator(mode="after")
    def _smooth(self) -> Self:
        if self.boundary_sd_mm > self.boundary_length_mm:
            raise ValueError(
                f"boundary_sd_mm is {self.boundary_sd_mm:g} and boundary_length_mm "
                f"{self.boundary_length_mm:g}: a displacement larger than its correlation length "
                "tears structures apart; lower the first or raise the second"
            )
        return self


class Setting(StateFile):
    """Dataset x label regime x query patch size x query size x training length."""

    name: Name
    dataset: str
    regime: str
    patch_size: Sizes
    stride: Sizes = (1, 1, 1)
    candidates: PositiveInt = 20
    """Candidates per image."""
    starting_budget: PositiveInt
    """Patches in loop 0."""
    query_size: PositiveInt
    """Patches that each later loop adds."""
    loops: PositiveInt = 5
    training: Training = Training()
    inference: Inference = Inference()
    limits: Limits = Limits()
    queries: Annotated[TakenQueries | None, Field(exclude_if=lambda taken: taken is None)] = None
    """Whose queries it trains on; None: its own methods choose."""
    annotator: Annotated[Annotator | None, Field(exclude_if=operator.not_)] = None
    """Whose errors the labels inside the patches have; None: they are the pool's. Written only
    where there is one."""
