"""The disk that a run needs, told before it starts."""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from benchmark.forecast.durations import Durations
from benchmark.forecast.facts import facts_of
from benchmark.forecast.forecast import Cost, Forecast
from benchmark.forecast.graph import Entered, below
from benchmark.steps import Resources
from benchmark.submission.spec import MethodSpec
from benchmark.tracks import Track
from nnactive.data.cards import load_card
from nnactive.data.disk import free
from nnactive.io.formatting import size


class Asked(Protocol):
    """What is read of a request to run methods on a track."""

    @property
    def track(self) -> Track:
        """The track."""

    @property
    def methods(self) -> tuple[tuple[MethodSpec, Path | None], ...]:
        """The methods, each with its frozen copy."""

    @property
    def runs(self) -> Path:
        """Folder of the runs."""

    @property
    def root(self) -> Path:
        """The track's folder."""

    @property
    def cores(self) -> int:
        """Cores to use."""

    def dataset(self, name: str) -> Path:
        """Folder of a dataset."""


def disk_note(request: Asked, gpus: Iterable[str] = (), *, keep: bool = False) -> str | None:
    """The disk that the rest of a run needs at most; a warning if less is free.

    Args:
        request: what to run.
        gpus: that it uses.
        keep: whether all networks are kept.

    Returns:
        One line; None if nothing is left to run.
    """
    resources = Resources(request.cores, 1, tuple(gpus))
    cards = {name: load_card(name) for name in request.track.datasets}
    facts = {name: facts_of(request.dataset(name), card) for name, card in cards.items()}
    missing = [name for name, card in cards.items() if card.generator and not facts[name].prepared]
    durations = Durations(facts, gpu=bool(resources.gpus), threads=1)
    forecast = Forecast(request.track, durations, resources, generated=missing)
    entered = [entered_as(spec) for spec, _ in request.methods]
    cost = forecast.cost(entered, below(request.root))
    if not cost.jobs:
        return None
    return told(cost, free(request.runs), request.runs, keep=keep)


def told(cost: Cost, available: int, place: Path, *, keep: bool = False) -> str:
    """The line for a cost.

    Args:
        cost: of the run.
        available: free bytes.
        place: the folder of the runs.
        keep: whether all networks are kept.
    """
    final = (cost.kept_disk_gib if keep else cost.disk_gib) * 2**30
    peak = max(final, cost.peak_disk_gib * 2**30)
    line = f"disk: at most {size(peak)} while it runs, {size(final)} at the end"
    if peak <= available:
        return f"{line}; {size(available)} are free"
    return (
        f"warning: {place}: needs at most {size(peak)} while it runs and {size(final)} at the end, "
        f"with only {size(available)} free; free some, or use another --runs folder"
    )


def entered_as(spec: MethodSpec) -> Entered:
    """A method's entry, with what its queries need."""
    return Entered(spec.record.id, spec.later.needs_network, spec.later.looks_back)
