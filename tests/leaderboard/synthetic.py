"""STAND-INS for the results of runs: made up by formulas, of any number and size, quickly.

They have the shape of real ones and nothing else: learning curves that level off at the full-data
Mean Dice, some methods better than others, noise by seed and loop. The first methods and all
settings have the names of the track ``full``.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np
from quality_standins import made_up_calibration, made_up_surfaces

from benchmark.results import (
    Counts,
    DatasetRecord,
    Environment,
    ExperimentResult,
    LoopResult,
    MethodRecord,
    PatchColumns,
)
from benchmark.tracks import Track, load_track
from nnactive.data.cards import load_card
from nnactive.effort import Effort
from nnactive.io.costs import Cost
from nnactive.io.models import file_text
from nnactive.settings import Setting
from nnactive.streams import stream

CASE_VOXELS = 1600
FULL_DATA_DICE = 0.9
"""At which curves level off, where the dataset's card doesn't say it."""
POOL_VOXELS = 4_000_000
"""Of the first class in the whole pool."""


@dataclass(frozen=True)
class World:
    """How many results there are, and of what size; by default of Hippocampus'."""

    methods: int = 12
    settings: int = 24
    seeds: int = 4
    loops: int = 5
    cases: int = 65
    classes: int = 2
    patches: int = 60
    """That each loop adds."""
    quality: bool = False
    """Whether loops have surfaces and calibration, made up like all else: a third of the bytes."""

    @property
    def names(self) -> list[str]:
        """Of the methods: builtin ones first."""
        known = list(_track("main").methods)[: self.methods]
        return known + [f"Own{n:02d}-0123abcd" for n in range(len(known), self.methods)]

    @property
    def seed_numbers(self) -> list[int]:
        return [12345 + n for n in range(self.seeds)]

    @property
    def setting_list(self) -> list[Setting]:
        """The first settings of the track ``full``, all with the same number of patches."""
        change = {
            "starting_budget": self.patches,
            "query_size": self.patches,
            "loops": self.loops,
        }
        found = _track("full").settings[: self.settings]
        assert len(found) == self.settings, "the track full has no more settings"
        return [setting.model_copy(update=change) for setting in found]


def results(world: World, track: str = "full") -> Iterator[ExperimentResult]:
    """All experiments of a world: by setting, method, seed."""
    for setting in world.setting_list:
        for method, seed in product(world.names, world.seed_numbers):
            yield result(world, setting, method, seed, track)


def write(world: World, folder: Path, track: str = "full") -> int:
    """Store them as runs do, below ``folder``; the number of files."""
    for each in results(world, track):
        place = folder / each.track / each.setting.name / each.method.id / f"seed_{each.seed}"
        place.mkdir(parents=True)
        # As save_result, but without waiting for the disk.
        (place / "result.json").write_text(file_text(each, indent=None), encoding="utf-8")
    return world.settings * world.methods * world.seeds


def result(
    world: World, setting: Setting, method: str, seed: int, track: str = "full"
) -> ExperimentResult:
    """One complete experiment."""
    builtin = "-" not in method
    return ExperimentResult(
        status="complete",
        track=track,
        comparable=True,
        setting=setting,
        method=MethodRecord(
            id=method,
            name=method.partition("-")[0],
            description=f"A stand-in for {method}.",
            parameters={"beta": 1.0} if "power" in method else {},
            source_hash="0" * 64 if builtin else f"{method.rpartition('-')[2]:0<64}",
            origin="builtin" if builtin else "submission",
            oracle="_fg" in method,
            reference="Lüth et al. 2025" if builtin else "",
        ),
        seed=seed,
        dataset=_dataset(setting.dataset, world),
        loops=_loops(world, setting, method, seed),
        environment=Environment(
            python="3.11.2",
            packages={"nnunetv2": "2.8.1", "torch": "2.14.1"},
            commit="1e99253",
            cpu="Some CPU",
            cores=8,
            accelerator="Some GPU",
        ),
        finished=f"2026-11-{1 + seed % 20:02d}T12:00:00Z",
    )


@cache
def _track(name: str) -> Track:
    return load_track(name)


@cache
def _full(name: str) -> float:
    """For 200 epochs, as in the track ``full``."""
    return load_card(name).known_full_data_dice(200) or FULL_DATA_DICE


@cache
def _dataset(name: str, world: World) -> DatasetRecord:
    voxels = tuple(POOL_VOXELS // (c + 1) for c in range(world.classes))
    return DatasetRecord(
        name=name,
        checksum=f"{sum(name.encode()):064x}",
        split_kind="rule",
        classes=tuple(f"class {c + 1}" for c in range(world.classes)),
        pool_cases=3 * world.cases,
        pool_foreground=voxels,
        pool_boundary=tuple(n // 3 for n in voxels),
        pool_effort=Effort(
            components=tuple(3000 // (c + 1) for c in range(world.classes)),
            contour=tuple(n // 4 for n in voxels),
            slices=20_000,
            empty_slices=15_000,
            images=3 * world.cases,
        ),
        full_data_dice=_full(name),
        test_cases=tuple(f"{name}_{case:03d}" for case in range(world.cases)),
    )


def _loops(world: World, setting: Setting, method: str, seed: int) -> tuple[LoopResult, ...]:
    skill = stream("synthetic", method).uniform(0.6, 1.6)
    level = stream("synthetic", setting.name).uniform(0.45, 0.75)
    # Loop 0 belongs to no method: all share it.
    shared = stream("synthetic", setting.name, seed)
    own = stream("synthetic", setting.name, method, seed)
    return tuple(
        _loop(world, setting, loop, level, skill, own if loop else shared)
        for loop in range(world.loops)
    )


def _loop(
    world: World,
    setting: Setting,
    loop: int,
    level: float,
    skill: float,
    draw: np.random.Generator,
) -> LoopResult:
    done = 1 - math.exp(-0.6 * skill * loop)
    dice = level + (_full(setting.dataset) - 0.02 - level) * done + draw.normal(0, 0.006)
    voxels = math.prod(setting.patch_size) * world.patches
    most = min(voxels // 5, POOL_VOXELS // 40)
    foreground = [int(most * (0.5 + skill * loop) / (c + 1) ** 2) for c in range(world.classes)]
    steps = ["annotate", *(f"train_fold_{f}" for f in range(5)), "evaluate"]
    steps.insert(0, "query" if loop else "start")
    return LoopResult(
        loop=loop,
        patches=_patches(world, setting, loop, draw),
        labelled_patches=world.patches * (loop + 1),
        labelled_voxels=voxels * (loop + 1),
        labelled_foreground=tuple(foreground),
        labelled_boundary=tuple(n // 4 for n in foreground),
        effort=_effort(world, setting, loop, tuple(foreground)),
        counts=(counts := _counts(world, dice, draw)),
        surfaces=made_up_surfaces(counts) if world.quality else None,
        calibration=made_up_calibration(counts) if world.quality else None,
        costs={
            step: Cost(
                seconds=round(float(draw.uniform(10, 2000)), 3),
                peak_memory_gib=3.5,
                device="cuda",
                device_memory_gib=7.25,
            )
            for step in steps
        },
    )


def _effort(world: World, setting: Setting, loop: int, foreground: tuple[int, ...]) -> Effort:
    """More components and contours the more foreground there is; half of the slices have some."""
    slices = setting.patch_size[0] * world.patches * (loop + 1)
    drawn = slices // 2
    return Effort(
        components=tuple(loop + 1 + n // 2000 for n in foreground),
        contour=tuple(n // 5 for n in foreground),
        slices=drawn,
        empty_slices=slices - drawn,
        images=min(world.patches, 3 * world.cases) * (loop + 1),
    )


def _patches(world: World, setting: Setting, loop: int, draw: np.random.Generator) -> PatchColumns:
    """In cases by turns, a row of patches for each loop, so that none overlap."""
    number, (depth, height, _) = np.arange(world.patches), setting.patch_size
    cases = number % (3 * world.cases)
    rows = [
        np.full(world.patches, loop * depth),
        number // (3 * world.cases) * height,
        draw.integers(0, 30, world.patches),
    ]
    return PatchColumns(
        case=tuple(f"pool_{case:03d}" for case in cases.tolist()),
        start=_rows(np.array(rows)),
        size=_rows(np.repeat(np.array(setting.patch_size)[:, None], world.patches, axis=1)),
    )


def _counts(world: World, dice: float, draw: np.random.Generator) -> Counts:
    shape = (world.classes, world.cases)
    lower = 0.03 * np.arange(world.classes)[:, None]
    each = np.clip(dice + 0.015 - lower + draw.normal(0, 0.04, shape), 0, 1)
    hit = np.rint(CASE_VOXELS * each).astype(int)
    missed = CASE_VOXELS - hit
    return Counts(
        true_positives=_rows(hit), false_positives=_rows(missed), false_negatives=_rows(missed)
    )


def _rows(array: np.ndarray) -> tuple[tuple[int, ...], ...]:
    return tuple(tuple(row) for row in array.tolist())
