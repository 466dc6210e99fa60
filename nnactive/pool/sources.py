"""Where a pool's images, labels and predictions come from."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from nnactive.geometry import Patch
from nnactive.pool.history import PredictPast
from nnactive.pool.network import NetworkSource
from nnactive.pool.state import StateSlot
from nnactive.query.checkpoint import Checkpoint
from nnactive.query.map_cases import Announce, Progress
from nnactive.query.prediction import Prediction

ReadArray = Callable[[str], np.ndarray]
Predict = Callable[[str, frozenset[str]], Prediction]
Embed = Callable[[str, Sequence[Patch]], np.ndarray]


@dataclass(frozen=True, kw_only=True)
class Sources:
    """Where a pool's images, labels and predictions come from; never shown to a method."""

    images: ReadArray
    partial_labels: ReadArray
    """Reads a labelled case's partial label map from the training folder."""
    predictor: Predict
    needs: frozenset[str]
    """What the method declares."""
    names: tuple[object, ...]
    """Names of the random streams: setting, method id, seed, loop."""
    embedder: Embed | None = None
    """Embeds patches of a case; None for methods that don't need it."""
    history: PredictPast | None = None
    """Predicts with the ensembles of loops before the previous one; None for methods that don't
    need it."""
    state: StateSlot = field(default_factory=StateSlot)
    """What the previous loop's query saved, and what this one saves."""
    network: NetworkSource | None = None
    """Reads the ensemble's networks; None for methods that need no prediction."""
    device: Callable[[], str] | None = None
    """Where the query step computes; None: on the CPU."""
    oracle_labels: ReadArray | None = None
    """Reads a case's complete label map; None for methods that don't use ground truth."""
    workers: int = 1
    """Images that `PoolView.map` works on at the same time."""
    announce: Announce | None = None
    """Receives the images that `PoolView.map` comes to, so that they can be read ahead."""
    progress: Progress | None = None
    checkpoint: Checkpoint | None = None
    """Stores results of `PoolView.map` in case the query is interrupted."""
    files: Mapping[str, Path] = field(default_factory=dict)
    """Frozen copies of the files that the method's ``submission.yaml`` lists, by name."""
