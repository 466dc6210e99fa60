"""What a query gets from the ensemble: predictions and embeddings, one image at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nnactive.devices import is_gpu, pick_device
from nnactive.errors import MethodError, PredictionError
from nnactive.geometry import Patch
from nnactive.pool.sources import Embed, Predict
from nnactive.query.prediction import Prediction, fold
from nnactive.query.readahead import ReadAhead

if TYPE_CHECKING:
    import numpy as np
    from torch import Tensor

    from nnactive.nnunet.predict.ensemble import Ensemble

OVERLAPPING = 2
"""Images in progress on a GPU: patches of one are selected while the next is predicted."""


def no_predictor(case: str, _: frozenset[str]) -> Prediction:
    """Takes the ensemble's place for methods that declare no needs.

    Raises:
        MethodError: always.
    """
    raise MethodError(f"{case}: no prediction, as the class declares needs = frozenset()")


@dataclass(frozen=True)
class Network:
    """Where predictions and embeddings come from."""

    predictor: Predict
    embedder: Embed | None
    workers: int
    """Images to work on at the same time."""


def open_network(
    train: Path,
    members: Sequence[Path],
    images: ReadAhead,
    *,
    device: str,
    tile_step: float,
    workers: int,
) -> Network:
    """Load the ensemble.

    Args:
        train: training folder of the ensemble.
        members: files with the members' weights.
        images: reads the pool's images.
        device: as ``pick_device`` takes it.
        tile_step: step of the sliding window as a fraction of the tile.
        workers: images to work on at the same time; on a GPU at least two.
    """
    from nnactive.nnunet.predict.ensemble import Ensemble

    picked = pick_device(device)
    workers = max(workers, OVERLAPPING) if is_gpu(picked) else workers
    ensemble = Ensemble(
        train, list(members), device=picked, tile_step=tile_step, mirror=False, workers=workers
    )
    return Network(partial(predict, ensemble, images), partial(embed, ensemble, images), workers)


def predict(
    ensemble: "Ensemble", images: ReadAhead, case: str, needs: frozenset[str]
) -> Prediction:
    """The prediction of an image, with what the method needs."""
    read = [images(case)]  # outside the turn, so that reading overlaps with another prediction

    def members() -> "Iterator[Tensor]":
        # Later passes read again, so that a prediction doesn't keep its image in memory.
        return ensemble.probabilities(read.pop() if read else images(case))

    with ensemble.turn():
        return fold(case, members, needs, fresh=True)


def embed(
    ensemble: "Ensemble", images: ReadAhead, case: str, patches: Sequence[Patch]
) -> "np.ndarray":
    """Features of an image's patches.

    Raises:
        PredictionError: if they aren't finite.
    """
    import numpy as np

    image = images(case)
    with ensemble.turn():
        embeddings = ensemble.embeddings(image, patches)
    if not np.isfinite(embeddings).all():
        raise PredictionError(
            f"{case}: a member's features are NaN or infinite; "
            "its training diverged, train the folds again"
        )
    return embeddings
