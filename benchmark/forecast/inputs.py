"""What a forecast is based on: facts about datasets, records, calibrations, this machine."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmark.forecast.calibration.measured import Calibration, stored
from benchmark.forecast.durations import START_SECONDS, Durations
from benchmark.forecast.facts import Facts, facts_of
from benchmark.forecast.records import read_records, start_seconds
from benchmark.steps import Resources
from benchmark.tracks import Track
from nnactive.data.cards import load_card

Folder = Callable[[str], Path]
"""The folder of a dataset, by its name."""


@dataclass(frozen=True)
class Inputs:
    """All of it."""

    durations: Durations
    facts: dict[str, Facts]
    generated: tuple[str, ...]
    """Datasets that a run would generate."""
    calibrations: tuple[Calibration, ...]
    """Of the device, whatever the network."""

    @property
    def estimated(self) -> tuple[str, ...]:
        """Datasets that aren't prepared."""
        return tuple(name for name, facts in self.facts.items() if not facts.prepared)


def gather(
    track: Track,
    folder: Folder,
    runs: Path,
    resources: Resources,
    *,
    device: str | None,
    side_by_side: int = 1,
) -> Inputs:
    """Read what is known about a track's datasets and jobs.

    Args:
        track: the track.
        folder: finds a dataset's folder.
        runs: folder of the runs; it may be missing.
        resources: of the machine to forecast for.
        device: name of its GPUs, or of its processor where it has none; None: any.
        side_by_side: trainings that share a GPU.
    """
    gpu = bool(resources.gpus)
    cards = {name: load_card(name) for name in track.datasets}
    facts = {name: facts_of(folder(name), card) for name, card in cards.items()}
    calibrations = tuple(each for each in stored(runs, device) if each.gpu is gpu)
    known = start_seconds(runs)
    durations = Durations(
        facts=facts,
        gpu=gpu,
        threads=resources.train_threads,
        records=read_records(runs, gpu=gpu, device=device),
        calibrations={each.network: each for each in calibrations},
        start=START_SECONDS if known is None else known,
        side_by_side=side_by_side,
    )
    missing = (name for name in facts if not facts[name].prepared)
    generated = tuple(name for name in missing if cards[name].generator is not None)
    return Inputs(durations, facts, generated, calibrations)


def folds_per_gpu(inputs: Inputs, track: Track) -> int:
    """Trainings that share a GPU: as many as pay and fit for every network of a track.

    1 for a network that isn't calibrated: two trainings never share a GPU by accident.
    """
    known = inputs.durations.calibrations
    keys = [inputs.facts[each.dataset].network(each).key for each in track.settings]
    return min((known[key].folds_per_gpu if key in known else 1 for key in keys), default=1)
