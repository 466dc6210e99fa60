"""How far two trainings on the same patches differ: measured rows, and what follows from them.

Repeating an unseeded training, or a seeded one on another machine, gives another Mean Dice. Rows
are kept by dataset, training and inference; a difference between two single trainings counts as
chance up to a two-sided t-interval of the measured standard deviation.
"""

import csv
import math
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from io import StringIO
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, ValidationError

from benchmark.layout import Experiment, first_loop_of
from nnactive.errors import UserError
from nnactive.geometry import size_text
from nnactive.io.files import first_problem, write_text
from nnactive.io.models import Frozen
from nnactive.settings import Setting

SHIPPED: Final = Path(__file__).with_name("spread.csv")
ERROR: Final = 0.01
"""Probability that chance alone is found in one experiment, over all its loops."""


def _or_none(value: Any) -> Any:
    return None if value == "" else value


Optional = Annotated[int | None, BeforeValidator(_or_none)]


class SpreadRow(Frozen):
    """One line of the table: an ensemble trained ``n`` times on the same patches."""

    dataset: str
    patch_size: str
    """Of the query patches in voxels, ``ZxYxX``."""
    folds: int
    epochs: int
    iterations: int
    base_features: Optional
    """Empty: the plan's, as for the batch size."""
    batch_size: Optional
    mirror: bool
    test_mirror: bool
    variant: str = ""
    """What else sets the training apart: its network, an annotator's errors; empty: nothing."""
    patches: Annotated[int, Field(ge=1)]
    """Labelled ones."""
    n: Annotated[int, Field(ge=2)]
    mean_dice: Annotated[float, Field(ge=0, le=1)]
    sd: Annotated[float, Field(ge=0, le=1)]
    """Of Mean Dice, with n - 1 degrees of freedom."""
    max_difference: Annotated[float, Field(ge=0, le=1)]
    """Between any two of them."""
    queries: str
    """Whose patches: setting, method, seed and loop."""
    device: str
    """Processor or GPU that trained."""
    date: str

    @property
    def key(self) -> tuple[object, ...]:
        """What has to agree with a setting."""
        training = (self.folds, self.epochs, self.iterations, self.base_features, self.batch_size)
        return (
            self.dataset,
            self.patch_size,
            *training,
            self.mirror,
            self.test_mirror,
            self.variant,
        )


def key_of(setting: Setting) -> dict[str, object]:
    """The columns of a row that a setting gives."""
    training = setting.training
    return {
        "dataset": setting.dataset,
        "patch_size": size_text(setting.patch_size),
        **{name: getattr(training, name) for name in ("folds", "epochs", "iterations")},
        **{name: getattr(training, name) for name in ("base_features", "batch_size", "mirror")},
        "test_mirror": setting.inference.test_mirror,
        "variant": " ".join(_variant(setting)),
    }


def _variant(setting: Setting) -> Iterator[str]:
    if setting.training.network:
        yield setting.training.network
    for name, value in setting.annotator or ():
        yield f"{name}={value:g}"


@dataclass(frozen=True)
class Noise:
    """Spread of Mean Dice of single trainings at one size of the labelled set."""

    sd: float
    freedom: int
    """Degrees of freedom behind ``sd``."""

    def allowed(self, comparisons: int = 1) -> float:
        """Difference of two single trainings that is still chance.

        Args:
            comparisons: how many are made of one experiment, which share `ERROR` among them.
        """
        return quantile(self.freedom, comparisons) * self.sd * math.sqrt(2)


def quantile(freedom: int, comparisons: int = 1) -> float:
    """Student's t of a two-sided test at `ERROR`, shared among several comparisons.

    >>> round(quantile(7), 3)
    3.499
    """
    from scipy.stats import t

    return float(t.ppf(1 - ERROR / 2 / comparisons, freedom))


def named(experiment: Experiment, loop: int) -> str:
    """Whose patches a loop's ensemble is trained on, as a row has it.

    >>> named(Experiment("acdc_low", "bald", 1), 0), named(Experiment("acdc_low", "bald", 1), 1)
    ('acdc_low start seed 1 loop 0', 'acdc_low bald seed 1 loop 1')
    """
    setting, method, seed = experiment
    return f"{setting} {method if loop else first_loop_of(method)} seed {seed} loop {loop}"


def noise(
    rows: Iterable[SpreadRow], setting: Setting, patches: int, start: str = ""
) -> Noise | None:
    """Spread at a number of labelled patches.

    Of several rows, the one with the widest limit counts: how far trainings differ depends on the
    patches, too, so rows of different patches aren't pooled. Between two measured numbers, the rows
    of both count; outside of them nothing is known.

    Args:
        rows: the table.
        setting: dataset, training and inference have to be a row's.
        patches: labelled ones.
        start: name of the shared start; a row of just these patches counts alone.
    """
    wanted = tuple(key_of(setting).values())
    fitting = [row for row in rows if row.key == wanted]
    fitting = [row for row in fitting if start and row.queries == start] or fitting
    below = max((row.patches for row in fitting if row.patches <= patches), default=None)
    above = min((row.patches for row in fitting if row.patches >= patches), default=None)
    if below is None or above is None:
        return None
    nearest = [Noise(row.sd, row.n - 1) for row in fitting if row.patches in {below, above}]
    return max(nearest, key=Noise.allowed)


def read_table(*files: Path) -> list[SpreadRow]:
    """Rows of the shipped table, or of others.

    Raises:
        UserError: names file, line and field.
    """
    rows = []
    for file in files or (SHIPPED,):
        try:
            with file.open(encoding="utf-8", newline="") as opened:
                lines = list(csv.DictReader(opened))
        except (OSError, UnicodeDecodeError, csv.Error) as error:
            raise UserError(f"{file}: {error}; give a table that `spread measure` wrote") from None
        for number, line in enumerate(lines, start=2):
            try:
                rows.append(SpreadRow.model_validate(line))
            except ValidationError as error:
                raise UserError(f"{file}, line {number}: {first_problem(error)}") from None
    return rows


def write_table(file: Path, rows: Iterable[SpreadRow]) -> None:
    """Write a table, in one move."""
    text = StringIO()
    writer = csv.DictWriter(text, list(SpreadRow.model_fields), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow(
            {key: "" if value is None else value for key, value in row.model_dump().items()}
        )
    write_text(file, text.getvalue())
