"""What a calibrating process is asked and what it answers, as files in a folder of its own."""

from pathlib import Path
from typing import Final

from nnactive.geometry import Spacing, Triple
from nnactive.io.models import Frozen
from nnactive.settings import Inference, Training

ASKED: Final = "asked.json"
ANSWER: Final = "answer.json"
READY: Final = "ready"
"""Written when the process has warmed up."""
GO: Final = "go"
"""Written by the parent when all processes are ready: from then on they measure."""
STAGES: Final = "stages.txt"
"""A line for each stage, as it begins."""
LOG: Final = "log.txt"


class Trial(Frozen):
    """One network, trained and used in one process on synthetic images."""

    dataset: str
    plans: Path | None
    """The dataset's plans; None: not prepared, so nnU-Net plans for the median size."""
    spacing: Spacing
    median: Triple
    """Median size of an image in voxels."""
    cases: int
    """In the pool."""
    channels: int
    classes: int
    """Background included."""
    query_patch: Triple
    training: Training
    inference: Inference
    gpu: bool
    seconds: float
    """To measure iterations for."""
    predict: bool = True
    """Whether to measure a prediction, too."""


class Answer(Frozen):
    """What it measured; s and GiB, fields as in `measured.Calibration`."""

    torch: str
    setup_seconds: float
    iteration_seconds: float
    load_seconds: float
    tile_seconds: float
    memory_gib: float
    device_memory_gib: float | None
