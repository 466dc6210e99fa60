"""The relational figures of a table: those that depend on which other methods are ranked."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import TypeVar

import numpy as np

from leaderboard.assemble.cells import Cells
from leaderboard.metrics.metric import Compared, Metric, RelationalMetric, Standing
from leaderboard.model import Value
from leaderboard.undefined import Undefined, attempt, required

T = TypeVar("T")


class Lazily(Mapping[str, T]):
    """Figures by metric, made when asked for: few of the many metrics are compared."""

    def __init__(self, names: Sequence[str], make: Callable[[str], T]) -> None:
        self._names = dict.fromkeys(names)
        self._make = make
        self._made: dict[str, T] = {}

    def __getitem__(self, name: str) -> T:
        if name not in self._names:
            raise KeyError(name)
        if name not in self._made:
            self._made[name] = self._make(name)
        return self._made[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._names)

    def __len__(self) -> int:
        return len(self._names)


def relational_values(
    ranked: Sequence[str], settings: Sequence[Cells], metrics: Sequence[Metric]
) -> dict[str, dict[str, Value]]:
    """Values of the relational metrics by the key of the ranked method, then metric."""
    found: dict[str, dict[str, Value]] = {key: {} for key in ranked}
    relational = [metric for metric in metrics if isinstance(metric, RelationalMetric)]
    if not (ranked and relational):
        return found
    compared = Compared(
        size=len(ranked),
        settings={each.key: _standing(ranked, each) for each in settings},
        first_loop=max((each.first_loop for each in settings), default=1),
    )
    for metric in relational:
        for key, value in zip(ranked, metric.values(compared), strict=True):
            found[key][metric.name] = value
    return found


def _standing(ranked: Sequence[str], setting: Cells) -> Standing:
    cells = [setting.cells[key] for key in ranked]
    single = attempt(lambda: [required(cell.runs) for cell in cells])
    return Standing(
        means=Lazily(
            list(cells[0].values),
            lambda name: tuple(cell.values[name].mean or 0.0 for cell in cells),
        ),
        by_seed=single
        if isinstance(single, Undefined)
        else Lazily(
            [name for name in cells[0].by_seed if all(name in cell.by_seed for cell in cells)],
            lambda name: np.stack([cell.by_seed[name] for cell in cells]),
        ),
        dice=single if isinstance(single, Undefined) else np.stack([runs.dice for runs in single]),
    )
