"""Figures of other works, from a CSV that says for each where it is printed."""

import csv
import math
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from benchmark.bundles.bounded import bounded_text
from leaderboard.formatting import NAME_LENGTH, plain
from nnactive.errors import UserError

METRICS: Final = ("aubc", "final_dice")
"""Both in percent."""
REQUIRED: Final = (
    *("work", "source", "page", "dataset", "method", "metric", "mean", "epochs", "nnunet"),
)
OPTIONAL: Final = ("study", "setting", "spread", "seeds", "note")
SOURCE: Final = re.compile(r"https?://[^\s<>\"']+|10\.\d{4,9}/[^\s<>\"']+")
"""An address, or a DOI without one."""
LARGEST: Final = 8 << 20
"""Bytes."""
MOST_EPOCHS: Final = 10**6
MOST_SEEDS: Final = 1000


@dataclass(frozen=True)
class ImportedRow:
    """One figure as another work prints it."""

    line: int
    """In the CSV; the heading is line 1."""
    work: str
    """``Smith et al. 2027``."""
    source: str
    """An address."""
    page: str
    """Page, and table if there is one: ``7, table 3``."""
    study: str
    """What may be compared within the work; empty: all of it."""
    dataset: str
    setting: str
    """The dataset's name if none is given."""
    method: str
    metric: str
    """One of `METRICS`."""
    mean: float
    """Percent."""
    spread: float | None
    """Sample standard deviation over seeds, in percentage points."""
    seeds: int
    """1 if the work doesn't say."""
    epochs: int
    nnunet: str
    """Version of nnU-Net, or the other training that it used, in words."""
    note: str

    @property
    def value(self) -> tuple[object, ...]:
        """What it is a value of."""
        return (
            self.work,
            self.study,
            self.epochs,
            self.nnunet,
            self.setting,
            self.method,
            self.metric,
        )


def read_imports(paths: Iterable[Path]) -> tuple[ImportedRow, ...]:
    """The rows of CSV files, in their order.

    Raises:
        UserError: names file, line and column of the first row that is wrong.
    """
    found: list[ImportedRow] = []
    for path in paths:
        known: dict[tuple[object, ...], int] = {row.value: 0 for row in found}
        for row in _rows(path):
            if row.value in known:
                other = f"line {known[row.value]}" if known[row.value] else "another file"
                raise UserError(f"{path}, line {row.line}: {other} has the same figure; remove one")
            known[row.value] = row.line
            found.append(row)
    return tuple(found)


def _rows(path: Path) -> Iterable[ImportedRow]:
    try:
        text = bounded_text(path, LARGEST)
    except UserError as error:
        raise UserError(f"{path}: {error}; name a CSV of published figures") from None
    reader = csv.DictReader(text.splitlines())
    try:
        _check_columns(path, reader.fieldnames or ())
        for fields in reader:
            try:
                yield _row(reader.line_num, fields)
            except ValueError as error:
                raise UserError(f"{path}, line {reader.line_num}: {error}") from None
    except csv.Error as error:
        raise UserError(f"{path}, line {reader.line_num}: not CSV ({error})") from None


def _check_columns(path: Path, names: Iterable[str]) -> None:
    given = list(names)
    missing = [name for name in REQUIRED if name not in given]
    unknown = [name for name in given if name not in (*REQUIRED, *OPTIONAL)]
    if missing or unknown or len(set(given)) < len(given):
        what = f"no column '{missing[0]}'" if missing else "an unknown or repeated column"
        raise UserError(
            f"{path}, line 1: {what}; the columns are {', '.join(REQUIRED)} and, if you like, "
            f"{', '.join(OPTIONAL)}"
        )


def _row(line: int, fields: Mapping[str, str | None]) -> ImportedRow:
    if None in fields or None in fields.values():
        raise ValueError("another number of fields than the heading has; quote texts with commas")
    texts = {name: plain(value or "", 200) for name, value in fields.items()}
    empty = [name for name in REQUIRED if not texts[name]]
    if empty:
        raise ValueError(f"{empty[0]} is empty")
    if texts["metric"] not in METRICS:
        raise ValueError(f"metric '{texts['metric'][:40]}' is none of {', '.join(METRICS)}")
    return ImportedRow(
        line=line,
        mean=_percent("mean", texts["mean"]),
        spread=_percent("spread", texts["spread"]) if texts.get("spread") else None,
        seeds=_whole("seeds", texts.get("seeds") or "1", MOST_SEEDS),
        epochs=_whole("epochs", texts["epochs"], MOST_EPOCHS),
        setting=plain(texts.get("setting") or texts["dataset"], NAME_LENGTH),
        study=texts.get("study", ""),
        note=texts.get("note", ""),
        source=_address(texts["source"]),
        **{name: texts[name] for name in ("work", "page", "metric", "nnunet")},
        **{name: plain(texts[name], NAME_LENGTH) for name in ("dataset", "method")},
    )


def _address(source: str) -> str:
    if not SOURCE.fullmatch(source):
        raise ValueError(f"source '{source[:60]}' is neither a DOI nor an address (https)")
    return f"https://doi.org/{source}" if source.startswith("10.") else source


def _percent(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = math.nan
    if not 0 <= value <= 100:  # noqa: PLR2004  (percent)
        raise ValueError(f"{name} '{text[:40]}' is not a number of percent from 0 to 100")
    return value


def _whole(name: str, text: str, most: int) -> int:
    if not (re.fullmatch(r"[0-9]{1,7}", text) and 1 <= int(text) <= most):
        raise ValueError(f"{name} '{text[:40]}' is not a whole number from 1 to {most:,}")
    return int(text)
