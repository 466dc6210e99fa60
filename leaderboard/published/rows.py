"""Rows of the papers' tables, and which of them is used where a value is printed twice."""

import csv
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Literal

FOLDER = Path(__file__).parent

Spread = Literal["std_over_seeds", "fit_variance"]


@dataclass(frozen=True)
class PublishedRow:
    """A value as a paper prints it."""

    line: int
    """In ``results.csv``; the heading is line 1."""
    paper: str
    """P1 or P2."""
    table: str
    study: str
    variant: str
    """Query size or training within the study; empty in most."""
    dataset: str
    regime: str
    method: str
    params: str
    """``beta=5``; empty: the defaults."""
    metric: str
    """Name of a metric that declares the papers to print it."""
    mean: float
    """Percent for AUBC and Final Dice."""
    spread: float
    spread_kind: Spread
    epochs: int
    note: str
    preferred: bool
    """Whether this one is used where a value is printed twice."""

    @property
    def setting(self) -> str:
        """Name of its setting, as in the tracks: ``acdc_low``, ``acdc_low_half``."""
        return f"{self.dataset}_{self.regime}" + ("_half" if self.study == "patch_half" else "")

    @property
    def method_id(self) -> str:
        """The method with its parameters: ``power_bald,beta=5``."""
        return f"{self.method},{self.params}" if self.params else self.method

    @property
    def value(self) -> tuple[object, ...]:
        """What it is a value of; rows that share it print the same value twice."""
        return (
            self.study,
            self.variant,
            self.setting,
            self.method,
            self.params,
            self.metric,
            self.epochs,
        )


@cache
def rows() -> tuple[PublishedRow, ...]:
    """All rows of all tables, 2,088."""
    with (FOLDER / "results.csv").open(encoding="utf-8", newline="") as file:
        return tuple(_row(line, fields) for line, fields in enumerate(csv.DictReader(file), 2))


@cache
def methods_of(paper: str) -> frozenset[str]:
    """Ids of the methods that a paper, P1 or P2, has figures of."""
    return frozenset(row.method_id for row in rows() if row.paper == paper)


def used(given: Iterable[PublishedRow]) -> tuple[PublishedRow, ...]:
    """One row per value, in their order: the preferred one, or the only one.

    The only one need not be preferred: P1's table 13 repeats the rows of another training for
    methods whose queries don't depend on the training.
    """
    best: dict[tuple[object, ...], PublishedRow] = {}
    for row in given:
        if row.value not in best or row.preferred:
            best[row.value] = row
    return tuple(sorted(best.values(), key=lambda row: row.line))


@cache
def full_data_dice(dataset: str, epochs: int) -> float | None:
    """Mean Dice of a training on the whole pool, in [0, 1]; None: not published.

    From the authors' result file; as printed, to three decimals, where there is none.
    """
    with (FOLDER / "full_data_dice.csv").open(encoding="utf-8", newline="") as file:
        for fields in csv.DictReader(file):
            if (fields["dataset"], fields["epochs"]) == (dataset, str(epochs)):
                return float(fields["mean_dice_file"] or fields["mean_dice_printed"])
    return None


def _row(line: int, fields: dict[str, str]) -> PublishedRow:
    kind = fields["spread_kind"]
    return PublishedRow(
        line=line,
        metric=fields["metric"],
        mean=float(fields["mean"]),
        spread=float(fields["spread"]),
        spread_kind=_SPREADS[kind],
        epochs=int(fields["epochs"]),
        preferred=fields["preferred"] == "1",
        **{name: fields[name] for name in _TEXTS},
    )


_SPREADS: dict[str, Spread] = {
    "std_over_seeds": "std_over_seeds",
    "fit_variance": "fit_variance",
}
_TEXTS = ("paper", "table", "study", "variant", "dataset", "regime", "method", "params", "note")
