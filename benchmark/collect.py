"""Collect the result of an experiment from the files that its steps wrote."""

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark import layout
from benchmark.jobs import Job, experiment_jobs, loop_jobs
from benchmark.layout import Experiment
from benchmark.provenance import environment, run_command
from benchmark.results import (
    Counts,
    DatasetRecord,
    ExperimentResult,
    Failure,
    LoopResult,
    patch_columns,
)
from benchmark.steps import Target
from benchmark.submission.spec import MethodSpec
from benchmark.tracks import Track
from nnactive.errors import NnactiveError
from nnactive.io.costs import read_cost
from nnactive.io.files import read_model
from nnactive.io.queries import load_query
from nnactive.settings import Inference, Setting, Training

if TYPE_CHECKING:
    from nnactive.data.cards import Card
    from nnactive.data.prepared import PreparedInfo


def collect(root: Path, track: Track, experiment: Experiment, data: Path) -> ExperimentResult:
    """The result of an experiment: complete, or failed with the loops that it finished.

    Args:
        root: the track's folder.
        track: gives the track's name and whether its results are comparable.
        experiment: setting, method and seed.
        data: the prepared dataset.

    Raises:
        NnactiveError: if the experiment is neither complete nor failed.
    """
    from nnactive.data.cards import load_card
    from nnactive.data.prepared import PreparedDataset

    setting = read_model(root / layout.setting_file(experiment.setting), Setting)
    finished = finished_loops(root, setting, experiment)
    jobs = list(experiment_jobs(data, setting, experiment))
    failed = None if finished == setting.loops else _failure_file(root, jobs)
    failure = None if failed is None else read_model(failed, Failure)
    if finished < setting.loops and failure is None:
        raise NnactiveError(f"{experiment}: loop {finished} isn't finished; run the track again")
    info = PreparedDataset(data).info
    return ExperimentResult(
        status="failed" if failure else "complete",
        failure=failure,
        track=track.name,
        comparable=track.comparable,
        setting=setting,
        method=read_model(root / layout.spec_file(experiment.method), MethodSpec).record,
        seed=experiment.seed,
        dataset=_dataset(info, full_data_dice(setting, load_card(setting.dataset))),
        loops=tuple(
            loop_result(root, Target(data, setting, experiment, loop), info.slice_axis)
            for loop in range(finished)
        ),
        environment=environment(),
        command=run_command(),
        started=_started(root, experiment),
        finished=_time(failed or root / layout.evaluation_file(experiment, finished - 1)),
    )


def full_data_dice(setting: Setting, card: "Card") -> float | None:
    """Mean Dice of the setting's training on the whole pool, as the dataset's card has it.

    That of the papers' training is known by epochs, that of a reduced-cost track only for just its
    training and test; None: unknown.
    """
    for measured in card.references:
        if measured.belongs_to(setting.training, setting.inference):
            return measured.dice
    training = Training(epochs=setting.training.epochs, **card.training.model_dump())
    tested = Inference(query_tile_step=setting.inference.query_tile_step, **dict(card.inference))
    if (setting.training, setting.inference) != (training, tested):
        return None
    return card.known_full_data_dice(setting.training.epochs)


def find_failure(root: Path, jobs: Iterable[Job]) -> Failure | None:
    """What the first job that reported a failure said; None if there is none.

    Args:
        root: the track's folder.
        jobs: of an experiment, in order.
    """
    file = _failure_file(root, jobs)
    return None if file is None else read_model(file, Failure)


def _failure_file(root: Path, jobs: Iterable[Job]) -> Path | None:
    files = (root / layout.failure_file(job.output) for job in jobs)
    return next((file for file in files if file.exists()), None)


def _time(file: Path) -> str:
    """When the last step wrote its file; UTC, to the second.

    The file's time rather than now, so that collecting a result again gives the same one.
    """
    return _moment(file.stat().st_mtime)


def _moment(seconds: float) -> str:
    """UTC, from seconds since 1970."""
    return f"{datetime.fromtimestamp(int(seconds), UTC):%Y-%m-%dT%H:%M:%SZ}"


def _started(root: Path, experiment: Experiment) -> str | None:
    """When the start began to choose patches; None if it never did.

    Methods share loop 0, so another experiment's run may have made it.
    """
    file = root / layout.query_file(experiment, 0)
    if not file.is_file():
        return None
    return _moment(file.stat().st_mtime - read_cost(file).seconds)


def finished_loops(root: Path, setting: Setting, experiment: Experiment) -> int:
    """Number of loops evaluated before the first one that isn't."""
    for loop in range(setting.loops):
        if not (root / layout.evaluation_file(experiment, loop)).exists():
            return loop
    return setting.loops


def loop_result(root: Path, target: Target, slice_axis: int | None = None) -> LoopResult:
    """What a finished loop adds to the result.

    Args:
        root: the track's folder.
        target: the loop.
        slice_axis: across which the result's slices are counted: a loop that counted across
            another one, before its dataset was prepared again, has no effort; None: any.
    """
    from nnactive.steps.annotate import Labelled, labelled_file
    from nnactive.steps.evaluate import Evaluation

    experiment, loop = target.experiment, target.loop
    train = root / layout.train_folder(experiment, loop)
    labelled = read_model(labelled_file(train), Labelled)
    evaluation = read_model(root / layout.evaluation_file(experiment, loop), Evaluation)
    query = load_query(root / layout.query_file(experiment, loop))
    return LoopResult(
        loop=loop,
        patches=patch_columns(query.patches),
        isolation=query.isolation,
        chosen_in=query.chosen_in,
        labelled_patches=labelled.patches,
        labelled_voxels=labelled.voxels,
        labelled_foreground=labelled.foreground,
        labelled_boundary=labelled.effort,
        effort=labelled.total_work if slice_axis in {None, labelled.slice_axis} else None,
        counts=Counts(
            true_positives=evaluation.true_positives,
            false_positives=evaluation.false_positives,
            false_negatives=evaluation.false_negatives,
        ),
        surfaces=evaluation.surfaces,
        calibration=evaluation.calibration,
        costs={
            job.key: read_cost(root / job.output) for job in loop_jobs(target) if job.step.has_cost
        },
    )


def _dataset(info: "PreparedInfo", full_data_dice: float | None) -> DatasetRecord:
    return DatasetRecord(
        name=info.name,
        checksum=info.checksum,
        split_kind=info.split_kind,
        classes=info.classes[1:],
        pool_cases=len(info.pool),
        pool_foreground=info.pool_voxels[1:],
        pool_boundary=info.pool_boundary,
        pool_effort=info.pool_effort,
        slice_axis=info.slice_axis,
        full_data_dice=full_data_dice,
        test_cases=tuple(case.id for case in info.test),
        pool_shapes={case.id: case.shape for case in info.pool},
        warnings=tuple(warning.line for warning in info.warnings),
    )
