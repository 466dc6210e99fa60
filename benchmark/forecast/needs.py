"""What a step, or all steps of a shard, need of a machine."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields, replace
from math import ceil
from typing import Final

from benchmark.forecast.facts import Facts
from benchmark.forecast.network.counts import (
    FLOAT,
    GIB,
    member_bytes,
    prediction_memory,
    training_memory,
    weights,
)
from benchmark.steps import ANNOTATE, EVALUATE, PREPARE, QUERY, TRAIN_FOLD, Resources, Step
from nnactive.errors import UserError
from nnactive.settings import Setting

IMPORTS_GIB: Final = {True: 3.0, False: 1.0}
"""Memory of a process with the trainer or a network, by whether it uses a GPU."""
SMALL_GIB: Final = 0.5
"""Memory of a process without one."""
WORKER_GIB: Final = 0.6
"""Memory of a worker that loads training data: its process, and batches on their way."""
QUEUE: Final = 6
"""Batches that wait for the GPU."""
MARGIN: Final = 1.5
"""What time and memory are multiplied with, since a job that lacks some is lost."""
SHORTEST: Final = 5.0
"""Least time that is asked for, in minutes."""
LOG_BYTES: Final = 40_000
SEGMENT_SHARE: Final = 0.002
"""Size of a stored partial label map in that of the image's voxels: nearly all are "ignore"."""
LOCATION_BYTES: Final = 32
"""Of a labelled voxel's coordinates in a training folder, in two lists."""
CHECKPOINTS: Final = 2
"""Of a training at the same time: the last one, and the one that is being written."""
STATE: Final = 2
"""A checkpoint's size in weights: the weights, and the optimiser's momentum."""


@dataclass(frozen=True)
class Needs:
    """What jobs need; memory and disk in GiB."""

    cores: int
    memory_gib: float
    gpu_memory_gib: float
    """0: no GPU."""
    minutes: float
    disk_gib: float

    @property
    def gpus(self) -> int:
        """GPUs to ask for."""
        return int(self.gpu_memory_gib > 0)


Overrides = Mapping[str, Mapping[str, float]]
"""A profile's: fields of `Needs` by step's name; "shard" for a whole shard."""
NONE: Final[Overrides] = {}


def step_needs(
    step: Step,
    setting: Setting,
    facts: Facts,
    *,
    resources: Resources,
    seconds: float,
    recorded_gib: float = 0.0,
    recorded_gpu_gib: float = 0.0,
    overrides: Overrides = NONE,
) -> Needs:
    """What a job of a step needs.

    Args:
        step: the job's.
        setting: likewise.
        facts: of the dataset.
        resources: of the machine that runs it; without GPUs, no GPU is asked for.
        seconds: how long it takes.
        recorded_gib: highest memory that such jobs recorded; 0: none did.
        recorded_gpu_gib: likewise of the GPU.
        overrides: what a profile says instead.

    Raises:
        UserError: if an override isn't a field of `Needs`.
    """
    gpu = bool(resources.gpus) and step.gpu
    cores = min(step.threads(resources), resources.cores)
    memory = recorded_gib or _memory(step, setting, facts, cores, gpu=gpu)
    on_gpu = (recorded_gpu_gib or _gpu_memory(step, setting, facts)) if gpu else 0.0
    found = Needs(
        cores=cores,
        memory_gib=_up(MARGIN * memory),
        gpu_memory_gib=_up(on_gpu),
        minutes=_minutes(seconds),
        disk_gib=disk_gib(step, setting, facts),
    )
    return overridden(found, overrides.get(step.name, {}), step.name)


def shard_needs(
    parts: Iterable[Needs], seconds: float, overrides: Mapping[str, float] | None = None
) -> Needs:
    """What all jobs of a shard need, one machine running them.

    Args:
        parts: of its jobs, each as often as it occurs.
        seconds: how long all of it takes, as `schedule.simulate` finds.
        overrides: fields that a profile sets.
    """
    listed = list(parts)
    found = Needs(
        cores=max(part.cores for part in listed),
        memory_gib=max(part.memory_gib for part in listed),
        gpu_memory_gib=max(part.gpu_memory_gib for part in listed),
        minutes=_minutes(seconds),
        disk_gib=sum(part.disk_gib for part in listed),
    )
    return overridden(found, overrides or {}, "shard")


def overridden(needs: Needs, values: Mapping[str, float], what: str) -> Needs:
    """Needs with some fields replaced.

    Raises:
        UserError: if one of them isn't a field, or isn't a number above or equal to 0.
    """
    known = [field.name for field in fields(Needs)]
    for name, value in values.items():
        if name not in known:
            raise UserError(f"{what}: unknown need '{name}'; choose from {', '.join(known)}")
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise UserError(f"{what}: need '{name}' is {value!r}; write a number from 0")
    whole = {name: ceil(v) if name == "cores" else float(v) for name, v in values.items()}
    return replace(needs, **whole)  # type: ignore[arg-type]


def disk_gib(step: Step, setting: Setting, facts: Facts) -> float:
    """Disk that a job's output and log take, and a training's checkpoints while it runs, in GiB."""
    size = float(LOG_BYTES)
    if step is TRAIN_FOLD:
        network = facts.network(setting)
        size += member_bytes(network) + checkpoint_bytes(setting, facts)
    elif step is ANNOTATE:
        size += training_folder_bytes(setting, facts)
    elif step is PREPARE:
        size += facts.disk_gib * GIB
    return size / GIB


def checkpoint_bytes(setting: Setting, facts: Facts) -> float:
    """What a running training keeps on the disk."""
    return float(CHECKPOINTS * STATE * FLOAT * weights(facts.network(setting)))


def training_folder_bytes(setting: Setting, facts: Facts) -> float:
    """A loop's training folder: label maps and labelled voxels of the cases with new patches."""
    z, y, x = setting.patch_size
    fresh = min(len(facts.pool), setting.query_size)
    typical = facts.median[0] * facts.median[1] * facts.median[2]
    maps = fresh * typical * SEGMENT_SHARE
    return maps + setting.query_size * min(z * y * x, 10_000) * LOCATION_BYTES * 2


def _memory(step: Step, setting: Setting, facts: Facts, cores: int, *, gpu: bool) -> float:
    values = facts.largest / GIB
    if step is TRAIN_FOLD:
        network = facts.network(setting)
        voxels = network.voxels[0] * network.batch * FLOAT / GIB
        batches = voxels * (2 * facts.channels + 2)
        workers = cores * WORKER_GIB if gpu else training_memory(network)
        return IMPORTS_GIB[gpu] + workers + (QUEUE if gpu else 1) * batches
    image = values * FLOAT * facts.channels
    if step is EVALUATE:
        # Summed logits of all members beside those of one.
        return IMPORTS_GIB[gpu] + image + 2 * FLOAT * facts.classes * values
    if step is QUERY:
        return IMPORTS_GIB[gpu] + cores * image + FLOAT * (3 * facts.classes + 4) * values
    whole = step in {PREPARE, ANNOTATE}
    return SMALL_GIB + (4 * image if whole else 2 * image)


def _gpu_memory(step: Step, setting: Setting, facts: Facts) -> float:
    network = facts.network(setting)
    used = training_memory(network) if step is TRAIN_FOLD else prediction_memory(network)
    return 0.5 + used  # the driver's own


def _minutes(seconds: float) -> float:
    return float(ceil(max(SHORTEST, MARGIN * seconds / 60)))


def _up(gib: float) -> float:
    """Rounded up to tenths."""
    return ceil(10 * gib) / 10
