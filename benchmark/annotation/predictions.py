"""What a round's ensemble predicts: kept on disk for drafts, reasons and agreement."""

import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Final

from benchmark.annotation.ensembles import Trained, find_ensemble
from benchmark.annotation.project.model import Project
from benchmark.annotation.project.places import Places
from benchmark.execution.gpu_locks import hold_gpu, job_gpus
from nnactive.data.prepared import PreparedDataset
from nnactive.devices import AUTO, VISIBLE, is_gpu, pick_device
from nnactive.geometry import Triple
from nnactive.io.files import read_model, sweep, write_model
from nnactive.io.models import StateFile
from nnactive.nnunet.environment import environment
from nnactive.nnunet.store import SUFFIX, read_box, write_volume
from nnactive.query.checkpoint import key_of
from nnactive.query.map_cases import Progress, map_cases
from nnactive.query.readahead import ReadAhead
from nnactive.steps.network import OVERLAPPING, ensemble_identity

if TYPE_CHECKING:
    import numpy as np

    from nnactive.nnunet.predict.ensemble import Ensemble

MADE: Final = "ensemble.json"
STEPS: Final = 255
"""Confidence is kept in this many steps: one byte a voxel."""
LABELS, CONFIDENCE = 0, 1


class PredictedBy(StateFile):
    """What the predictions in a folder were made by; others are removed."""

    SCHEMA: ClassVar[int] = 1

    key: str
    """A hash of everything that they depend on."""


@dataclass(frozen=True)
class Predicted:
    """Predictions of one ensemble, in the grids of the prepared images."""

    folder: Path

    def file(self, case: str) -> Path:
        """The file of a case: uint8 ``(2, Z, Y, X)``, labels and confidence."""
        return self.folder / f"{case}{SUFFIX}"

    @property
    def cases(self) -> tuple[str, ...]:
        """Ids of the cases that have a prediction, sorted."""
        return tuple(
            sorted(file.name.removesuffix(SUFFIX) for file in self.folder.glob("[!.]*" + SUFFIX))
        )

    def has(self, case: str) -> bool:
        """Whether a case has a prediction."""
        return self.file(case).is_file()

    def labels(self, case: str, box: Sequence[slice] | None = None) -> "np.ndarray":
        """The ensemble's labels.

        Args:
            case: case id.
            box: a part of the image; None: all of it.

        Returns:
            uint8 ``(Z, Y, X)``.

        Raises:
            UserError: there is no prediction of this case, or its file is damaged.
        """
        return self._read(case, LABELS, box)

    def confidence(self, case: str, box: Sequence[slice] | None = None) -> "np.ndarray":
        """The members' mean probability of each voxel's label, float32; else as `labels`."""
        import numpy as np

        return self.steps(case, box).astype(np.float32) / np.float32(STEPS)

    def steps(self, case: str, box: Sequence[slice] | None = None) -> "np.ndarray":
        """The confidence as it is kept, uint8: in steps of 1/255; else as `labels`."""
        return self._read(case, CONFIDENCE, box)

    def _read(self, case: str, part: int, box: Sequence[slice] | None) -> "np.ndarray":
        return read_box(self.file(case), (part, *(box or (slice(None),) * 3)))


def predict(
    places: Places,
    project: Project,
    number: int,
    cases: Sequence[str],
    device: str = AUTO,
    workers: int = 1,
    progress: Progress | None = None,
) -> Predicted:
    """Predict images with a round's ensemble; what it has predicted before isn't repeated.

    Args:
        places: of the project.
        project: of which.
        number: of the last round that the ensemble was trained on.
        cases: case ids.
        device: where to predict, as ``pick_device`` takes it; a GPU is waited for, as by a run.
        workers: images to work on at the same time on a CPU; doesn't affect what is predicted.
        progress: called after each case.

    Raises:
        UserError: the round's ensemble isn't trained yet.
    """
    trained = find_ensemble(places, project, number)
    folder = places.predictions(number)
    return predict_with(trained, places, project, folder, cases, device, workers, progress)


def predict_with(
    trained: Trained,
    places: Places,
    project: Project,
    folder: Path,
    cases: Sequence[str],
    device: str = AUTO,
    workers: int = 1,
    progress: Progress | None = None,
) -> Predicted:
    """Predict images with some ensemble into a folder of its own; else as `predict`."""
    dataset = PreparedDataset(places.prepared(project))
    predicted = Predicted(folder)
    _begin(folder, ensemble_key(dataset, project, trained))
    wanted = [case for case in dict.fromkeys(cases) if not predicted.has(case)]
    if not wanted:
        return predicted
    with gpu_turn(device):
        picked = pick_device(device)
        workers = OVERLAPPING if is_gpu(picked) else workers
        ensemble = _ensemble(project, trained, picked, workers)
        images = ReadAhead(dataset.image)

        def work(case: str) -> None:
            labels, confidence = ensemble.segment(images(case))
            _write(predicted.file(case), labels, confidence, ensemble.tile)

        map_cases(
            work,
            wanted,
            workers=workers,
            checkpoint=None,
            announce=images.announce,
            progress=progress,
        )
    return predicted


@contextmanager
def gpu_turn(device: str, waiting: Callable[[], None] = lambda: None) -> Iterator[None]:
    """Hold a GPU of this machine, if there is one, that no job of a run holds.

    Args:
        device: as ``pick_device`` takes it; only of ``auto`` a GPU is chosen and held.
        waiting: called again and again until a GPU is free; it may raise.
    """
    gpus = job_gpus() if device == AUTO else ()
    if not gpus:
        yield
        return
    with hold_gpu(gpus, waiting=waiting) as gpu, environment({VISIBLE: gpu}):
        yield


def _ensemble(project: Project, trained: Trained, device: str, workers: int) -> "Ensemble":
    from nnactive.nnunet.predict.ensemble import Ensemble

    return Ensemble(
        trained.train,
        list(trained.members),
        device=device,
        tile_step=project.inference.test_tile_step,
        mirror=project.inference.test_mirror,
        workers=workers,
    )


def ensemble_key(dataset: PreparedDataset, project: Project, trained: Trained) -> str:
    """A hash of everything that an ensemble's predictions depend on."""
    return key_of(
        [
            dataset.info.checksum,
            project.inference.model_dump_json(),
            ensemble_identity(trained.train, trained.members),
        ]
    )


def _begin(folder: Path, key: str) -> None:
    """Remove what another ensemble predicted, as after labels were corrected."""
    file = folder / MADE
    if file.is_file() and read_model(file, PredictedBy).key == key:
        sweep(folder)
        return
    shutil.rmtree(folder, ignore_errors=True)
    write_model(file, PredictedBy(key=key))


def _write(file: Path, labels: "np.ndarray", confidence: "np.ndarray", tile: Triple) -> None:
    import numpy as np

    both = np.empty((2, *labels.shape), np.uint8)
    both[LABELS] = labels
    both[CONFIDENCE] = np.rint(confidence * STEPS)
    write_volume(file, both, tile)
