"""Forecasts for a request: the disk that a run needs, told before it starts; a shard's needs."""

from collections.abc import Iterable
from pathlib import Path
from typing import Protocol

from benchmark.forecast.forecast import Cost, Forecast
from benchmark.forecast.graph import Entered, below
from benchmark.forecast.inputs import folds_per_gpu, gather
from benchmark.machine.gpus import usable_gpus
from benchmark.steps import Resources
from benchmark.submission.spec import MethodSpec
from benchmark.tracks import Track
from nnactive.data.disk import free
from nnactive.errors import UserError
from nnactive.io.formatting import size

AUTO = "auto"


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


def trainings_per_gpu(request: Asked, folds: str) -> int:
    """How many trainings of a run share a GPU: ``--folds-per-gpu``.

    Args:
        request: what to run.
        folds: a number, or "auto": as many as pay and fit by this machine's calibrations; 1 if a
            network isn't calibrated.

    Raises:
        UserError: if it is neither.
    """
    if folds != AUTO:
        return number(folds)
    gpus = usable_gpus()
    if not gpus:
        return 1
    resources = Resources(request.cores, 1, tuple(gpu.id for gpu in gpus))
    inputs = gather(
        request.track, request.dataset, request.runs, resources, device=gpus[0].name or "GPU"
    )
    return folds_per_gpu(inputs, request.track)


def number(folds: str) -> int:
    """The number of ``--folds-per-gpu``.

    Raises:
        UserError: if it isn't one.
    """
    if not (folds.isdecimal() and int(folds)):
        raise UserError(f"--folds-per-gpu {folds}: write a number from 1, or {AUTO}")
    return int(folds)


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
