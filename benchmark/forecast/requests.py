"""Forecasts for a request: the disk that a run needs, told before it starts; a shard's needs."""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from benchmark.forecast.forecast import Cost, Forecast
from benchmark.forecast.graph import Entered, below
from benchmark.forecast.inputs import folds_per_gpu, gather
from benchmark.steps import Resources
from benchmark.submission.spec import MethodSpec
from benchmark.tracks import Track
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


def forecast_for(
    request: Asked, resources: Resources, *, device: str | None = None, side_by_side: int = 1
) -> Forecast:
    """The forecast for a request; `Forecast.part` says what a shard of it needs.

    Args:
        request: what to run.
        resources: of the machine that runs it, or of a shard's job.
        device: name of its GPUs or processor, whose records and calibrations count; None: those of
            any, which says more than nothing about memory and time.
        side_by_side: trainings that share a GPU.
    """
    inputs = gather(
        request.track,
        request.dataset,
        request.runs,
        resources,
        device=device,
        side_by_side=side_by_side,
    )
    return Forecast(
        request.track,
        inputs.durations,
        resources,
        generated=inputs.generated,
    )


def trainings_per_gpu(request: Asked, resources: Resources, device: str) -> int:
    """How many trainings of a run to have on a GPU at a time: ``--folds-per-gpu auto``.

    Args:
        request: what to run.
        resources: of this machine.
        device: name of its GPUs.

    Returns:
        As many as pay and fit by the stored calibrations; 1 if a network isn't calibrated.
    """
    inputs = gather(request.track, request.dataset, request.runs, resources, device=device)
    return folds_per_gpu(inputs, request.track)


def disk_note(request: Asked, gpus: Iterable[str] = (), *, keep: bool = False) -> str | None:
    """The disk that the rest of a run needs at most; a warning if less is free.

    Args:
        request: what to run.
        gpus: that it uses.
        keep: whether all networks are kept.

    Returns:
        One line; None if nothing is left to run.
    """
    forecast = forecast_for(request, Resources(request.cores, 1, tuple(gpus)))
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
