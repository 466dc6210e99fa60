"""What a calibration measured, in ``RUNS/.calibration``: one file for each machine and network."""

import hashlib
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from pydantic import NonNegativeFloat, PositiveFloat, PositiveInt

from benchmark.forecast.network.counts import Network
from nnactive.errors import UserError
from nnactive.io.files import read_model
from nnactive.io.models import Frozen, StateFile

FOLDER: Final = ".calibration"
ROOM: Final = 0.9
"""Most of a GPU's memory that trainings may fill."""
CONTEXT_GIB: Final = 0.6
"""GPU memory that a process takes beside its tensors."""
GAIN: Final = 1.05
"""One more training on a GPU must raise the throughput by this factor."""


class Side(Frozen):
    """Trainings that ran at the same time on one device."""

    count: PositiveInt
    iterations_per_second: PositiveFloat
    """Of all together."""


class Calibration(StateFile):
    """One network on one machine."""

    device: str
    """Name of the GPU or processor."""
    gpu: bool
    torch: str
    """Version."""
    network: str
    """The network's key, `Network.key`."""
    threads: PositiveInt
    """Threads of a training."""
    setup_seconds: NonNegativeFloat
    """What a training takes beside its iterations: the network, and the file at the end."""
    iteration_seconds: PositiveFloat
    load_seconds: NonNegativeFloat
    """What a prediction takes before the first tile: the networks."""
    tile_seconds: PositiveFloat
    """One tile, one member, not mirrored; its share of putting tiles together included."""
    memory_gib: NonNegativeFloat
    """Peak of the process."""
    device_memory_gib: NonNegativeFloat | None = None
    device_total_gib: PositiveFloat | None = None
    sides: tuple[Side, ...] = ()
    """By number of trainings, from one."""

    @property
    def folds_per_gpu(self) -> int:
        """How many trainings to run side by side on a GPU."""
        speed = {side.count: side.iterations_per_second for side in self.sides}
        return best_count(speed, self.device_memory_gib, self.device_total_gib)

    def slowdown(self, count: int) -> float:
        """How much longer a training takes beside others, ``count`` in all; at least 1."""
        speed = {side.count: side.iterations_per_second for side in self.sides}
        if count not in speed or 1 not in speed:
            return float(count)
        return max(1.0, count * speed[1] / speed[count])


def best_count(
    speed: Mapping[int, float], memory_gib: float | None, total_gib: float | None
) -> int:
    """How many trainings to run side by side: as many as pay and fit.

    >>> best_count({1: 10, 2: 18, 3: 18.5}, memory_gib=2, total_gib=80)
    2
    >>> best_count({1: 10, 2: 18}, memory_gib=40, total_gib=80)
    1

    Args:
        speed: iterations per second of all together, by their number.
        memory_gib: GPU memory of one; None: unknown, so that nothing may share the GPU.
        total_gib: GPU memory.
    """
    best = 1
    if not memory_gib or not total_gib:
        return best
    for count in sorted(speed):
        fits = count * (memory_gib + CONTEXT_GIB) <= ROOM * total_gib
        if fits and best in speed and speed[count] >= GAIN * speed[best]:
            best = count
    return best


def machine_key(device: str, torch: str) -> str:
    """Part of a file's name that stands for a machine."""
    return hashlib.sha256(f"{device}\n{torch}".encode()).hexdigest()[:10]


def calibration_file(runs: Path, device: str, torch: str, network: Network) -> Path:
    """Where a calibration is stored."""
    return runs / FOLDER / f"{machine_key(device, torch)}-{network.key}.json"


def stored(runs: Path, device: str | None) -> Iterator[Calibration]:
    """The calibrations of a device (None: of any) in the runs folder; broken files are left out."""
    for file in sorted((runs / FOLDER).glob("*.json")):
        try:
            found = read_model(file, Calibration)
        except UserError:
            continue
        if device in {None, found.device}:
            yield found
