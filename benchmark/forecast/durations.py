"""How long one job takes, and where that figure comes from."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from math import prod
from typing import Final

from benchmark.forecast.calibration.measured import Calibration
from benchmark.forecast.facts import Facts
from benchmark.forecast.graph import Entered
from benchmark.forecast.network.counts import Network, forward_operations, iteration_operations
from benchmark.forecast.records import Records, likeness
from benchmark.steps import ANNOTATE, EVALUATE, PREPARE, QUERY, START_STEP, TRAIN_FOLD, Step
from nnactive.settings import Setting

A100: Final = 51.7e12
"""Operations per second of an A100 in these jobs, as `network.counts` has them: those of the track
`full`, 6.22e21, with the time beside them in the 34,000 A100-hours that it is said to take."""
CORE: Final = 3.5e10
"""Operations per second of one core of a server's processor (AVX2) in a training: between 30e9,
measured for Hippocampus' small network, and 45e9 for the demo's."""
CORE_PREDICTING: Final = 1.5e10
"""Likewise in a prediction, whose tensors aren't in the fastest order of memory."""
BATCH_SECONDS: Final = 0.005
"""To load and augment one sample on one core, in s."""
SETUP_SECONDS: Final = 0.5
"""A training's or prediction's networks; a run imports once for all."""
START_SECONDS: Final = 0.3
"""Process of any job, which its cost leaves out."""
PER_VALUE: Final = 4e-9
"""Seconds of one core per voxel, class and member to put tiles together and score a query."""
PER_TEST_VALUE: Final = 8e-9
"""Seconds of one core per voxel and class of a test image."""
PER_VOXEL: Final = 3e-8
"""Seconds of one core to read a stored voxel, and what is done with it once."""
SMALLEST: Final = 0.1


class Source(StrEnum):
    """Where a duration comes from, the best first."""

    RECORDED = "recorded"
    CALIBRATED = "calibrated"
    COUNTED = "counted"
    ASSUMED = "assumed"
    """For steps that need no network, and are short."""


@dataclass(frozen=True)
class Duration:
    """Of one job, from its process's start to its end."""

    seconds: float
    source: Source


@dataclass(frozen=True)
class Durations:
    """Durations on one machine."""

    facts: Mapping[str, Facts]
    """By dataset."""
    gpu: bool
    """Whether networks run on a GPU."""
    threads: int
    """Of one training."""
    records: Records = field(default_factory=dict)
    calibrations: Mapping[str, Calibration] = field(default_factory=dict)
    """By the network's key."""
    start: float = START_SECONDS
    """What a job takes beside what its cost says, in s."""
    side_by_side: int = 1
    """Trainings that share a GPU."""

    def of(self, step: Step, setting: Setting, entered: Entered) -> Duration:
        """The duration of a step's jobs.

        Args:
            step: the step.
            setting: the setting.
            entered: the experiment's method.
        """
        facts = self.facts[setting.dataset]
        network = facts.network(setting)
        found = self.calibrations.get(network.key)
        beside = 1.0
        if step is TRAIN_FOLD and self.side_by_side > 1:
            beside = found.slowdown(self.side_by_side) if found else float(self.side_by_side)
        recorded = self._recorded(step, setting, entered)
        if recorded is not None:
            return Duration(self.start + recorded * beside, Source.RECORDED)
        uses = step in {TRAIN_FOLD, EVALUATE} or (step is QUERY and entered.networks)
        if not uses:
            seconds = _without_network(step, setting, facts)
            return Duration(self.start + seconds, Source.ASSUMED)
        source = Source.CALIBRATED if found else Source.COUNTED
        made = _Counted(setting, facts, network, found, self.gpu, self.threads)
        seconds = made.training() if step is TRAIN_FOLD else made.prediction(step, entered)
        return Duration(self.start + seconds * beside, source)

    def _recorded(self, step: Step, setting: Setting, entered: Entered) -> float | None:
        key = likeness(step, setting, entered.id)
        if key in self.records:
            return self.records[key].typical
        if step is QUERY and entered.networks:
            # A new method: as long as the slowest known one that predicts.
            known = [
                sample.typical for other, sample in self.records.items() if other[:-1] == key[:-1]
            ]
            return max(known, default=None)
        return None


@dataclass(frozen=True)
class _Counted:
    """Durations of steps that use the network, from a calibration or counted operations."""

    setting: Setting
    facts: Facts
    network: Network
    found: Calibration | None
    gpu: bool
    threads: int

    def training(self) -> float:
        training = self.setting.training
        iterations = training.epochs * training.iterations
        if self.found:
            return self.found.setup_seconds + iterations * self.found.iteration_seconds
        rate = A100 if self.gpu else CORE * self.threads
        operations = iteration_operations(self.network) / rate
        # On a GPU, samples are loaded meanwhile.
        loading = 0.0 if self.gpu else BATCH_SECONDS * self.network.batch
        return SETUP_SECONDS + iterations * (operations + loading)

    def prediction(self, step: Step, entered: Entered) -> float:
        setting, tile = self.setting, self.network.patch
        inference, members = setting.inference, setting.training.folds
        if step is EVALUATE:
            images, tile_step = self.facts.test, inference.test_tile_step
            mirrored = setting.training.mirror and inference.test_mirror
            values = self._voxels(images) * self.facts.classes
            # A calibration's tiles have it.
            after = 0.0 if self.found else PER_TEST_VALUE * values
        else:
            images, tile_step, mirrored = self.facts.pool, inference.query_tile_step, False
            values = self._voxels(images) * self.facts.classes * members
            # One that looks back predicts with earlier ensembles, too: on average, half of all.
            members *= max(1, setting.loops // 2) if entered.looks_back else 1
            after = PER_VALUE * values
        passes = self.facts.tiles(images, tile, tile_step) * members * (8 if mirrored else 1)
        reading = PER_VOXEL * self._voxels(images)
        if self.found:
            return self.found.load_seconds + passes * self.found.tile_seconds + reading + after
        rate = A100 if self.gpu else CORE_PREDICTING
        computing = passes * forward_operations(self.network) / rate
        # A GPU predicts one image while a core works on the one before.
        working = reading + after
        together = max(computing, working) if self.gpu else computing + working
        return SETUP_SECONDS + together

    @staticmethod
    def _voxels(images: tuple[tuple[int, int, int], ...]) -> int:
        return sum(prod(shape) for shape in images)


def _without_network(step: Step, setting: Setting, facts: Facts) -> float:
    """Reading and writing voxels; a query without a network reads what is labelled."""
    pool = sum(prod(shape) for shape in facts.pool)
    share = min(1.0, setting.query_size / len(facts.pool))
    voxels = {
        PREPARE: 10 * pool,
        START_STEP: pool,
        ANNOTATE: 2 * share * pool,
        QUERY: share * pool,
    }.get(step, 0)
    return SMALLEST + PER_VOXEL * voxels
