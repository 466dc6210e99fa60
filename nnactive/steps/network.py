"""What a query gets from the ensemble: predictions, features and networks, an image at a time."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from nnactive.devices import is_gpu, pick_device
from nnactive.errors import MethodError
from nnactive.geometry import Patch
from nnactive.io.files import sha256
from nnactive.pool.network import LAST_OF_ENCODER, NetworkSource
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
    source: NetworkSource | None = None
    """The networks themselves."""


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
    from nnactive.nnunet.predict.access import NetworkAccess
    from nnactive.nnunet.predict.ensemble import Ensemble

    picked = pick_device(device)
    workers = max(workers, OVERLAPPING) if is_gpu(picked) else workers
    ensemble = Ensemble(
        train, list(members), device=picked, tile_step=tile_step, mirror=False, workers=workers
    )
    source = NetworkAccess(
        members=len(ensemble),
        channels=ensemble.channels,
        n_classes=ensemble.n_classes,
        device=picked,
        tile=ensemble.tile,
        step=tile_step,
        images=images,
        borrow=ensemble.borrow,
        turn=ensemble.turn,
        predictor=lambda case, image, needs: predict(ensemble, images, case, needs, image),
    )
    embed = partial(_embed, source)
    return Network(partial(predict, ensemble, images), embed, workers, source)


def ensemble_identity(train: Path, members: Sequence[Path]) -> object:
    """What JSON can hold of everything that an ensemble's predictions of an image depend on."""
    from nnactive.nnunet.training_folder import training_dataset_json, training_plans

    return training_plans(train), training_dataset_json(train), [sha256(path) for path in members]


def predict(
    ensemble: "Ensemble",
    images: ReadAhead,
    case: str,
    needs: frozenset[str],
    image: "np.ndarray | None" = None,
) -> Prediction:
    """The prediction of an image, with what the method needs.

    Args:
        ensemble: what predicts.
        images: reads the pool's images.
        case: case id.
        needs: what to compute.
        image: another image to predict than the case's; the prediction keeps it in memory.
    """
    # Read outside the turn, so that reading overlaps with another prediction.
    read = [images(case)] if image is None else []

    def members() -> "Iterator[Tensor]":
        if image is not None:
            return ensemble.probabilities(image, held=2)  # that of the case's own may be in use
        # Later passes read again, so that a prediction doesn't keep its image in memory.
        return ensemble.probabilities(read.pop() if read else images(case))

    with ensemble.turn():
        return fold(case, members, needs, fresh=True)


def _embed(source: NetworkSource, case: str, patches: Sequence[Patch]) -> "np.ndarray":
    """Features of an image's patches from the encoder's last stage."""
    return source.features(case, LAST_OF_ENCODER, patches, None)
