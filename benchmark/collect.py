"""From the files that the steps of an experiment left to its result."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from benchmark import layout
from benchmark.layout import Experiment
from benchmark.provenance import environment
from benchmark.results import (
    Counts,
    DatasetRecord,
    ExperimentResult,
    Failure,
    LoopResult,
    patch_columns,
)
from benchmark.submission.spec import MethodSpec
from benchmark.tracks import Track
from nnactive.errors import NnactiveError
from nnactive.io.costs import Cost, read_cost
from nnactive.io.files import read_model
from nnactive.io.queries import load_query
from nnactive.settings import Inference, Setting, Training

if TYPE_CHECKING:
    from nnactive.data.cards import Card
    from nnactive.data.prepared import PreparedInfo


def collect(root: Path, track: Track, experiment: Experiment, data: Path) -> ExperimentResult:
    """Result of an experiment: complete, or failed with the loops that it finished.

    Args:
        root: the track's folder.
        track: names the track and says whether its results compare.
        experiment: setting, method and seed.
        data: the prepared dataset.

    Raises:
        NnactiveError: if it is neither complete nor failed.
    """
    from nnactive.data.cards import load_card
    from nnactive.data.prepared import PreparedDataset

    setting = read_model(root / layout.setting_file(experiment.setting), Setting)
    finished = _finished(root, setting, experiment)
    failure = None if finished == setting.loops else find_failure(root, setting, experiment)
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
        loops=tuple(_loop(root, setting, experiment, loop) for loop in range(finished)),
        environment=environment(),
        finished=_finish_time(root, setting, experiment, finished),
    )


def full_data_dice(setting: Setting, card: "Card") -> float | None:
    """Mean Dice of the papers' training on the whole pool, for the same number of epochs.

    None where it isn't known, or the setting doesn't train or evaluate as the papers do.
    """
    training = Training(epochs=setting.training.epochs, **card.training.model_dump())
    tested = Inference(query_tile_step=setting.inference.query_tile_step, **dict(card.inference))
    if (setting.training, setting.inference) != (training, tested):
        return None
    return card.known_full_data_dice(setting.training.epochs)


def step_outputs(setting: Setting, experiment: Experiment, loop: int) -> dict[str, Path]:
    """Outputs of a loop's steps by step, in the order in which they are made.

    The names are those of the costs in a result; paths are relative to the track's folder.
    """
    folds = range(setting.training.folds)
    return {
        "query" if loop else "start": layout.query_file(experiment, loop),
        "annotate": layout.train_folder(experiment, loop),
        **{f"train_fold_{f}": layout.member_file(experiment, loop, f) for f in folds},
        "evaluate": layout.evaluation_file(experiment, loop),
    }


def find_failure(root: Path, setting: Setting, experiment: Experiment) -> Failure | None:
    """The first step that reported why it failed, if any did."""
    file = _failure_file(root, setting, experiment)
    return None if file is None else read_model(file, Failure)


def _failure_file(root: Path, setting: Setting, experiment: Experiment) -> Path | None:
    for loop in range(setting.loops):
        for output in step_outputs(setting, experiment, loop).values():
            file = root / layout.failure_file(output)
            if file.exists():
                return file
    return None


def _finish_time(root: Path, setting: Setting, experiment: Experiment, finished: int) -> str | None:
    """When its last step ended, by the time of the file that it wrote; UTC, to the second.

    So collecting a result anew gives the same one.
    """
    complete = finished == setting.loops
    file = (
        root / layout.evaluation_file(experiment, finished - 1)
        if complete
        else _failure_file(root, setting, experiment)
    )
    if file is None:
        return None
    return f"{datetime.fromtimestamp(int(file.stat().st_mtime), UTC):%Y-%m-%dT%H:%M:%SZ}"


def _finished(root: Path, setting: Setting, experiment: Experiment) -> int:
    """Number of loops that were evaluated without a gap."""
    for loop in range(setting.loops):
        if not (root / layout.evaluation_file(experiment, loop)).exists():
            return loop
    return setting.loops


def _loop(root: Path, setting: Setting, experiment: Experiment, loop: int) -> LoopResult:
    from nnactive.steps.annotate import Labelled, labelled_file
    from nnactive.steps.evaluate import Evaluation

    train = root / layout.train_folder(experiment, loop)
    labelled = read_model(labelled_file(train), Labelled)
    evaluation = read_model(root / layout.evaluation_file(experiment, loop), Evaluation)
    return LoopResult(
        loop=loop,
        patches=patch_columns(load_query(root / layout.query_file(experiment, loop)).patches),
        labelled_patches=labelled.patches,
        labelled_voxels=labelled.voxels,
        labelled_foreground=labelled.foreground,
        labelled_boundary=labelled.effort,
        counts=Counts(
            true_positives=evaluation.true_positives,
            false_positives=evaluation.false_positives,
            false_negatives=evaluation.false_negatives,
        ),
        costs=dict(_costs(root, setting, experiment, loop)),
    )


def _costs(
    root: Path, setting: Setting, experiment: Experiment, loop: int
) -> Iterator[tuple[str, Cost]]:
    for step, output in step_outputs(setting, experiment, loop).items():
        yield step, read_cost(root / output)


def _dataset(info: "PreparedInfo", full_data_dice: float | None) -> DatasetRecord:
    return DatasetRecord(
        name=info.name,
        checksum=info.checksum,
        split_kind=info.split_kind,
        classes=info.classes[1:],
        pool_cases=len(info.pool),
        pool_foreground=info.pool_voxels[1:],
        pool_boundary=info.pool_boundary,
        full_data_dice=full_data_dice,
        test_cases=tuple(case.id for case in info.test),
    )
