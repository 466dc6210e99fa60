"""How a pool reaches an ensemble's networks: features of images, and networks lent to a method."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from copy import deepcopy
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import numpy as np

from nnactive.errors import PredictionError
from nnactive.geometry import Patch, Triple
from nnactive.nnunet.predict.features import every_tile, patch_features, tile_features
from nnactive.nnunet.predict.stages import stages
from nnactive.nnunet.predict.window import sliding_window
from nnactive.pool.features import VoxelFeatures
from nnactive.pool.network import LentNetwork
from nnactive.pool.sources import ReadArray
from nnactive.pool.window import SlidingWindow, Tile
from nnactive.query.prediction import Prediction

if TYPE_CHECKING:
    from torch import Tensor, nn


@dataclass(frozen=True, kw_only=True)
class NetworkAccess:
    """A pool's `NetworkSource`, for any ensemble that can lend its networks."""

    members: int
    channels: int
    n_classes: int
    device: str
    tile: Triple
    """Size of the sliding window's tiles."""
    step: float
    """Largest distance between neighbouring tiles, as a fraction of the tile."""
    images: ReadArray
    borrow: "Callable[[int], AbstractContextManager[nn.Module]]"
    """A network with a member's weights in evaluation mode, for one thread at a time."""
    turn: Callable[[], AbstractContextManager[object]]
    """Held while working on an image, so that images finish in turn."""
    predictor: Callable[[str, np.ndarray, frozenset[str]], Prediction]
    """Predicts any image of a case's shape."""

    def stages(self) -> tuple[str, ...]:
        """Names of the network's stages, in the order of computation."""
        with self.borrow(0) as network:
            return tuple(stages(network))

    def predict(self, case: str, image: np.ndarray, needs: frozenset[str]) -> Prediction:
        """The prediction of another image of the case's shape."""
        return self.predictor(case, image, needs)

    def features(
        self, case: str, stage: str, patches: Sequence[Patch], image: np.ndarray | None = None
    ) -> np.ndarray:
        """Features of patches, float32 ``(len(patches), D)``, those of all members side by side.

        Raises:
            PredictionError: if they aren't finite.
            UserError: if the network has no encoder that returns feature maps.
        """
        data = self.images(case) if image is None else image
        z, y, x = data.shape[1:]
        window = self.window((z, y, x))
        found = []
        with self.turn():
            for member in range(self.members):
                with self.borrow(member) as network:
                    found.append(patch_features(network, window, data, stage, patches, self.device))
        features = np.concatenate(found, axis=1).astype(np.float32)
        if not np.isfinite(features).all():
            raise PredictionError(
                f"{case}: a member's features are NaN or infinite; "
                "its training diverged, train the folds again"
            )
        return features

    def voxel_features(
        self, case: str, shape: Triple, stage: str, image: np.ndarray | None = None
    ) -> list[VoxelFeatures]:
        """Each member's features of an image's voxels, computed when they are used."""
        window = self.window(shape)
        return [
            VoxelFeatures(
                case,
                member,
                stage,
                window,
                self.n_classes,
                partial(self._pass, case, member, window, stage, image),
            )
            for member in range(self.members)
        ]

    @contextmanager
    def lend(self, member: int) -> Iterator[LentNetwork]:
        """A copy of one member's network, until the block ends."""
        with self.turn():
            with self.borrow(member) as network:
                copy = deepcopy(network)
            lent = LentNetwork(copy, member, self.device, stages(copy), self.window)
            try:
                yield lent
            finally:
                lent.end()

    def window(self, shape: Triple) -> SlidingWindow:
        """The sliding window over an image of this shape."""
        return sliding_window(shape, self.tile, self.step)

    def _pass(
        self, case: str, member: int, window: SlidingWindow, stage: str, image: np.ndarray | None
    ) -> "Iterator[tuple[Tile, Tensor]]":
        """A pass over the tiles. No network is held while the caller works on a tile."""
        for tile, data in every_tile(window, self.images(case) if image is None else image):
            with self.borrow(member) as network:
                features = tile_features(network, stage, data, self.device)
            yield tile, features.float()
            del features  # before the next tile's are computed
