"""Whether a result with valid fields is consistent."""

from collections.abc import Callable, Iterable
from typing import Final

from benchmark.consistency.circumstances import of_costs, of_isolation, of_times
from benchmark.consistency.counts import of_counts, of_reference
from benchmark.consistency.effort import of_effort
from benchmark.consistency.labels import of_dataset, of_labels
from benchmark.consistency.loops import of_budget, of_choice, of_loops
from benchmark.consistency.method import of_method
from benchmark.consistency.names import unfit_names
from benchmark.consistency.patches import misplaced, of_sums
from benchmark.consistency.quality.calibration import of_calibration
from benchmark.consistency.quality.surfaces import of_surfaces
from benchmark.results import ExperimentResult

Problems = Callable[[ExperimentResult], Iterable[str]]
ALL: Final[tuple[Problems, ...]] = (
    unfit_names,
    lambda result: of_method(result.method),
    of_times,
    of_loops,
    of_budget,
    of_choice,
    of_dataset,
    of_counts,
    of_surfaces,
    of_calibration,
    of_labels,
    of_isolation,
    of_reference,
    misplaced,
    of_sums,
    of_effort,
    of_costs,
)
"""What is looked for; each may rely on those before it."""


def inconsistency(result: ExperimentResult) -> str | None:
    """First contradiction in a result; None if there is none."""
    return next((problem for problems in ALL for problem in problems(result)), None)
