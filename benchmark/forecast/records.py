"""Durations and memory that finished jobs recorded in a runs folder, by what determines them."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Final

from benchmark import layout
from benchmark.jobs import experiment_jobs
from benchmark.journal.events import Event
from benchmark.layout import Experiment
from benchmark.steps import ANNOTATE, EVALUATE, QUERY, TRAIN_FOLD, Step
from nnactive.devices import is_gpu
from nnactive.errors import UserError
from nnactive.io.costs import Cost, cost_file, read_cost
from nnactive.io.files import read_json, read_model
from nnactive.settings import Setting

MOST_EXPERIMENTS: Final = 24
"""Experiments of a setting that are looked at."""
MOST_EVENTS: Final = 2000
"""Lines at the end of a journal that are looked at."""
SETTING_FILE: Final = layout.setting_file("*").as_posix()
Likeness = tuple[object, ...]
"""Jobs with the same value take about as long on the same device."""


@dataclass
class Sample:
    """What the jobs of one likeness recorded."""

    seconds: list[float] = field(default_factory=list)
    memory_gib: float = 0.0
    """Highest peak of a process."""
    device_memory_gib: float = 0.0

    @property
    def typical(self) -> float:
        """Median duration in s."""
        return median(self.seconds)

    def add(self, cost: Cost) -> None:
        """Count a job in."""
        self.seconds.append(cost.seconds)
        self.memory_gib = max(self.memory_gib, cost.peak_memory_gib)
        self.device_memory_gib = max(self.device_memory_gib, cost.device_memory_gib or 0.0)


Records = dict[Likeness, Sample]


def likeness(step: Step, setting: Setting, method: str) -> Likeness:
    """What determines how long a job takes on a device.

    Args:
        step: the job's.
        setting: likewise.
        method: id of the query method.
    """
    training, inference = setting.training, setting.inference
    network = (training.folds, training.base_features, training.network)
    first = (step.name, setting.dataset)
    if step is TRAIN_FOLD:
        return (*first, training)
    if step is EVALUATE:
        mirror = training.mirror and inference.test_mirror
        return (*first, *network, mirror, inference.test_tile_step)
    if step is QUERY:
        size = (setting.patch_size, setting.stride, setting.candidates)
        return (*first, *network, *size, inference.query_tile_step, method)
    return (*first, setting.patch_size) if step is ANNOTATE else first


def read_records(runs: Path, *, gpu: bool, device: str | None) -> Records:
    """What all tracks in a runs folder recorded.

    Args:
        runs: the folder; it may be missing.
        gpu: whether the jobs to forecast train and predict on a GPU: those recorded on the other
            kind of device are left out.
        device: name of the GPU or processor: experiments whose result names another are left out;
            None: none are.
    """
    records: Records = {}
    seen: set[Path] = set()
    for file in sorted(runs.glob(f"*/{SETTING_FILE}")):
        try:
            setting = read_model(file, Setting)
        except UserError:
            continue
        root = file.parents[1]
        for experiment in _experiments(root, setting):
            if device is not None and _elsewhere(root, experiment, gpu=gpu, device=device):
                continue
            for job in experiment_jobs(Path(), setting, experiment):
                output = root / job.output
                new = job.step.has_cost and output not in seen
                cost = _cost(output) if new else None
                seen.add(output)
                if cost and cost.taken_from is None and _comparable(job.step, cost, gpu=gpu):
                    key = likeness(job.step, setting, experiment.method)
                    records.setdefault(key, Sample()).add(cost)
    return records


def _experiments(root: Path, setting: Setting) -> list[Experiment]:
    """Some experiments of a setting, of every method before a second one of any."""
    found: list[tuple[int, Experiment]] = []
    folders = sorted((root / setting.name).glob("[!.]*/"))
    # Loop 0 comes with every experiment; alone it has no result to say where it ran.
    later = [folder for folder in folders if layout.first_loop_of(folder.name) != folder.name]
    for folder in later or folders:
        seeds = sorted(folder.glob("seed_*"))
        for rank, seed in enumerate(seeds):
            number = seed.name.removeprefix("seed_")
            if number.lstrip("-").isdecimal():
                found.append((rank, Experiment(setting.name, folder.name, int(number))))
    return [experiment for _, experiment in sorted(found)[:MOST_EXPERIMENTS]]


def _elsewhere(root: Path, experiment: Experiment, *, gpu: bool, device: str) -> bool:
    """Whether its result says that it ran on another machine."""
    try:
        there = read_json(root / layout.result_file(experiment))["environment"]
        name = there["accelerator"] if gpu else there["cpu"]
    except (OSError, UserError, KeyError, TypeError):
        return False
    return bool(name) and device not in str(name).split(", ")


def _comparable(step: Step, cost: Cost, *, gpu: bool) -> bool:
    return not step.gpu or is_gpu(cost.device) == gpu


def _cost(output: Path) -> Cost | None:
    try:
        return read_cost(output) if cost_file(output).is_file() else None
    except UserError:
        return None


def start_seconds(runs: Path) -> float | None:
    """What a job takes beside what its cost says, in s: process and imports.

    The median over the jobs in the tracks' journals; None if there are none.
    """
    found = [
        event.seconds - cost.seconds
        for root, event in _ended(runs)
        if event.seconds is not None and (cost := _cost(root / event.job)) is not None
    ]
    return max(0.0, median(found)) if found else None


def _ended(runs: Path) -> Iterator[tuple[Path, Event]]:
    for file in sorted(runs.glob(f"*/{layout.journal_folder()}/*.jsonl")):
        for line in file.read_text(errors="replace").splitlines()[-MOST_EVENTS:]:
            try:
                event = Event.model_validate_json(line)
            except ValueError:
                continue
            if event.kind == "ended":
                yield file.parents[1], event
