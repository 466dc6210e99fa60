"""Expected figures of a track whose trainings are seeded, and how a run's compare with them."""

import statistics
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Final

from benchmark.results import ExperimentResult
from leaderboard.metrics.aubc import aubc
from leaderboard.metrics.final_dice import final_dice
from leaderboard.metrics.learning_curve import learning_curve
from leaderboard.read.facts import facts_of
from nnactive.errors import UserError
from nnactive.io.files import read_model
from nnactive.io.models import Frozen, StateFile
from nnactive.settings import Setting

FOLDER: Final = Path(__file__).parent
SOFTWARE: Final = ("nnunetv2", "torch", "numpy")
"""Packages whose version may change the last digits."""


class Machine(Frozen):
    """What the last digits of a training depend on."""

    cpu: str
    accelerator: str | None
    packages: dict[str, str]


class Figures(Frozen):
    """Of one method on one setting, means over the seeds; from 0 to 1."""

    aubc: float
    final_dice: float


class Spread(Figures):
    """Standard deviations of one method over seeds."""

    seeds: int
    """How many."""


class Expected(StateFile):
    """What the methods of a track reach, on the machine that it was measured on."""

    track: str
    setting: Setting
    checksum: str
    """Of the prepared data."""
    seeds: tuple[int, ...]
    commit: str
    machine: Machine
    methods: dict[str, Figures]
    """By method id."""
    spread: dict[str, Spread]
    """By method id."""


def machine_of(result: ExperimentResult) -> Machine:
    """Where a result was made."""
    where = result.environment
    packages = {name: where.packages.get(name, "unknown") for name in SOFTWARE}
    return Machine(cpu=where.cpu, accelerator=where.accelerator, packages=packages)


def expected_of(track: str, folder: Path = FOLDER) -> Expected | None:
    """The expected figures of a track; None: none are kept."""
    file = folder / f"{track}.json"
    return read_model(file, Expected) if file.is_file() else None


def by_seed(results: Iterable[ExperimentResult]) -> dict[str, dict[int, Figures]]:
    """AUBC and final Dice of complete results, by method id and seed."""
    found: dict[str, dict[int, Figures]] = {}
    for result in results:
        if result.status == "complete":
            curve = learning_curve(facts_of(result))
            made = Figures(aubc=aubc(curve), final_dice=final_dice(curve))
            found.setdefault(result.method.id, {})[result.seed] = made
    return found


def means(found: Mapping[int, Figures], seeds: Sequence[int]) -> Figures:
    """Means over some of the seeds."""
    chosen = [found[seed] for seed in seeds]
    return Figures(
        aubc=statistics.fmean(each.aubc for each in chosen),
        final_dice=statistics.fmean(each.final_dice for each in chosen),
    )


def spread(found: Mapping[int, Figures]) -> Spread:
    """Standard deviations over all seeds, of which there are at least 2."""
    return Spread(
        aubc=statistics.stdev(each.aubc for each in found.values()),
        final_dice=statistics.stdev(each.final_dice for each in found.values()),
        seeds=len(found),
    )


def expect(
    track: str, results: Sequence[ExperimentResult], further: Sequence[ExperimentResult]
) -> Expected:
    """The figures that are expected from now on.

    Args:
        track: the track's name.
        results: complete results of its own methods, all on one setting and machine.
        further: results of the same setting with more seeds, for the spread.

    Raises:
        UserError: if they aren't of one setting, dataset and machine, or a spread is missing.
    """
    first = results[0]
    for each in (*results, *further):
        if (each.setting, each.dataset.checksum) != (first.setting, first.dataset.checksum):
            raise UserError(f"{each.method.id}, seed {each.seed}: another setting or dataset")
    if any(machine_of(each) != machine_of(first) for each in results):
        raise UserError(f"track {track}: its results come from several machines; run it on one")
    found, seeds = by_seed(results), sorted({each.seed for each in results})
    wide = by_seed([*results, *further])
    return Expected(
        track=track,
        setting=first.setting,
        checksum=first.dataset.checksum,
        seeds=tuple(seeds),
        commit=first.environment.commit,
        machine=machine_of(first),
        methods={name: means(made, seeds) for name, made in sorted(found.items())},
        spread={name: spread(made) for name, made in sorted(wide.items()) if name in found},
    )
