"""Calibrate the networks of a track on this machine, each in processes of its own."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import mean
from typing import Final

from benchmark.child_errors import reported_cause
from benchmark.execution.child_processes import spawn
from benchmark.forecast.calibration.measured import (
    CONTEXT_GIB,
    GAIN,
    ROOM,
    Calibration,
    Side,
    calibration_file,
)
from benchmark.forecast.calibration.trial import (
    ANSWER,
    ASKED,
    GO,
    LOG,
    READY,
    STAGES,
    Answer,
    Trial,
)
from benchmark.forecast.facts import Facts, facts_of
from benchmark.tracks import Track
from nnactive.data.cards import load_card
from nnactive.data.prepared import PLANS
from nnactive.errors import NnactiveError
from nnactive.io.files import read_model, write_model, write_text
from nnactive.io.formatting import duration, numbers
from nnactive.settings import Setting

SECONDS: Final = 10.0
"""To measure iterations for."""
MOST_SIDES: Final = 4
"""Trainings side by side on a GPU that are tried."""
BETWEEN_LOOKS: Final = 0.2
THREADS: Final = ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS")
COMMAND: Final = (sys.executable, "-P", "-m", "benchmark.forecast.calibration.child")
Tell = Callable[[str], None]


@dataclass(frozen=True)
class Machine:
    """What to calibrate on."""

    gpu: bool
    device: str
    """Name of the GPU or processor."""
    device_gib: float | None
    """Memory of the GPU."""
    cores: int
    threads: int
    """Of one training."""
    command: Sequence[str] = COMMAND
    """Tests replace the process by a stand-in."""

    def beside(self, folds: int) -> int:
        """Trainings that a run has at a time where there is no GPU."""
        return 1 if self.gpu else max(1, min(folds, self.cores // self.threads))


def calibrate(
    track: Track, folders: Mapping[str, Path], runs: Path, machine: Machine, tell: Tell
) -> list[Calibration]:
    """Measure every network of a track, and store what was found.

    Args:
        track: the track.
        folders: the datasets' folders, by name; they may be missing.
        runs: folder of the runs.
        machine: to measure on.
        tell: gets a line for each stage.

    Raises:
        NnactiveError: if a process fails; with its reason.
    """
    networks: dict[str, tuple[Setting, Facts]] = {}
    for setting in track.settings:
        facts = facts_of(folders[setting.dataset], load_card(setting.dataset))
        networks.setdefault(facts.network(setting).key, (setting, facts))
    found = []
    begin = time.monotonic()
    for number, (setting, facts) in enumerate(networks.values()):
        network = facts.network(setting)
        spent = time.monotonic() - begin
        left = f", about {duration(spent / max(number, 1) * (len(networks) - number))} left"
        tell(
            f"calibrating {setting.dataset} ({number + 1} of {len(networks)}"
            f"{left if number else ''}): {numbers(network.patch, ' x ')} voxels, "
            f"batch {network.batch}"
        )
        plans = folders[setting.dataset] / PLANS if facts.plans is not None else None
        made = _measure(_trial(setting, facts, plans, machine), network.key, machine, tell)
        write_model(calibration_file(runs, machine.device, made.torch, network), made)
        found.append(made)
    return found


def _trial(setting: Setting, facts: Facts, plans: Path | None, machine: Machine) -> Trial:
    return Trial(
        dataset=setting.dataset,
        plans=plans.absolute() if plans else None,
        spacing=facts.spacing,
        median=facts.median,
        cases=len(facts.pool),
        channels=facts.channels,
        classes=facts.classes,
        query_patch=setting.patch_size,
        training=setting.training,
        inference=setting.inference,
        gpu=machine.gpu,
        seconds=SECONDS,
    )


def _measure(trial: Trial, key: str, machine: Machine, tell: Tell) -> Calibration:
    answers = run_trials(trial, machine.beside(trial.training.folds), machine, tell)
    sides = _sides(trial, answers[0], machine, tell) if machine.gpu else ()
    on_device = [a.device_memory_gib for a in answers if a.device_memory_gib is not None]
    return Calibration(
        device=machine.device,
        gpu=machine.gpu,
        torch=answers[0].torch,
        network=key,
        threads=machine.threads,
        setup_seconds=mean(answer.setup_seconds for answer in answers),
        iteration_seconds=mean(answer.iteration_seconds for answer in answers),
        # A difference of two times, which noise can make negative.
        load_seconds=max(0.0, mean(answer.load_seconds for answer in answers)),
        tile_seconds=mean(answer.tile_seconds for answer in answers),
        memory_gib=max(answer.memory_gib for answer in answers),
        device_memory_gib=max(on_device, default=None),
        device_total_gib=machine.device_gib,
        sides=sides,
    )


def _sides(trial: Trial, alone: Answer, machine: Machine, tell: Tell) -> tuple[Side, ...]:
    """Throughput of one, two, ... trainings at a time, while they fit and more of them pay."""
    sides = [Side(count=1, iterations_per_second=1 / alone.iteration_seconds)]
    each, total = alone.device_memory_gib, machine.device_gib
    only = trial.model_copy(update={"predict": False})
    for count in range(2, min(MOST_SIDES, trial.training.folds) + 1):
        if not each or not total or count * (each + CONTEXT_GIB) > ROOM * total:
            break
        tell(f"{count} trainings side by side")
        answers = run_trials(only, count, machine, tell)
        speed = sum(1 / answer.iteration_seconds for answer in answers)
        sides.append(Side(count=count, iterations_per_second=speed))
        if speed < GAIN * sides[-2].iterations_per_second:
            break
    return tuple(sides)


def run_trials(trial: Trial, count: int, machine: Machine, tell: Tell) -> list[Answer]:
    """Run a trial in several processes that measure at the same time.

    Raises:
        NnactiveError: if one of them fails.
    """
    with tempfile.TemporaryDirectory(prefix="nnactive-calibrate-") as scratch:
        folders = [Path(scratch) / str(number) for number in range(count)]
        with _started(trial, folders, machine) as processes:
            told = 0
            while any(process.poll() is None for process in processes):
                _check(trial, folders, processes)
                if all((folder / READY).exists() for folder in folders):
                    for folder in folders:
                        write_text(folder / GO, "")
                lines = _lines(folders[0])
                for line in lines[told:]:
                    tell(f"  {trial.dataset}: {line}")
                told = len(lines)
                time.sleep(BETWEEN_LOOKS)
            _check(trial, folders, processes)
        return [read_model(folder / ANSWER, Answer) for folder in folders]


@contextmanager
def _started(
    trial: Trial, folders: Sequence[Path], machine: Machine
) -> "Iterator[list[subprocess.Popen[bytes]]]":
    env = {**os.environ, **dict.fromkeys(THREADS, str(machine.threads))}
    processes = []
    try:
        for folder in folders:
            write_model(folder / ASKED, trial)
            with (folder / LOG).open("wb") as output:
                processes.append(spawn([*machine.command, str(folder)], output, env=env))
        yield processes
    finally:
        for process in processes:
            process.kill()
            process.wait()


def _lines(folder: Path) -> list[str]:
    file = folder / STAGES
    return file.read_text().splitlines() if file.exists() else []


def _check(
    trial: Trial, folders: Sequence[Path], processes: "Sequence[subprocess.Popen[bytes]]"
) -> None:
    for folder, process in zip(folders, processes, strict=True):
        status = process.poll()
        if status:
            lines = (folder / LOG).read_text(errors="replace").splitlines()
            cause = reported_cause(lines) or (lines or [f"status {status}"])[-1]
            raise NnactiveError(
                f"{trial.dataset}: the calibration failed: {cause}; plan without --calibrate"
            )
