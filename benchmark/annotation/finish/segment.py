"""The exported model's segmentation of every image, in the image's own geometry."""

from pathlib import Path

import numpy as np

from benchmark.annotation.finish.grids import ENDING, write_labels
from benchmark.annotation.project.model import Project
from benchmark.annotation.project.places import Places
from nnactive.data.progress import Progress, tracked
from nnactive.data.unlabelled.read import read_channels
from nnactive.data.unlabelled.source import Sources
from nnactive.devices import pick_device


def segment_all(
    places: Places,
    project: Project,
    sources: Sources,
    model: Path,
    out: Path,
    device: str,
    threads: int,
    progress: Progress,
) -> None:
    """Write ``CASE.nii.gz`` for each image, by stock nnU-Net's predictor and defaults.

    So they are what `nnUNetv2_predict` gives whoever runs it on these images with this model. One
    image at a time is in memory; what is there stays, so that an interrupted call resumes.

    Args:
        places: of the project.
        project: of which.
        sources: the grid of each image.
        model: the exported model.
        out: the folder.
        device: where to predict, as ``pick_device`` takes it.
        threads: of one image on a CPU.
        progress: called after each case.

    Raises:
        UserError: an image can't be read any more.
    """
    from nnactive.nnunet.predict.stock import StockPredictor

    files = {case: out / f"{case}{ENDING}" for case in sources.cases}
    left = [case for case, file in files.items() if not file.is_file()]
    if not left:
        return
    predictor = StockPredictor(model, project.training.folds, pick_device(device), threads)
    for case in tracked(progress, "predictions", left, len(left)):
        source = sources.cases[case]
        image = _array(places.root / project.folder, sources, case)
        write_labels(files[case], predictor.labels(image, source.grid.spacing), source.grid)


def _array(folder: Path, sources: Sources, case: str) -> np.ndarray:
    """Float32 ``(C, Z, Y, X)``, as nnU-Net's reader has it."""
    import SimpleITK

    channels = read_channels(folder, sources.cases[case].image)
    stacked = [SimpleITK.GetArrayViewFromImage(channel) for channel in channels]
    return np.stack(stacked).astype(np.float32)
