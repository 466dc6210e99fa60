"""Finish a project, as often as one likes: model, predictions, raw dataset, report.

Everything is made in a folder below ``work/`` that is named after the ensemble, so that a killed
call goes on where it was. Only when all of it is there does it become ``finished/``; one that is
there already is kept beside it as ``finished_01/``, ``finished_02/``, ...
"""

import shutil
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from benchmark.annotation.agreement.read import read_agreement, watched_cases
from benchmark.annotation.alone import ENGINE, alone
from benchmark.annotation.ensembles import Trained, find_ensemble
from benchmark.annotation.finish.names import (
    GUIDE,
    MODEL,
    PREDICTIONS,
    RAW,
    REPORT,
    dataset_name,
)
from benchmark.annotation.finish.raw import imports_by_case, write_raw
from benchmark.annotation.finish.report.content import Told, commands, tell
from benchmark.annotation.finish.report.pictures import figures, shown_cases
from benchmark.annotation.finish.report.write import write
from benchmark.annotation.finish.segment import segment_all
from benchmark.annotation.finished import RECORD, Finished, finished_of
from benchmark.annotation.predictions import (
    ensemble_key,
    gpu_turn,
    predict,
    predict_with,
)
from benchmark.annotation.project.model import Project
from benchmark.annotation.project.places import WORK, Places, command, round_name
from benchmark.annotation.project.there import check_images
from benchmark.annotation.rounds.model import rounds_of
from nnactive.data.prepared import PreparedDataset
from nnactive.data.progress import Progress
from nnactive.data.unlabelled.source import SOURCES, Sources
from nnactive.devices import AUTO
from nnactive.errors import UserError
from nnactive.io.files import read_model, sweep, write_model, write_text
from nnactive.nnunet.export import export_model

AT_ONCE: Final = 4
"""Images whose predictions are in memory at the same time, at most."""
FINISHING: Final = "finishing"
TIME: Final = "%Y-%m-%dT%H:%M:%SZ"
KEY: Final = 16
"""Characters of a key in a folder's name."""


@dataclass(frozen=True)
class Outcome:
    """What a call came to."""

    record: Finished
    aside: Path | None = None
    """Where what was finished before is now."""
    made: bool = True
    """Whether anything was made: the same labels give nothing new."""


@dataclass(frozen=True)
class _On:
    """What predicts, and whom to tell."""

    device: str
    cores: int
    progress: Progress

    @property
    def images(self) -> int:
        """Images to predict at the same time on a CPU."""
        return min(self.cores, AT_ONCE)


Stages = Callable[[], AbstractContextManager[Progress]]
Train = Callable[[int], Trained]
"""Trains the ensemble on all labels of the rounds up to a number, unless it is trained."""


def last_labelled(places: Places) -> int:
    """The last round that has labels.

    Raises:
        UserError: none has.
    """
    named = {
        folder.parent.name
        for imports in imports_by_case(places.labels).values()
        for folder, _ in imports
    }
    found = [each.number for each in rounds_of(places) if round_name(each.number) in named]
    if not found:
        raise UserError(
            f"{places.root}: no patch is imported yet; label a round and run: "
            f"{command('import', places.root)}"
        )
    return found[-1]


def finish(
    places: Places,
    project: Project,
    train: Train,
    stages: Stages,
    device: str = AUTO,
    cores: int = 1,
) -> Outcome:
    """Train on all labels, and write what is left of ``finished/``.

    Args:
        places: of the project.
        project: of which.
        train: trains the ensemble.
        stages: opens what is told a stage, the number of cases done and of all.
        device: where to predict, as ``pick_device`` takes it.
        cores: of the CPU, to use.

    Raises:
        UserError: nothing is labelled, an image has changed or can't be read any more, or another
            process is at work.
    """
    with alone(places, ENGINE):
        return _finish(places, project, train, stages, device, cores)


def _finish(
    places: Places, project: Project, train: Train, stages: Stages, device: str, cores: int
) -> Outcome:
    begun = datetime.now(UTC).strftime(TIME)
    number = last_labelled(places)
    _check_images(places, project, stages)
    trained = train(number)
    _check_images(places, project, stages)  # training takes hours
    dataset = PreparedDataset(places.prepared(project))
    key = ensemble_key(dataset, project, trained)
    known = finished_of(places)
    if known is not None and known.ensemble == key:
        return Outcome(known, made=False)
    work = places.root / WORK / FINISHING / key[:KEY]
    work.mkdir(parents=True, exist_ok=True)
    sweep(work)
    with stages() as progress:
        on = _On(device, cores, progress)
        told = _make(places, project, trained, number, work, on)
    record = Finished(
        ensemble=key,
        last_round=number,
        labelled=told.labelled,
        open=told.open,
        dataset=dataset_name(project),
        folds=project.training.folds,
        begun=begun,
    )
    write_model(work / "out" / RECORD, record)
    aside = _swap(work / "out", places.finished)
    shutil.rmtree(work.parent, ignore_errors=True)
    return Outcome(record, aside)


def _check_images(places: Places, project: Project, stages: Stages) -> None:
    with stages() as progress:
        check_images(places, project, progress)


def _make(
    places: Places,
    project: Project,
    trained: Trained,
    number: int,
    work: Path,
    on: "_On",
) -> Told:
    """Fill ``work/out``; what is there stays."""
    dataset = PreparedDataset(places.prepared(project))
    sources = read_model(places.prepared(project) / SOURCES, Sources)
    name, out = dataset_name(project), work / "out"
    transpose = next(iter(sources.cases.values())).transpose
    model = export_model(trained.train, trained.members, out / MODEL, name, transpose)
    with gpu_turn(on.device):
        segment_all(
            places, project, sources, model, out / PREDICTIONS, on.device, on.cores, on.progress
        )
    write_raw(places, project, sources, out / RAW / name, on.progress)
    watched = watched_cases(project, dataset)

    def stage(done: int, total: int) -> None:
        on.progress("compare rounds", done, total)

    rounds = {
        earlier: predict(places, project, earlier, watched, on.device, on.images, stage)
        for earlier in range(number + 1)
        if _trained(places, project, earlier) is not None
    }
    if _trained(places, project, number) == trained:
        now = rounds[number]
    else:  # trained again
        now = predict_with(
            trained, places, project, work / "now", watched, on.device, on.images, stage
        )
    told = tell(places, project, read_agreement(places, project))
    before = rounds.get(number - 1)
    shown = shown_cases(told.agreement, now, before)
    todo = commands(project, name)
    write(out / REPORT, told, figures(dataset, now, before, shown), todo)
    write_text(out / GUIDE, _guide(project, told, todo))
    return told


def _trained(places: Places, project: Project, number: int) -> Trained | None:
    try:
        return find_ensemble(places, project, number)
    except UserError:
        return None


def _swap(made: Path, finished: Path) -> Path | None:
    """Give a folder its name; what has that name gets the next free number and stays."""
    aside = _free(finished) if finished.exists() else None
    if aside is not None:
        finished.rename(aside)
    made.rename(finished)
    return aside


def _free(folder: Path) -> Path:
    number = 1
    while (aside := folder.with_name(f"{folder.name}_{number:02d}")).exists():
        number += 1
    return aside


def _guide(project: Project, told: Told, todo: list[tuple[str, str]]) -> str:
    """Content of ``README.txt``."""
    lines = [
        f"{project.name}: trained on {told.labelled} labelled patches"
        + (f"; still open: {told.open}." if told.open else "."),
        "",
        f"{MODEL}/        the networks, as stock nnU-Net has them",
        f"{PREDICTIONS}/  what they give for every image, in its own geometry",
        f"{RAW}/          all labels as a raw dataset of nnU-Net's; {project.ignore}: not labelled",
        f"{REPORT}   when to stop, what was labelled, and what can't be told",
        "",
        "Values: " + ", ".join(f"{value} {name}" for value, name in enumerate(project.all_classes)),
        "",
        "Run these commands in the project's folder.",
    ]
    for text, line in todo:
        lines += ["", text, f"  {line}"]
    return "\n".join(lines) + "\n"
